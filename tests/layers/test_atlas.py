from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas
import numpy as np
import pyogrio
import pytest
from pypdf import PdfReader

from geo.errors import EnvironmentProblem
from layers.atlas import write_atlas
from layers.atlas.document import FAMILIES, fonts_folder
from layers.atlas.maps import street_map, window
from layers.reader import Snapshot
from layers.style import LEVELS

#: The font of the product where `make assets` has run, else the one of the system's package fonts-wqy-microhei.
FONTS = fonts_folder() if any(fonts_folder().glob("*.ttf")) else Path("/usr/share/fonts/truetype/wqy")


@pytest.fixture(scope="module")
def atlas(snapshot: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("atlas")
    steps: list[tuple[str, int, int]] = []
    written = write_atlas(snapshot, out, lambda *step: steps.append(step), font_dir=FONTS)
    assert [path.name for path in written] == ["atlas.pdf", "atlas.gpkg", "risk.tif", "level.tif"]
    assert sorted(path.name for path in out.iterdir()) == ["atlas.gpkg", "atlas.pdf", "level.tif", "risk.tif"]
    assert steps[-1][1:] == (4, 4)
    return out


def test_pypdf_reads_the_chinese_back(atlas: Path, snapshot: Snapshot) -> None:
    pages = [page.extract_text() for page in PdfReader(atlas / "atlas.pdf").pages]
    text = "".join(pages)
    for expected in ("区域安全生产风险地图集", "北京市", "漷县镇", "景山街道", "东城区", "通州区", "重大（红）", "危险化学品",
                     "方法", "OpenStreetMap", "≥ 3", "≥ 1", "斜线", snapshot.run_id, str(snapshot.manifest["parameters_sha256"])):
        assert expected in text, expected
    assert all("合成数据" in page for page in pages)


def test_every_font_is_embedded(atlas: Path) -> None:
    fonts = {}
    for page in PdfReader(atlas / "atlas.pdf").pages:
        for font in page["/Resources"]["/Font"].values():
            descendant = font.get_object()["/DescendantFonts"][0].get_object()
            descriptor = descendant["/FontDescriptor"].get_object()
            fonts[descriptor["/FontName"]] = any(key in descriptor for key in ("/FontFile2", "/FontFile3"))
    assert fonts
    assert all(fonts.values())
    assert any(family.replace(" ", "") in name.replace("-", "") for name in fonts for family in FAMILIES)


def test_the_ranking_is_the_snapshots(atlas: Path, snapshot: Snapshot) -> None:
    page = PdfReader(atlas / "atlas.pdf").pages[3].extract_text()
    places = [page.index(str(record["name"])) for record in snapshot.ranking("street")]
    assert places == sorted(places)


def test_the_same_snapshot_gives_the_same_bytes(atlas: Path, snapshot: Snapshot, tmp_path: Path) -> None:
    for path in write_atlas(snapshot, tmp_path, font_dir=FONTS):
        assert path.read_bytes() == (atlas / path.name).read_bytes(), path.name


def test_gdal_opens_the_layers_with_their_rows(atlas: Path, snapshot: Snapshot) -> None:
    path = atlas / "atlas.gpkg"
    assert set(pyogrio.list_layers(path)[:, 0]) == {"streets", "districts", "cells", "layer_styles"}
    levels = snapshot.cells.numbers("level")
    counts = {layer: pyogrio.read_info(path, layer=layer)["features"] for layer in ("streets", "districts", "cells")}
    assert counts == {"streets": 4, "districts": 2, "cells": int((levels <= 3).sum())}
    cells = geopandas.read_file(path, layer="cells")
    assert cells.area.to_numpy() == pytest.approx(1e4)
    assert cells["synthetic"].all()
    assert cells["pll"].sum() == pytest.approx(snapshot.cells.numbers("s")[levels <= 3].sum() * 1e-15)
    streets = geopandas.read_file(path, layer="streets").to_crs(cells.crs)
    assert streets.area.to_numpy() / 1e6 == pytest.approx(streets["area_km2"].to_numpy(), rel=1e-3)
    assert streets.loc[streets["code"] == "110112106000", "name"].item() == "漷县镇"


def test_qgis_finds_a_default_style_in_the_four_colours(atlas: Path) -> None:
    with closing(sqlite3.connect(atlas / "atlas.gpkg")) as database:
        query = "SELECT f_table_name, f_geometry_column, styleQML FROM layer_styles WHERE useAsDefault"
        styles = database.execute(query).fetchall()
        geometry = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert {name: column for name, column, _ in styles} == geometry
    for name, _, qml in styles:
        root = ET.fromstring(qml.split("\n", 1)[1])
        renderer = root.find("renderer-v2")
        assert renderer is not None
        assert renderer.attrib["attr"] == ("level" if name == "cells" else "risk_level")
        assert [category.attrib["value"] for category in renderer.iter("category")] == ["1", "2", "3", "4"]
        colours = [symbol.find("layer/prop[@k='color']").attrib["v"] for symbol in renderer.iter("symbol")]  # type: ignore[union-attr]
        assert colours == [",".join(map(str, (*entry.rgb, 255))) for entry in LEVELS]


def test_every_street_is_drawn_in_its_colour(snapshot: Snapshot) -> None:
    svg = ET.fromstring(street_map(snapshot, window(snapshot)))
    fills = [path.attrib["fill"] for path in svg.iter("{http://www.w3.org/2000/svg}path")]
    levels = snapshot.areas.numbers("risk_level")[snapshot.area_rows("street")]
    hatched = snapshot.areas.numbers("hatched")[snapshot.area_rows("street")]
    assert [fill for fill in fills if fill.startswith("#")] == [LEVELS[level - 1].colour for level in levels]
    assert fills.count("url(#hatch)") == np.count_nonzero(hatched) == 1


def test_without_a_font_the_remedy_is_named(snapshot: Snapshot, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(EnvironmentProblem) as caught:
            write_atlas(snapshot, tmp_path / "out", font_dir=folder)
        assert "make assets" in caught.value.remedy("zh")
