"""The parameters page is the one that the model's tables give."""

from __future__ import annotations

from pathlib import Path

from layers import parameterpage
from riskmodel.parameters import load_parameters
from riskmodel.parameters.load import CERTAINTIES


def test_committed_page_is_up_to_date() -> None:
    committed = Path(__file__).parents[2] / "docs" / "parameters.md"
    assert committed.read_text(encoding="utf-8") == parameterpage.page(load_parameters()), "run: make docs"


def test_every_parameter_has_one_row_with_its_source(tmp_path: Path) -> None:
    assert parameterpage.main([str(tmp_path / "page.md")]) == 0
    rows = [line for line in (tmp_path / "page.md").read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    values = load_parameters().values
    assert len(rows) == len(values)
    for row, (name, entry) in zip(rows, values.items(), strict=True):
        assert row.startswith(f"| `{name}` | ")
        assert row.endswith(f"| {entry.certainty} | {entry.source.replace('|', chr(92) + '|')} |")


def test_what_is_unsure_is_listed_first() -> None:
    text = parameterpage.page(load_parameters())
    head = text[text.index("### 待核实的参数"):text.index("| 参数 | 值 |")]
    for name, entry in load_parameters().values.items():
        assert (f"`{name}`" in head) == (entry.certainty == "own-unsure")


def test_every_table_and_mark_has_a_chinese_name() -> None:
    assert {name.split(".")[0] for name in load_parameters().values} == set(parameterpage.TITLES)
    assert set(parameterpage.CERTAINTY_ZH) == set(CERTAINTIES)
