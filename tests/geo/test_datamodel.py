"""The data model page is the one that the declarations give."""

from __future__ import annotations

from pathlib import Path

from geo import datamodel
from geo.kinds import KINDS


def test_committed_page_is_up_to_date() -> None:
    committed = Path(__file__).parents[2] / "docs" / "data-model.md"
    assert committed.read_text(encoding="utf-8") == datamodel.page(), "run: python -m geo.datamodel"


def test_page_names_every_field(tmp_path: Path) -> None:
    assert datamodel.main([str(tmp_path / "page.md")]) == 0
    text = (tmp_path / "page.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        assert f"`{kind.name}`" in text
        for field in kind.all_fields:
            assert f"| `{field.name}` | {field.zh} |" in text
