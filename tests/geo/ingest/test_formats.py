"""The same rows in every format give the same features."""

from __future__ import annotations

import gzip
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from geo.errors import BadFile
from geo.ingest import Declared, ingest_file
from geo.ingest.readers import open_file
from geo.store import Store
from tests.geo.ingest.conftest import places
from tests.geo.ingest.oldexcel import write_xls

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"]


def rows() -> gpd.GeoDataFrame:
    frame = places(120).rename(columns={"name": "名称", "resource_type": "类型"}).drop(columns="area_code")
    frame["名称"] = "消防队" + frame["名称"]
    return gpd.GeoDataFrame(frame, geometry=shapely.points(frame.pop("lon"), frame.pop("lat")), crs=4490)


def write_xlsx(frame: pd.DataFrame, path: Path, above: int = 0) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("数据")
        for at in range(above):
            sheet.write(at, 0, "某区应急资源台账")
        sheet.write_row(above, 0, frame.columns)
        for row, cells in enumerate(frame.itertuples(index=False), above + 1):
            sheet.write_row(row, 0, cells)
        book.add_worksheet("说明").write(0, 0, "请勿改动")


def write(form: str, folder: Path) -> Path:
    data = rows()
    flat = pd.DataFrame(data.drop(columns="geometry")).assign(经度=data.geometry.x, 纬度=data.geometry.y)
    path = folder / f"data.{form}"
    if form in ENCODINGS:
        path = folder / f"{form}.csv"
        flat.to_csv(path, index=False, encoding=form)
    elif form == "tsv":
        flat.to_csv(path, index=False, sep="\t")
    elif form == "xlsx":
        write_xlsx(flat, path, above=1)
    elif form == "xls":
        write_xls(path, "台账", [["某区应急资源台账"], list(flat.columns), *map(list, flat.itertuples(index=False))])
    elif form == "csv.gz":
        path.write_bytes(gzip.compress(flat.to_csv(index=False).encode()))
    elif form == "parquet":
        data.to_parquet(path)
    elif form == "shp.zip":
        data.to_file(folder / "data.shp", encoding="GB18030")
        with zipfile.ZipFile(path, "w") as archive:
            for part in folder.glob("data.*"):
                if part.suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                    archive.write(part, f"某区/{part.name}")
    else:
        data.to_file(path, driver={"gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile", "geojson": "GeoJSON",
                                   "geojsonl": "GeoJSONSeq"}[form], **({"encoding": "UTF-8"} if form == "shp" else {}))
    return path


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning", "ignore:.*:UserWarning")
@pytest.mark.parametrize("form", [*ENCODINGS, "tsv", "csv.gz", "xlsx", "xls", "geojson", "geojsonl", "gpkg", "fgb", "shp",
                                  "shp.zip", "parquet"])
def test_every_format(town: Store, tmp_path: Path, form: str) -> None:
    file = write(form, tmp_path)
    ingested = ingest_file(town, "emergency_resource", file)
    assert (ingested.report.inserted, ingested.report.quarantined) == (120, 0)
    back, given = town.read("emergency_resource").set_index("id"), rows().set_index("id")
    assert (back["name"] == given["名称"].reindex(back.index)).all()
    assert shapely.distance(back["geometry"].to_numpy(), given.geometry.reindex(back.index).to_numpy()).max() < 1e-7
    assert back["area_code"].notna().all()
    assert [finding.code for finding in ingested.findings if finding.severity != "info"] == []
    assert ingest_file(town, "emergency_resource", file).report.unchanged == 120


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning", "ignore:.*:UserWarning")
@pytest.mark.parametrize("form", ["gpkg", "fgb", "shp", "parquet"])
def test_projected_files_say_their_system(town: Store, tmp_path: Path, form: str) -> None:
    data, file = rows().to_crs(4548), tmp_path / f"data.{form}"
    data.to_parquet(file) if form == "parquet" else data.to_file(
        file, driver={"gpkg": "GPKG", "fgb": "FlatGeobuf", "shp": "ESRI Shapefile"}[form])
    ingested = ingest_file(town, "emergency_resource", file)
    assert (ingested.reference.code, ingested.reference_from) == ("EPSG:4548", "file")
    back = town.read("emergency_resource").set_index("id")
    given = rows().set_index("id").geometry.reindex(back.index)
    assert shapely.distance(back["geometry"].to_numpy(), given.to_numpy()).max() < 1e-7


@pytest.mark.filterwarnings("ignore:.*:RuntimeWarning", "ignore:.*:UserWarning")
def test_shapefile_without_prj_and_with_wrong_or_missing_cpg(town: Store, tmp_path: Path) -> None:
    rows().to_file(tmp_path / "data.shp", encoding="GB18030")
    file = tmp_path / "data.shp"
    (tmp_path / "data.cpg").write_text("UTF-8")
    found = {finding.code: finding for finding in ingest_file(town, "emergency_resource", file).findings}
    assert found["cpg-wrong"].evidence == {"cpg": "UTF-8", "found": "GB18030"}
    assert set(town.read("emergency_resource")["name"].str[:3]) == {"消防队"}
    (tmp_path / "data.cpg").unlink()
    ingested = ingest_file(town, "emergency_resource", file)
    assert ingested.report.unchanged == 120
    assert "cpg-missing" in {finding.code for finding in ingested.findings}
    (tmp_path / "data.prj").unlink()
    with pytest.raises(BadFile, match=r"\.prj") as caught:
        ingest_file(town, "emergency_resource", file)
    assert "--crs CGCS2000" in caught.value.remedy_zh
    assert ingest_file(town, "emergency_resource", file, Declared(crs="CGCS2000")).report.unchanged == 120
    (tmp_path / "data.dbf").unlink()
    with pytest.raises(BadFile, match=r"\.dbf"):
        ingest_file(town, "emergency_resource", file, Declared(crs="CGCS2000"))


