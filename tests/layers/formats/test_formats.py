"""What leaves: text against orjson, tables against csv, files read back by GDAL, pyarrow and openpyxl."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import geopandas
import numpy as np
import openpyxl
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import BadParameter, EnvironmentProblem
from layers import arrow
from layers.collections import CRS84, Collection, offered
from layers.collections.collection import Column
from layers.collections.geometry import places
from layers.filters import Property
from layers.formats import FORMATS, Part, Selection, format_named
from layers.formats.files import write_file
from layers.formats.geoparquet import geoparquet
from layers.formats.jsontext import feature_texts, text_bytes
from layers.formats.streams import csv as csv_stream
from layers.formats.streams import geojson, geojsonseq
from layers.reader import Snapshot

HOSTILE = '=HYPERLINK("http://evil.example","点我"),\n"<script>\\u0000\x01'


def whole(snapshot: Snapshot, *names: str) -> Selection:
    return Selection(snapshot, tuple(Part(snapshot.collection(name), np.arange(len(snapshot.collection(name))))
                                     for name in names))


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.floats(), st.none() | st.integers(-2**63, 2**63 - 1),
                          st.none() | st.booleans(), st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=12))
def test_any_value_reads_back(rows: list[tuple[object, ...]]) -> None:
    names = [value if value is None else str(value).encode("utf-8", "replace").decode() for value, *_ in rows]
    columns = {"name": Column((arrow.texts(names),)), "x": Column((pa.array([row[1] for row in rows], pa.float64()),)),
               "n": Column((pa.array([row[2] for row in rows], pa.int64()),)), "b": Column((
                   pa.array([row[3] for row in rows], pa.bool_()),))}
    lon, lat = (np.array([row[place] for row in rows], np.float64) for place in (4, 5))
    kinds = {"name": "text", "x": "float", "n": "int", "b": "bool"}
    own = Collection("c", "集", "c", [Property(name, type=kind) for name, kind in kinds.items()],  # type: ignore[arg-type]
                     columns, Column((arrow.texts([str(place) for place in range(len(rows))]),)), lambda: places(lon, lat),
                     geometry_kind="point")
    read = json.loads(b"[" + text_bytes(feature_texts(own, np.arange(len(rows))), b",") + b"]")
    for place, (feature, row) in enumerate(zip(read, rows, strict=True)):
        finite = row[1] if isinstance(row[1], float) and np.isfinite(row[1]) else None
        assert feature["id"] == str(place)
        assert feature["properties"] == {"name": names[place], "x": finite, "n": row[2], "b": row[3]}
        assert feature["geometry"] == {"type": "Point", "coordinates": [lon[place], lat[place]]}
        assert feature["properties"]["x"] is None or isinstance(feature["properties"]["x"], float), "5.0 stays a decimal number"


def test_features_are_what_the_old_way_made(snapshot: Snapshot) -> None:
    for kind in ("venue", "pipeline", "enterprise", "background"):
        table, collection = snapshot.features(kind), snapshot.collection(kind)
        rows = np.arange(len(table))[::-1]
        read = orjson.loads(b"[" + text_bytes(feature_texts(collection, rows), b",") + b"]")
        expected = orjson.loads(orjson.dumps(table.geojson(rows), default=str))
        for new, old in zip(read, expected, strict=True):
            assert new["id"] == old["id"]
            assert shapely.geometry.shape(new["geometry"]).equals(shapely.geometry.shape(old["geometry"]))
            assert {name: new["properties"][name] for name in old["properties"]} == old["properties"]


def test_coordinates_in_another_system(snapshot: Snapshot) -> None:
    pipeline = snapshot.collection("pipeline")
    swapped = offered(snapshot.bounds)["http://www.opengis.net/def/crs/EPSG/0/4326"]
    plain, other = (orjson.loads(feature_texts(pipeline, np.array([0]), crs=crs)[0].as_py()) for crs in (CRS84, swapped))
    assert [pair[::-1] for pair in other["geometry"]["coordinates"]] == plain["geometry"]["coordinates"]


def test_geojson_documents_and_sequences(snapshot: Snapshot) -> None:
    selection = whole(snapshot, "venue", "pipeline")
    document = orjson.loads(b"".join(geojson(selection)))
    assert document["synthetic"] is True
    assert "合成数据" in document["note"]
    assert len(document["features"]) == len(selection) == 48
    lines = b"".join(geojsonseq(selection)).split(b"\x1e")
    assert lines[0] == b""
    assert [orjson.loads(line) for line in lines[1:]] == document["features"]
    nothing = Selection(snapshot, (Part(snapshot.collection("venue"), np.empty(0, np.int64)),))
    assert orjson.loads(b"".join(geojson(nothing)))["features"] == []
    assert b"".join(geojsonseq(nothing)) == b""


def test_blocks_do_not_change_an_answer(snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    selection = whole(snapshot, "cells", "venue")
    at_once = b"".join(geojson(selection))
    monkeypatch.setattr("layers.formats.selection.BLOCK", 7)
    monkeypatch.setattr(Selection.blocks, "__defaults__", (7,))
    assert b"".join(geojson(selection)) == at_once
    assert b"".join(csv_stream(selection)).count(b"\r\n") == len(selection) + 1


def hostile(snapshot: Snapshot) -> Selection:
    names = ["=1+1", " +cmd", "-2", "@x", '引"号', "a,b", "行\n二", "普通", None, "'", "\t=1"]
    columns = {"id": Column((arrow.texts([str(place) for place in range(len(names))]),)), "name": Column((arrow.texts(names),)),
               "x": Column((arrow.numbers(np.linspace(-1, 1, len(names))),))}
    lon = np.linspace(116, 117, len(names))
    own = Collection("c", "集", "c", [Property("id"), Property("name"), Property("x", type="float")], columns, columns["id"],
                     lambda: places(lon, lon - 77), geometry_kind="point")
    return Selection(snapshot, (Part(own, np.arange(len(names))),))


def test_csv_reads_back_and_executes_nothing(snapshot: Snapshot) -> None:
    raw = b"".join(csv_stream(hostile(snapshot)))
    rows = list(csv.DictReader(io.StringIO(raw.decode(), newline="")))
    assert [row["name"] for row in rows] == ["'=1+1", "' +cmd", "'-2", "'@x", '引"号', "a,b", "行\n二", "普通", "", "'", "'\t=1"]
    assert rows[0]["x"] == "-1", "a negative number stays a number"
    assert float(rows[3]["lon"]) == pytest.approx(116.3)
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"".join(csv_stream(hostile(snapshot), mark=True)) == b"\xef\xbb\xbf" + raw


def test_csv_of_one_and_of_several(snapshot: Snapshot) -> None:
    one = next(iter(csv_stream(whole(snapshot, "venue")))).decode().strip().split(",")
    assert one[:2] == ["id", "name"]
    assert one[-2:] == ["lon", "lat"]
    cells = next(iter(csv_stream(whole(snapshot, "cells")))).decode().strip().split(",")
    assert cells.count("lon") == cells.count("lat") == 1
    several = b"".join(csv_stream(whole(snapshot, "venue", "emergency_resource"))).decode().splitlines()
    assert several[0] == "kind,id,name,area_code,risk_level,risk_pll,synthetic,source,lon,lat"
    assert len(several) == 49


@pytest.mark.parametrize("epsg", [4326, 4490, 4548])
def test_geoparquet_is_read_by_others(snapshot: Snapshot, tmp_path: Path, epsg: int) -> None:
    system = next(crs for crs in reversed(offered(snapshot.bounds).values()) if crs.epsg == epsg)
    venue = snapshot.collection("venue")
    selection = Selection(snapshot, (Part(venue, np.arange(len(venue)), ("name", "capacity", "valid_from")),), system)
    (tmp_path / "v.parquet").write_bytes(b"".join(geoparquet(selection)))
    frame = geopandas.read_parquet(tmp_path / "v.parquet")
    assert frame.crs is not None
    assert frame.crs.to_epsg() == epsg
    assert list(frame.columns) == ["name", "capacity", "valid_from", "geometry"]
    back = frame.to_crs(4490).geometry.to_numpy() if epsg == 4548 else frame.geometry.to_numpy()
    assert shapely.equals_exact(back, venue.geometry.shapes(np.arange(len(venue))), 1e-7).all()
    assert pq.read_metadata(tmp_path / "v.parquet").num_rows == 24


def test_geopackage_has_a_layer_per_collection(snapshot: Snapshot, tmp_path: Path) -> None:
    path = tmp_path / "all.gpkg"
    size = write_file(whole(snapshot, "venue", "pipeline", "areas"), format_named("gpkg"), path)
    assert size == path.stat().st_size
    assert dict(pyogrio.list_layers(path).tolist()) == {"venue": "Unknown", "pipeline": "LineString", "areas": "Unknown"}
    frame = geopandas.read_file(path, layer="pipeline")
    assert len(frame) == 24
    assert frame["medium"].notna().all()
    again = tmp_path / "again.gpkg"
    write_file(whole(snapshot, "venue", "pipeline", "areas"), format_named("gpkg"), again)
    assert again.read_bytes() == path.read_bytes(), "same rows, same bytes"


def test_flatgeobuf_and_an_empty_one(snapshot: Snapshot, tmp_path: Path) -> None:
    write_file(whole(snapshot, "venue", "enterprise"), format_named("fgb"), tmp_path / "two.fgb")
    frame = geopandas.read_file(tmp_path / "two.fgb")
    assert len(frame) == 48
    assert set(frame["kind"]) == {"venue", "enterprise"}
    empty = Selection(snapshot, (Part(snapshot.collection("venue"), np.empty(0, np.int64)),))
    write_file(empty, format_named("fgb"), tmp_path / "none.fgb")
    assert len(geopandas.read_file(tmp_path / "none.fgb")) == 0


def test_workbook_has_sheets_and_no_formulas(snapshot: Snapshot, tmp_path: Path) -> None:
    write_file(hostile(snapshot), format_named("xlsx"), tmp_path / "h.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "h.xlsx").worksheets[0]
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[1]] == ["id", "name", "x", "lon", "lat"]
    assert [row[1].value for row in rows[2:6]] == ["'=1+1", "' +cmd", "'-2", "'@x"]
    assert all(cell.data_type != "f" for row in rows for cell in row)
    write_file(whole(snapshot, "venue", "work_site"), format_named("xlsx"), tmp_path / "two.xlsx")
    book = openpyxl.load_workbook(tmp_path / "two.xlsx")
    assert book.sheetnames == ["人员密集场所", "施工工地"]
    assert book.worksheets[1].max_row == 26
    assert "合成" in str(book.worksheets[0]["A1"].value)


def test_a_file_that_cannot_be_written_is_one_clear_error(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "taken.gpkg").mkdir()
    with pytest.raises(EnvironmentProblem):
        write_file(whole(snapshot, "venue"), format_named("gpkg"), tmp_path / "taken.gpkg")
    with pytest.raises(EnvironmentProblem):
        write_file(whole(snapshot, "venue"), format_named("gpkg"), tmp_path / "late.gpkg", seconds=0.01)


def test_names_of_formats() -> None:
    assert format_named("GeoJSON") is FORMATS["json"]
    assert format_named("flatgeobuf").ending == "fgb"
    with pytest.raises(BadParameter):
        format_named("shapefile")


def test_streams_need_no_pandas(snapshot_path: Path) -> None:
    code = """
