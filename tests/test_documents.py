"""What the documents name exists: files, links, targets, settings, commands, addresses, parameters, tests."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer

from api import ingestcommands, ledgercommands, qualitycommands, storecommands  # noqa: F401  (register their commands)
from api.app import create_app
from api.commands import app
from api.tiles import PREFIX
from geo.kinds import KINDS
from geo.settings import Settings
from riskmodel.levels import CELL_CODES, STREET_CODE_LEVEL
from riskmodel.parameters import load_parameters

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
WRITTEN = [page for page in PAGES if page.name not in ("data-model.md", "parameters.md", "oracles.md")]

#: Variables that belong to the tests' database, not to the product.
FOR_TESTS = {"RISKMAP_TEST_POSTGIS", "RISKMAP_TEST_POSTGIS_PORT"}


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings as GitHub makes them."""
    headings = re.findall(r"^#+ +(.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_files_that_are_named_exist(page: Path) -> None:
    """Paths in backticks that begin with a folder of the tree; folders made by commands (var, layers/static) apart."""
    folders = "geo|riskmodel|layers|api|tests|docs|notebooks|scripts|tools|benchmarks"
    for path in re.findall(rf"`((?:{folders})/[\w./*-]*)", text_of(page)):
        if not path.startswith("layers/static"):
            assert list(ROOT.glob(path.rstrip("/"))), path


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_targets_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`|&& |\d )make ([a-z]+)\b", text_of(page), re.MULTILINE)) <= known


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_settings_exist(page: Path) -> None:
    known = {f"RISKMAP_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"RISKMAP_[A-Z_]*[A-Z]", text_of(page))) <= known | FOR_TESTS


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(RISKMAP_\w+)` \| ([^|]*?) \|", text_of(README), re.MULTILINE))
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    assert rows == {f"RISKMAP_{name.upper()}": "空" if value in ("", None) else f"`{value}`" for name, value in defaults.items()}


def test_an_empty_variable_is_as_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"RISKMAP_{name.upper()}", "")
    assert Settings() == Settings.model_construct()


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_commands_and_their_options_exist(page: Path) -> None:
    """``riskmap NAME …`` in backticks, at the beginning of a line or after ``bin/``; groups such as ``quarantine`` too."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    for name, rest in re.findall(r"(?:^|`|bin/)riskmap ([a-z]+)\b([^`\n#]*)", text_of(page), re.MULTILINE):
        assert name in commands, name
        known = [commands[name]]
        word = rest.split()[0] if rest.split() else ""
        if re.fullmatch("[a-z]+", word) and hasattr(commands[name], "commands"):
            assert word in commands[name].commands, f"{name} {word}"
            known.append(commands[name].commands[word])
        options = {option for command in known for parameter in command.params for option in parameter.opts} | {"--help"}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", rest)) <= options, f"riskmap {name}{rest}"
    assert set(re.findall(r"--kind ([a-z_]+)", text_of(page))) <= set(KINDS)


def test_addresses_of_the_readme_are_served(tmp_path: Path) -> None:
    """Every path of a curl example is one of the application's, with parameters that it knows."""
    inner = create_app(Settings(home=tmp_path)).__closure__
    assert inner is not None
    api = next(cell.cell_contents for cell in inner if hasattr(cell.cell_contents, "openapi"))
    paths = api.openapi()["paths"]
    examples = re.findall(r"http://127\.0\.0\.1:8000(/api/[^'\s?]*)(\?[^']*)?", text_of(README))
    assert len(examples) >= 5
    for path, query in examples:
        if path.startswith(PREFIX):
            continue
        template = next(known for known in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path))
        operation = next(iter(paths[template].values()))
        parameters = {entry["name"] for entry in operation.get("parameters", []) if entry["in"] == "query"}
        assert set(re.findall(r"[?&]([\w-]+)=", query)) <= parameters, path + query


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_parameters_exist(page: Path) -> None:
    """``table.group.name`` in backticks; a star stands for the end of a name."""
    known = load_parameters().values
    tables = {name.split(".")[0] for name in known}
    for name in re.findall(r"`([a-z_0-9]+\.[a-z_0-9.*]+)`", text_of(page)):
        table, _, rest = name.partition(".")
        if table in tables and rest not in ("toml", "py"):
            assert any(entry == name or entry.startswith(name.removesuffix("*")) for entry in known), name


def test_the_method_page_has_every_rule() -> None:
    text = text_of(ROOT / "docs" / "method.md")
    for code in {*CELL_CODES, *STREET_CODE_LEVEL, "S-K"}:
        assert code in text or re.sub(r"-\d$", "-1/2/3", code) in text, code


def test_the_index_lists_every_decision_in_order() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    listed = re.findall(r"^(\d+)\. \[(.+)\]\(decisions/(.+)\)$", text_of(ROOT / "docs" / "README.md"), re.MULTILINE)
    titles = [text_of(page).splitlines()[0] for page in pages]
    assert [f"# {number}. {title}" for number, title, _ in listed] == titles
    assert [name for *_, name in listed] == [page.name for page in pages]
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))


@pytest.mark.parametrize("name", [path.name for path in sorted((ROOT / "notebooks").glob("*.ipynb"))])
def test_notebooks_are_committed_without_outputs(name: str) -> None:
    cells = json.loads(text_of(ROOT / "notebooks" / name))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
