"""Single files: CSV in both encodings, GeoJSON and GeoParquet, with the mistakes that people make in them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from geo.errors import BadFile, UnknownIdentifier
from geo.ingest import Declared, load_file
from geo.kinds import KINDS
from geo.store import Store

EnterpriseMaker = Callable[..., pd.DataFrame]

CSV = """编号,名称,资源类型,人数（人）,经度,纬度,值班电话
F1,朝阳消防站,fire_station,35,116.45,39.92,119
F2,"通州, 二站",fire_station,,116.66,39.91,
F3,坏站,volcano,3,116.5,39.9,
F4,反站,depot,3,39.9,116.5,
F5,无坐标,depot,3,,,
F6,坏坐标,depot,3,东经,39.9,
F7,少一列,depot
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_with_chinese_headings(store: Store, tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "应急资源.csv"
    file.write_text(CSV, encoding=encoding)
    report = load_file(store, "emergency_resource", file)
    assert (report.inserted, report.quarantined) == (2, 5)
    back = store.read("emergency_resource")
    assert list(back["name"]) == ["朝阳消防站", "通州, 二站"]
    assert back["staff"].iloc[0] == 35
    assert pd.isna(back["staff"].iloc[1])
    assert back["geometry"].iloc[0].equals(shapely.Point(116.45, 39.92))
    assert json.loads(back["extra"].iloc[0]) == {"值班电话": "119"}
    assert back["extra"].iloc[1] is None
    assert list(back["source"]) == ["应急资源.csv", "应急资源.csv"]
    assert not back["synthetic"].any()
    bad = store.quarantine().sort_values("row")
    assert list(bad["row"]) == [3, 4, 5, 6, 7]
    for words, reason in zip(["允许范围", "颠倒", "缺少几何", "无法解析", "列数为 3"], bad["reason_zh"], strict=True):
        assert words in reason
    assert bad["value"].iloc[3] == "东经,39.9"
    assert "坏坐标" in bad["payload"].iloc[3]
    assert load_file(store, "emergency_resource", file).unchanged == 2


def test_csv_with_wkt_and_streets(store: Store, tmp_path: Path) -> None:
    areas = tmp_path / "area.csv"
    areas.write_text('id,code,level,WKT\nS,110101001000,street,"POLYGON((116 39,117 39,117 40,116 40,116 39))"\n')
    assert load_file(store, "area", areas).inserted == 1
    lines = tmp_path / "pipes.csv"
    lines.write_text('id,medium,service,geometry\nP,gas,town,"LINESTRING(116.1 39.1,116.2 39.2)"\nQ,gas,town,LINESTRING(1\n')
    assert load_file(store, "pipeline", lines).quarantined == 1
    pipe = store.read("pipeline").iloc[0]
    assert (pipe["area_code"], pipe["geometry"].geom_type) == ("110101001000", "LineString")


def test_geojson(store: Store, tmp_path: Path) -> None:
    def feature(number: int, geometry: object, **properties: object) -> dict[str, object]:
        return {"type": "Feature", "id": f"V{number}", "properties": properties, "geometry": geometry}

    point = {"type": "Point", "coordinates": [116.4, 39.9, 44.0]}
    file = tmp_path / "venues.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [
        feature(1, point, name="学校", venue_type="school", capacity=1200, basement=True, assumed=["capacity"], lanterns=3),
        feature(2, {"type": "Polygon", "coordinates": [[[116, 39], [117, 40], [117, 39], [116, 40], [116, 39]]]},
                venue_type="mall"),
        feature(3, None, venue_type="mall"),
        feature(4, {"type": "Point", "coordinates": ["x"]}, venue_type="mall"),
        "not a feature",
        feature(6, point, venue_type="mall", capacity=-3),
        feature(7, point, venue_type="mall"),
    ]}, ensure_ascii=False), encoding="utf-8")
    report = load_file(store, "venue", file)
    assert (report.inserted, report.quarantined) == (3, 4)
    school = store.read("venue").iloc[0]
    assert (school["id"], school["name"], school["capacity"], school["basement"]) == ("V1", "学校", 1200, True)
    assert json.loads(school["assumed"]) == ["capacity"]
    assert json.loads(school["extra"]) == {"lanterns": 3}
    assert not school["geometry"].has_z
    assert sorted(store.quarantine()["row"]) == [3, 4, 5, 6]
    mended = store.loads(1)[0]["findings"][0]
    assert (mended["code"], mended["count"], mended["examples"][0][0]) == ("polygon-mended", 1, 2)
    assert store.read("venue")["geometry"].iloc[1].is_valid


def test_geoparquet(store: Store, enterprises: EnterpriseMaker, tmp_path: Path) -> None:
    frame = enterprises(20)
    frame["geom"] = shapely.to_wkb(frame.pop("geometry").to_numpy())
    table = pa.Table.from_pandas(frame)
    described = {"version": "1.1.0", "primary_column": "geom", "columns": {"geom": {"encoding": "WKB", "geometry_types": []}}}
    file = tmp_path / "units.parquet"
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(described)}), file)
    assert load_file(store, "enterprise", file).inserted == 20
    assert store.read("enterprise", columns=["id"])["id"].iloc[-1] == "E00019"
    described["columns"]["geom"]["crs"] = {"type": "ProjectedCRS", "name": "of the moon"}  # type: ignore[index]
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(described)}), file)
    with pytest.raises(BadFile, match="坐标系"):
        load_file(store, "enterprise", file)
    assert load_file(store, "enterprise", file, declared=Declared(crs="CGCS2000")).unchanged == 20


BAD_FILES = {
    "missing.csv": (None, "不存在"),
    "missing.geojson": (None, "不存在"),
    "missing.parquet": (None, "不存在"),
    "empty.csv": (b"", "空文件"),
    "binary.csv": (b"id,lon,lat\n\xff\xff\xff,1,2\n", "编码"),
    "twice.csv": (b"id,id,lon,lat\n1,2,3,4\n", "重复"),
    "both.csv": ("id,编号,lon,lat\n1,2,3,4\n".encode(), "两列"),
    "nowhere.csv": (b"id,name\n1,2\n", "坐标列"),
    "short.csv": (b"id,lon,lat\n1,116,40\n", "缺少"),
    "cut.geojson": (b'{"type": "FeatureCollection", "features": [', "GeoJSON"),
    "list.json": (b"[1, 2]", "GeoJSON"),
    "deep.json": (b"[" * 100_000, "GeoJSON"),
    "metres.geojson": (b'{"features": [], "crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}}', "坐标系"),
    "broken.parquet": (b"PAR1nothingPAR1", "损坏"),
    "table.xls": (b"x", "不支持"),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_bad_files_say_what_is_wrong(store: Store, tmp_path: Path, name: str) -> None:
    content, words = BAD_FILES[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadFile, match=words) as caught:
        load_file(store, "enterprise", tmp_path / name)
    assert caught.value.en
    assert store.loads() == []


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_unknown_kind(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UnknownIdentifier):
        load_file(store, "dragon", tmp_path / "x.csv")


def test_chinese_terms_are_unambiguous() -> None:
    for kind in KINDS.values():
        terms = [field.zh for field in kind.all_fields]
        assert len(set(terms)) == len(terms), kind.name
