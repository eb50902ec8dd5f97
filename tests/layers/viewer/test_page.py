"""The page is built the same at every call, refers to this server only, and needs nothing inline."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from geo.kinds import KINDS
from layers.style import ATTRIBUTION, LEVELS, THEMES, legend_entries
from layers.viewer import CSP_HEADER, build_page, page_files, write_viewer
from layers.viewer.page import THEME_COLOURS, power
from layers.viewer.settings import CHOICES_ZH, FEATURE_LAYERS
from layers.viewer.static import WEB
from riskmodel.parameters.load import load_parameters


class Read(HTMLParser):
    """Tags with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.inline: list[tuple[dict[str, str | None], str]] = []
        self._open: dict[str, str | None] | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs) if tag in {"script", "style"} else None

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None and data.strip():
            self.inline.append((self._open, data))


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return page_files()


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> Read:
    return Read(files["index.html"].decode())


@pytest.fixture(scope="module")
def settings(page: Read) -> dict:
    return json.loads(next(text for attributes, text in page.inline if attributes.get("id") == "settings"))


def test_same_bytes_every_time(files):
    assert page_files() == files
    assert build_page() == files["index.html"]


def test_chinese_first(page):
    assert dict(page.tags)["html"] == {"lang": "zh-CN"}


def test_nothing_is_inline(page):
    assert [attributes["type"] for attributes, _ in page.inline] == ["application/json"]
    for tag, attributes in page.tags:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")], tag
    assert "unsafe" not in CSP_HEADER


def test_no_outside_address(files):
    for name, content in files.items():
        found = set(re.findall(rb"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"')]*", content))
        assert found <= {b"http://www.w3.org/2000/svg"}, name


def test_every_referenced_file_is_vendored_or_made(page, files):
    from tools.assets import COPIED

    named = [attributes.get("src") or attributes.get("href") for tag, attributes in page.tags if tag in {"script", "link"}]
    for address in filter(None, named):
        folder, _, name = address.removeprefix("static/").rpartition("/")
        assert address.removeprefix("static/") in files or name in COPIED[folder][1].values(), address
    assert "static/vendor/leaflet/leaflet.js" in named


def test_modules_import_only_what_is_there(files):
    for name, content in files.items():
        for wanted in re.findall(r'from "\./([\w.]+)"', content.decode() if name.endswith(".js") else ""):
            assert f"viewer/{wanted}" in files, (name, wanted)


@pytest.mark.parametrize("path", sorted(WEB.glob("*.js")), ids=lambda path: path.name)
def test_scripts_never_parse_text_as_html_or_code(path: Path):
    text = path.read_text()
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setHTML"):
        assert forbidden not in text


def test_map_comes_from_folium_with_its_limits(files):
    script = files["viewer/map.js"].decode()
    assert 'var map_riskmap = L.map("map_riskmap"' in script
    assert '"maxZoom": 18' in script
    assert '"minZoom": 7' in script


def test_legend_shows_the_models_thresholds(files):
    page = files["index.html"].decode()
    for unit in ("cell", "street"):
        for entry in legend_entries(load_parameters(), unit):
            assert entry.text.replace("<", "&lt;") in page or entry.text in page
            assert f"level-{entry.code}" in page
    assert "3×10⁻⁶" in page


def test_sources_are_credited(files):
    assert ATTRIBUTION in html.unescape(files["index.html"].decode())


def test_colours_come_from_the_one_place(files):
    styles = files["viewer/levels.css"].decode()
    for level in LEVELS:
        assert f"--level-{level.code}: {level.colour};" in styles
    assert len(THEME_COLOURS) == len(THEMES) == len(set(THEME_COLOURS))
    assert not set(THEME_COLOURS) & {level.colour for level in LEVELS}


def test_layers_and_words_follow_the_declared_kinds(settings):
    assert {kind for kind, *_ in FEATURE_LAYERS} <= set(KINDS)
    assert settings["kinds"]["venue"]["fields"]["capacity"] == {"zh": "容纳人数", "unit": "人"}
    shown = [KINDS[kind] for kind, *_ in FEATURE_LAYERS]
    coded = {value for kind in shown for field in kind.fields for value in field.choices if value.isascii() and len(value) > 1}
    assert coded <= set(CHOICES_ZH)


def test_settings_cannot_close_their_block(files):
    block = files["index.html"].decode().split('id="settings">')[1].split("</script>")[0]
    assert "<" not in block


@pytest.mark.parametrize(("value", "text"), [
    (3e-6, "3×10⁻⁶"), (1e-5, "10⁻⁵"), (10.0, "10"), (0.03, "0.03"), (2.5e-7, "2.5×10⁻⁷"),
])
def test_powers_are_written_as_people_do(value, text):
    assert power(value) == text


def test_writing_twice_touches_nothing_and_strays_go(tmp_path):
    digest = write_viewer(tmp_path)
    stray = tmp_path / "viewer" / "old.js"
    stray.write_text("gone")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.js") if path != stray}
    assert write_viewer(tmp_path) == digest
    assert not stray.exists()
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.js")} == before


def test_unwritable_folder_is_said_in_both_languages(tmp_path):
    from geo.errors import EnvironmentProblem

    (tmp_path / "viewer").write_text("a file, not a folder")
    with pytest.raises(EnvironmentProblem) as caught:
        write_viewer(tmp_path)
    assert "无法写入" in caught.value.zh
    assert "cannot be written" in caught.value.en
    assert caught.value.remedy_zh
    assert caught.value.remedy_en
