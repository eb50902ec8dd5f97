"""Refused rows go out to a spreadsheet, are mended there, and come back: only they."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from geo.errors import BadFile, BadParameter
from geo.ingest import export_quarantine, ingest_file, reload_quarantine
from geo.ingest.mending import HEAD
from geo.store import Store

CSV = """编号,名称,资源类型,人数（人）,经度,纬度,值班电话
F1,好站,fire_station,35,116.45,39.92,119
F2,=HYPERLINK("http://x"),volcano,3,116.5,39.9,120
F3,坏坐标,depot,3,东经,39.9,
F4,短行,depot
F5,+86 站,depot,许多,116.3,39.7,
"""


@pytest.fixture
def refused(town: Store, tmp_path: Path) -> Store:
    (tmp_path / "应急.csv").write_text(CSV, encoding="gb18030")
    assert ingest_file(town, "emergency_resource", tmp_path / "应急.csv").report.quarantined == 4
    return town


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig", keep_default_na=False)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)
    cells = list(sheet.values)
    return pd.DataFrame(cells[1:], columns=cells[0], dtype=object).fillna("")


def write(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False, encoding="utf-8-sig")
    else:
        frame.to_excel(path, index=False, engine="openpyxl")


@pytest.mark.parametrize("ending", [".xlsx", ".csv"])
def test_out_mended_and_back(refused: Store, tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"隔离{ending}"
    assert export_quarantine(refused, file) == 4
    table = read(file)
    assert list(table[HEAD[2]].astype(int)) == [2, 3, 4, 5]
    assert all(not str(cell).startswith(("=", "+")) for cell in table.to_numpy().ravel())
    assert table["经度"].tolist()[:2] == ["116.5", "东经"]
    table = table.set_index(table[HEAD[2]].astype(int))
    table.loc[2, "资源类型"] = "fire_station"
    table.loc[3, "经度"] = "116.2"
    table.loc[5, "人数（人）"] = "还是许多"
    write(table.drop(index=4), file)
    report = reload_quarantine(refused, file, by="me")[0]
    assert (report.inserted, report.quarantined) == (2, 1)
    left = refused.quarantine()
    assert sorted(set(left["row"])) == [4, 5]
    assert left.set_index("row").at[5, "value"] == "还是许多"
    back = refused.read("emergency_resource").set_index("id")
    assert back.at["F2", "name"] == '=HYPERLINK("http://x")'
    assert "120" in back.at["F2", "extra"]
    assert back.at["F3", "geometry"].x == 116.2
    assert set(back["source"]) == {"应急.csv"}
    assert reload_quarantine(refused, file)[0].unchanged == 2


def test_reload_of_something_else(refused: Store, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="不是隔离区的导出"):
        reload_quarantine(refused, tmp_path / "应急.csv")
    export_quarantine(refused, tmp_path / "q.csv")
    table = read(tmp_path / "q.csv")
    for number in ("", "x", "2"):
        write(table.assign(**{HEAD[2]: number}), tmp_path / "q.csv")
        with pytest.raises(BadFile, match=HEAD[2]):
            reload_quarantine(refused, tmp_path / "q.csv")
    assert len(refused.quarantine()) == 4


def test_export_of_several_kinds(refused: Store, tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text("id,venue_type,lon,lat\n1,castle,116.1,39.7\n2,school,,\n")
    ingest_file(refused, "venue", tmp_path / "v.csv")
    with pytest.raises(BadParameter, match="2 类"):
        export_quarantine(refused, tmp_path / "q.csv")
    with pytest.raises(BadParameter, match="xlsx"):
        export_quarantine(refused, tmp_path / "q.txt")
    assert export_quarantine(refused, tmp_path / "q.csv", kind="venue") == 2
    assert export_quarantine(refused, tmp_path / "q.xlsx") == 6
    reports = reload_quarantine(refused, tmp_path / "q.xlsx")
    assert [report.quarantined for report in reports] == [4, 2]
    assert len(refused.quarantine().drop_duplicates(["kind", "file", "row"])) == 6


def test_empty_quarantine(town: Store, tmp_path: Path) -> None:
    assert export_quarantine(town, tmp_path / "q.xlsx") == 0
    assert export_quarantine(town, tmp_path / "q.csv") == 0
    assert reload_quarantine(town, tmp_path / "q.csv") == []