import sys
from pathlib import Path
import numpy as np
from layers.collections import Query, collection_names, rows_of
from layers.filters import parse_text
from layers.formats import Part, Selection
from layers.formats.geoparquet import geoparquet
from layers.formats.streams import csv, geojson, geojsonseq
from layers.reader import Snapshot
s = Snapshot(Path(sys.argv[1]))
parts = tuple(Part(s.collection(n), rows_of(s.collection(n), Query(boxes=(s.bounds,)))) for n in collection_names(s))
for stream in (geojson, geojsonseq, csv, geoparquet):
    b"".join(stream(Selection(s, parts))); b"".join(stream(Selection(s, parts[-1:])))
v = s.collection("venue")
for text in ("CASEI(name) LIKE '%a%' OR venue_type IN ('school')", "A_CONTAINS(assumed, ('x'))",
             "T_AFTER(valid_from, DATE('2020-01-01'))", "S_WITHIN(geometry, BBOX(1,2,3,4)) AND capacity / 2 > 3",
             "synthetic IN (true) AND valid_from IN (DATE('2020-01-01'))"):
    rows_of(v, Query(filter=parse_text(text), order=(("name", True),), equal=(("synthetic", "true"),)))
print([m for m in ("pandas", "numba", "pyogrio", "geopandas", "sqlalchemy", "xlsxwriter") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code, str(snapshot_path)], capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
