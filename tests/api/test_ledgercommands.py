"""``riskmap features`` and ``riskmap history``: what was in the store at a moment, by either engine, shown and in files."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from typer.testing import CliRunner, Result

from api import ledgercommands
from geo.errors import (
    BadFile,
    BadGeometry,
    BadParameter,
    EnvironmentProblem,
    NotFound,
    RiskMapError,
    StoreError,
    UnknownIdentifier,
)
from geo.store import Store, open_store

EnterpriseMaker = Callable[..., pd.DataFrame]
Run = Callable[..., Result]
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``riskmap …`` in a home of its own; what the command raises is raised."""
    monkeypatch.setenv("RISKMAP_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RISKMAP_STORE", raising=False)
    return lambda *arguments: CliRunner().invoke(ledgercommands.app, list(map(str, arguments)), catch_exceptions=False)


def moments(store: Store) -> list[datetime]:
    return [datetime.fromisoformat(load["committed"]).astimezone(ZONE) for load in reversed(store.loads())]


def ids(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row["id"] for row in csv.DictReader(file)]


def polygon_file(path: Path, *polygons: shapely.Polygon) -> Path:
    features = [{"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(one)} for one in polygons]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8-sig")
    return path


def test_the_ledger_of_any_moment(
        run: Run, store_url: str, tmp_path: Path, enterprises: EnterpriseMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKMAP_STORE", store_url)
    place = shapely.box(116.0, 39.8, 116.6, 40.4).union(shapely.box(116.9, 40.5, 117.1, 40.7))
    ends = [pd.Timestamp("2025-01-01") if at % 2 else None for at in range(60)]
    frame = enterprises(60, staff_at_place=range(60), valid_to=ends)
    west = frame["geometry"].map(lambda point: point.x < 116.8)
    inside = shapely.intersects(place, frame["geometry"].to_numpy())
    with open_store(store_url) as store:
        store.init()
        store.load("enterprise", frame, source="a.csv", by="甲")
        store.edit("enterprise", "E00030", {"staff_at_place": 0, "name": None, "geometry": shapely.Point(117, 39.7)}, by="乙")
        store.retire("enterprise", ["E00041", "E00043"], by="丙")
        loaded, edited, _ = moments(store)
    area, out = polygon_file(tmp_path / "范围.geojson", *place.geoms), tmp_path / "名单.csv"
    asked = ["features", "enterprise", "--out", out]
    for narrowed, then in (
            (["--within", area], inside), (["--bbox", "116,39.8,116.6,40.4"], inside & west),
            (["--where", "staff_at_place > 29 AND NOT name IS NULL"], frame["staff_at_place"] > 29),
            (["--valid-on", "2026-01-01"], frame["valid_to"].isna())):
        expected = frame["id"][then].tolist()
        said = run(*asked, *narrowed, "--at", loaded.isoformat())
        assert f"共 {len(expected)} 行（截至 {loaded.isoformat()}），已写入 {out}" in said.output
        assert ids(out) == expected
        assert "现在" in run(*asked, *narrowed).output
        assert [one for one in expected if one not in ids(out)] == [
            one for one in expected if one in ("E00041", "E00043")
            or (one == "E00030" and narrowed[0] in ("--within", "--bbox", "--where"))]
    assert run(*asked, "--at", edited.isoformat(), "--where", "name IS NULL", "--columns", "id, staff_at_place").exit_code == 0
    assert out.read_text("utf-8-sig").splitlines() == ["id,staff_at_place,lon,lat", "E00030,0,117,39.7"]
    listed = run("features", "enterprise", "--at", edited.isoformat(), "--limit", 2).output
    assert "北京测试企业1有限公司" in listed
    assert "共 60 行" in listed
    assert "以上为前 2 行" in listed


def test_every_format_holds_the_same_rows(run: Run, tmp_path: Path, enterprises: EnterpriseMaker) -> None:
    with open_store(f"sqlite:///{tmp_path / 'home' / 'store' / 'riskmap.sqlite'}") as store:
        store.init()
        names = ["=HYPERLINK(1)", "普通", "@x"]
        shapes = [shapely.Point(116.4, 39.9), shapely.box(116, 39, 116.1, 39.1), shapely.Point(117, 40)]
        frame = enterprises(3, name=names, geometry=shapes)
        store.load("enterprise", frame, source="a.csv")
        moment = moments(store)[0].isoformat()
    endings = ("csv", "xlsx", "geojson", "geojsonl", "gpkg", "parquet")
    for ending in endings:
        out = tmp_path / f"当时.{ending}"
        out.write_text("an older file")
        said = run("features", "enterprise", "--at", moment, "--out", out)
        assert f"已写入 {out}" in said.output
        assert "3/3" in said.output
    assert {path.name for path in tmp_path.iterdir()} == {"home", *(f"当时.{ending}" for ending in endings)}
    text = (tmp_path / "当时.csv").read_text("utf-8-sig")
    assert "'=HYPERLINK(1)" in text
    assert ",=" not in text
    sheet = openpyxl.load_workbook(tmp_path / "当时.xlsx").active
    assert sheet is not None
    cells = [row[1] for row in sheet.iter_rows(min_row=3, values_only=True)]
    assert cells == ["'=HYPERLINK(1)", "普通", "'@x"]
    collection = json.loads((tmp_path / "当时.geojson").read_bytes())
    assert (collection["as_of"], collection["synthetic"], "run_id" in collection) == (moment, True, False)
    assert [one["properties"]["name"] for one in collection["features"]] == names  # no spreadsheet: as it is
    read = pyogrio.read_dataframe(tmp_path / "当时.gpkg")
    assert read["name"].tolist() == names
    assert [shape.equals(own) for shape, own in zip(read["geometry"], shapes, strict=True)] == [True] * 3
    assert read.crs.to_epsg() == 4490
    assert pq.read_table(tmp_path / "当时.parquet")["name"].to_pylist() == names


def test_questions_that_cannot_be_answered(run: Run, tmp_path: Path, enterprises: EnterpriseMaker) -> None:
    with pytest.raises(StoreError):
        run("features", "venue")
    with open_store(f"sqlite:///{tmp_path / 'home' / 'store' / 'riskmap.sqlite'}") as store:
        store.init()
        with pytest.raises(BadParameter, match="还没有载入过数据"):
            run("features", "venue", "--at", "2026-01-01")
        store.load("enterprise", enterprises(2), source="a.csv")
        first = moments(store)[0]
    early = (first - timedelta(microseconds=1)).isoformat()
    late = (datetime.now(ZONE) + timedelta(minutes=5)).isoformat()
    broken, bow = tmp_path / "坏.geojson", tmp_path / "蝴蝶结.geojson"
    broken.write_text("{")
    polygon_file(bow, shapely.Polygon([(116, 39), (117, 40), (117, 39), (116, 41)]))
    asked: list[tuple[list[str], type[RiskMapError], str]] = [
        (["--at", early], BadParameter, f"早于最早可回看的时刻 {re.escape(first.isoformat())}"),
        (["--at", late], BadParameter, "在将来"),
        (["--at", "昨天"], BadParameter, "不是时刻"), (["--at", "2026-13-01"], BadParameter, "不是时刻"),
        (["--valid-on", "2026"], BadParameter, "不是日期"), (["--where", "staff_at_place >"], BadParameter, "--where 不正确"),
        (["--where", "nobody = 1"], UnknownIdentifier, "没有属性“nobody”"), (["--bbox", "116,39"], BadParameter, "--bbox"),
        (["--bbox", "117,39,116,40"], BadGeometry, "矩形"), (["--within", str(tmp_path / "无.geojson")], BadFile, "无法读取"),
        (["--within", str(broken)], BadFile, "不是 GeoJSON"), (["--within", str(bow)], BadGeometry, "自相交"),
        (["--out", "x.doc"], BadParameter, "不能写成"), (["--out", str(tmp_path / "无" / "x.csv")], EnvironmentProblem, "不存在"),
        (["--columns", "id,nobody"], UnknownIdentifier, "nobody"),
    ]
    for arguments, error, words in asked:
        with pytest.raises(error, match=words) as caught:
            run("features", "enterprise", *arguments)
        assert caught.value.remedy("zh") or error is BadGeometry
    with pytest.raises(UnknownIdentifier):
        run("features", "factory")
    naive = first.replace(tzinfo=None).isoformat()
    said = run("features", "enterprise", "--at", naive).output
    assert f"--at {naive} 没有时区，按 Asia/Shanghai（{first.isoformat()}）" in said
    assert "共 2 行" in said
    today = run("features", "enterprise", "--at", f"{datetime.now(ZONE).date()}").output
    assert "按当天结束时" in today
    assert "共 2 行" in today


def test_a_row_s_history(run: Run, tmp_path: Path, enterprises: EnterpriseMaker) -> None:
    with open_store(f"sqlite:///{tmp_path / 'home' / 'store' / 'riskmap.sqlite'}") as store:
        store.init()
        store.load("enterprise", enterprises(3, staff_at_place=7), source="a.csv", by="甲")
        store.edit("enterprise", "E00001", {"staff_at_place": 12, "name": None, "geometry": shapely.Point(116.5, 40)}, by="=乙")
        store.retire("enterprise", ["E00001"], by="丙")
        loaded, edited, retired = (moment.isoformat() for moment in moments(store))
    table = run("history", "enterprise", "E00001").output
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in table.splitlines() if line.startswith("│")]
    assert lines[0] == [loaded, "新增", "甲", "a.csv", "", "", ""]
    assert [edited, "修改", "=乙", "a.csv", "本场所从业人员", "7", "12"] in lines
    assert [edited, "修改", "=乙", "a.csv", "名称", "北京测试企业1有限公司", ""] in lines
    assert any(line[4] == "几何" and line[6] == "POINT (116.5 40)" for line in lines)
    assert lines[-1] == [retired, "移除", "丙", "a.csv", "", "", ""]
    out = tmp_path / "历史.csv"
    assert "共 3 次，已写入" in run("history", "enterprise", "E00001", "--out", out).output
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["时刻", "操作", "经手人", "来源", "字段", "改前", "改后"]
    assert [loaded, "新增", "甲", "a.csv", "本场所从业人员", "", "7"] in rows
    assert [retired, "移除", "丙", "a.csv", "本场所从业人员", "12", ""] in rows
    assert {row[2] for row in rows[1:]} == {"甲", "'=乙", "丙"}
    assert run("history", "enterprise", "E00001", "--out", tmp_path / "历史.xlsx").exit_code == 0
    assert openpyxl.load_workbook(tmp_path / "历史.xlsx").sheetnames == ["历史"]
    for arguments in ((), ("enterprise",)):
        listed = run("history", *arguments).output
        assert "共列出 3 次" in listed
        assert loaded in listed
    assert "共列出 0 次" in run("history", "venue").output
    with pytest.raises(NotFound):
        run("history", "enterprise", "nobody")
    with pytest.raises(UnknownIdentifier):
        run("history", "nothing")
    with pytest.raises(BadParameter):
        run("history", "enterprise", "--out", out)