def test_heading_cut_by_a_shapefile_is_found(tmp_path: Path) -> None:
    from geo.ingest.mapping import map_columns
    from geo.kinds import KINDS

    mapping = map_columns(KINDS["enterprise"], ["企业名称", "统一社会信", "registered"], path=tmp_path, byte_limit=10)
    assert mapping.fields == {"企业名称": "name", "统一社会信": "credit_code", "registered": "registered_address"}


def test_layers_must_be_named_where_there_are_several(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "two.gpkg"
    rows().to_file(file, layer="a", driver="GPKG")
    rows().head(3).to_file(file, layer="b", driver="GPKG", mode="a")
    with pytest.raises(BadFile, match="2 个图层：a、b"):
        ingest_file(town, "emergency_resource", file)
    assert ingest_file(town, "emergency_resource", file, Declared(layer="b")).report.inserted == 3
    with pytest.raises(BadFile, match="没有图层"):
        ingest_file(town, "emergency_resource", file, Declared(layer="c"))


def test_content_goes_before_the_ending(town: Store, tmp_path: Path) -> None:
    flat = places(5)
    write_xlsx(flat, tmp_path / "x.csv")
    flat.to_csv(tmp_path / "y.xlsx", index=False)
    for name in ("x.csv", "y.xlsx"):
        ingested = ingest_file(town, "emergency_resource", tmp_path / name)
        assert ingested.report.inserted + ingested.report.updated == 5
        assert "extension" in {finding.code for finding in ingested.findings}
    (tmp_path / "page.xls").write_text("<html><table><tr><td>1,2</td></tr></table></html>")
    with pytest.raises(BadFile, match="不支持"):
        ingest_file(town, "emergency_resource", tmp_path / "page.xls")


def test_a_corrected_file_changes_just_what_differs_and_lost_rows_are_retired_when_asked(town: Store, tmp_path: Path) -> None:
    file, frame = tmp_path / "x.csv", places(50)
    frame.to_csv(file, index=False)
    ingest_file(town, "emergency_resource", file)
    frame.loc[7, "name"] = "改名"
    frame.drop(index=[0, 1]).to_csv(file, index=False)
    kept = ingest_file(town, "emergency_resource", file).report
    assert (kept.inserted, kept.updated, kept.removed, kept.unchanged) == (0, 1, 0, 47)
    gone = ingest_file(town, "emergency_resource", file, Declared(complete=True)).report
    assert (gone.updated, gone.removed, town.counts()["emergency_resource"]) == (0, 2, 48)


def test_rehearsal_tells_everything_and_changes_nothing(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    places(50).assign(resource_type=["castle", *["team"] * 49]).to_csv(file, index=False)
    version = town.version()
    ingested = ingest_file(town, "emergency_resource", file, rehearse=True)
    assert (ingested.report.inserted, ingested.report.quarantined) == (49, 1)
    assert ingested.refused["value"].tolist() == ["castle"]
    assert town.version() == version
    assert len(town.quarantine()) == 0
    assert town.counts()["emergency_resource"] == 0


def _cells_of_all_kinds(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["编号", "日期", "时刻", "时长", "数", "文字"])
    sheet.append(["1", datetime(2024, 1, 2, 3, 4, 5), time(3, 4, 5), timedelta(hours=30, minutes=5), 1.5, "  甲\n 乙 "])
    rich = CellRichText("丙", TextBlock(InlineFont(b=True), "丁"))
    sheet.append(["2", date(1950, 2, 28), time(0), timedelta(0), 12345678901234567890, rich])
    sheet.append([3, date(9999, 12, 31), None, None, True, "#N/A"])
    sheet["F4"].data_type = "e"
    for at, (value, form) in enumerate([
            (45000.25, 'yyyy"年"m"月"d"日"'), (45000, "m/d"), (0.25, "h:mm"), (45000, '[Red]0.0;"day"'), (0.5, "[h]:mm"),
            (0.07, "0.00%"), (1.25, "General"), (44999.999999, "yyyy-mm-dd hh:mm:ss")], 7):
        sheet.cell(at, 5, value).number_format = form
    book.create_sheet("另一张").append(["x"])
    book.create_sheet("藏着").append(["x"])
    book["藏着"].sheet_state = "hidden"
    book.save(path)


@pytest.mark.parametrize("epoch", [1900, 1904])
def test_large_sheets_are_read_as_small_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
    """The reader in blocks against the one of calamine, cell by cell and row by row."""
    _cells_of_all_kinds(tmp_path / "a.xlsx")
    if epoch == 1904:
        book = openpyxl.load_workbook(tmp_path / "a.xlsx", rich_text=True)
        book.epoch = openpyxl.utils.datetime.MAC_EPOCH
        book.save(tmp_path / "a.xlsx")
    write_xlsx(pd.DataFrame(rows().drop(columns="geometry")), tmp_path / "b.xlsx", above=2)
    found = []
    for largest in (1 << 30, 0):
        monkeypatch.setattr("geo.ingest.readers.spreadsheet.LARGEST_IN_MEMORY", largest)
        for name in ("a.xlsx", "b.xlsx"):
            with open_file(tmp_path / name) as reading:
                frame = pd.concat(reading.chunks)
                found.append((frame, [finding.as_dict() for finding in reading.findings], reading.rejected))
    for small, large in zip(found[:2], found[2:], strict=True):
        pd.testing.assert_frame_equal(small[0], large[0])
        assert small[1:] == large[1:]
    assert found[0][0].shape == (11, 6)
