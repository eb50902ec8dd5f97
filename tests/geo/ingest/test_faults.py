"""Files made to break a reader: none may crash it, hang it, fill the memory, or lose a row without saying so."""

from __future__ import annotations

import gzip
import io
import json
import struct
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import shapely

from geo.errors import BadFile
from geo.ingest import Declared, ingest_file
from geo.ingest.readers import archives
from geo.store import Store
from tests.geo.ingest.conftest import places


def ingest(store: Store, file: Path, **declared: object):  # type: ignore[no-untyped-def]
    return ingest_file(store, "emergency_resource", file, Declared(**declared))  # type: ignore[arg-type]


def refused(store: Store, file: Path, words: str) -> BadFile:
    started = time.monotonic()
    with pytest.raises(BadFile, match=words) as caught:
        ingest(store, file)
    assert time.monotonic() - started < 20
    assert caught.value.remedy_zh
    assert caught.value.en
    assert store.counts()["emergency_resource"] == 0
    return caught.value


SHEET = ('<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
         "{rows}</sheetData></worksheet>")


def workbook(path: Path, sheet: bytes) -> None:
    """The smallest workbook there is, with this sheet in it."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"><Default Extension="xml" '
                         'ContentType="application/xml"/></Types>')
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
                         f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>')
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" '
                         'r:id="r1"/></sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
                         f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>')
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            file.write(sheet)


def cells(row: int, *values: str) -> str:
    return f'<row r="{row}">' + "".join(
        f'<c r="{chr(65 + at)}{row}" t="inlineStr"><is><t>{value}</t></is></c>' for at, value in enumerate(values)) + "</row>"


HEAD = cells(1, "id", "resource_type", "lon", "lat")


def test_a_small_workbook_is_read(town: Store, tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", SHEET.format(rows=HEAD + cells(2, "1", "team", "116.1", "39.7")).encode())
    assert ingest(town, tmp_path / "a.xlsx").report.inserted == 1


def test_workbook_that_claims_four_gigabytes(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "bomb.xlsx"
    workbook(file, SHEET.format(rows=HEAD).encode())
    raw = bytearray(file.read_bytes())
    at = raw.rfind(b"xl/worksheets/sheet1.xml") - 46  # its entry in the directory
    assert raw[at:at + 4] == b"PK\x01\x02"
    raw[at + 24:at + 28] = struct.pack("<I", 0xFFFFFFF0)
    file.write_bytes(raw)
    refused(town, file, "4.0 GB")


def test_workbook_that_unfolds_to_more_than_it_claims(town: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.ingest.readers.spreadsheet.LARGEST_SPREADSHEET", 8 << 20)
    file = tmp_path / "liar.xlsx"
    workbook(file, SHEET.format(rows=HEAD + " " * (32 << 20)).encode())
    raw = bytearray(file.read_bytes())
    at = raw.rfind(b"xl/worksheets/sheet1.xml") - 46
    raw[at + 24:at + 28] = struct.pack("<I", 1000)
    file.write_bytes(raw)
    refused(town, file, "解压后")


def test_workbook_whose_two_cells_span_seventeen_billion(town: Store, tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    workbook(tmp_path / "far.xlsx", SHEET.format(rows=HEAD + far).encode())
    refused(town, tmp_path / "far.xlsx", "1048576 行 × 16384 列")


def test_cut_and_broken_workbooks(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "a.xlsx"
    workbook(file, SHEET.format(rows=HEAD + cells(2, "1", "team", "116.1", "39.7")).encode())
    whole = file.read_bytes()
    for length in (5, 200, len(whole) // 2, len(whole) - 10):
        file.write_bytes(whole[:length])
        refused(town, file, "损坏|不完整|不是")
    workbook(file, b"<worksheet><sheetData><row")
    refused(town, file, "电子表格|表头|空")


def test_faults_of_large_sheets(town: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for those that are read as they unfold."""
    monkeypatch.setattr("geo.ingest.readers.spreadsheet.LARGEST_IN_MEMORY", 0)
    file, row = tmp_path / "a.xlsx", cells(2, "1", "team", "116.1", "39.7")
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    sheet = SHEET.format(rows=HEAD + row).removeprefix('<?xml version="1.0"?>')
    for text, words in ((laughs + sheet.replace("team", "&b;"), "文档类型"), (sheet[:-30], "电子表格"),
                        (sheet.replace('r="B2"', 'r="XFD2"'), "16384 列"), (sheet.replace('r="B2"', 'r="甲2"'), "列"),
                        (SHEET.format(rows=""), "空")):
        workbook(file, text.encode())
        refused(town, file, words)
    far = '<row r="70000"><c r="A70000"><v>1</v></c></row>'
    workbook(file, SHEET.format(rows=HEAD + row + far).encode())
    report = ingest(town, file).report
    assert (report.inserted, report.quarantined) == (1, 1)


def test_ten_thousand_columns(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "wide.csv"
    file.write_text(",".join(["id", "resource_type", "lon", "lat", *(f"c{at}"
                                                                     for at in range(9996))]) + "\n" + "1," * 9999 + "1\n")
    refused(town, file, "10000 列")


def test_nested_ten_thousand_deep(town: Store, tmp_path: Path) -> None:
    deep = "[" * 10_000 + "]" * 10_000
    good = json.dumps({"type": "Feature", "properties": {"id": "1", "resource_type": "team"},
                       "geometry": {"type": "Point", "coordinates": [116.1, 39.7]}})
    bad = f'{{"type":"Feature","properties":{{"x":{deep}}},"geometry":null}}'
    for name, text in {
        "a.geojson": f'{{"type":"FeatureCollection","features":[{good},{bad}]}}',
        "b.geojson": deep, "c.geojson": f'{{"x":{deep},"features":[]}}', "d.geojson": '{"a":' * 10_000,
    }.items():
        (tmp_path / name).write_text(text)
        refused(town, tmp_path / name, "GeoJSON")
    (tmp_path / "e.geojsonl").write_text(f"{good}\n{bad}\n")
    report = ingest(town, tmp_path / "e.geojsonl").report
    assert (report.inserted, report.quarantined) == (1, 1)


def test_cut_geojson_loads_nothing(town: Store, tmp_path: Path) -> None:
    features = [{"type": "Feature", "properties": {"id": str(at), "resource_type": "team"},
                 "geometry": {"type": "Point", "coordinates": [116.1, 39.7]}} for at in range(6000)]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (tmp_path / "a.geojson").write_text(text[:len(text) * 2 // 3])
    refused(town, tmp_path / "a.geojson", "不完整|GeoJSON")
    (tmp_path / "a.geojson").write_text(text)
    assert ingest(town, tmp_path / "a.geojson").report.inserted == 6000


HOSTILE = ["'; DROP TABLE enterprise; --", "<script>alert(1)</script>", "=cmd|'/c calc'!A1", "+1+1", "@SUM(A1)", "{{7*7}}",
           "a\x07b", "\u202e反写",
           "😀", "%s%n", "../../etc/passwd", "NULL-ish", "\\x00"]


def test_hostile_names_come_through_as_they_are(town: Store, tmp_path: Path) -> None:
    frame = places(len(HOSTILE)).assign(name=HOSTILE)
    frame.to_csv(tmp_path / "x.csv", index=False)
    assert ingest(town, tmp_path / "x.csv").report.inserted == len(HOSTILE)
    back = town.read("emergency_resource").set_index("id")["name"]
    assert [back[f"P{at}"] for at in range(len(HOSTILE))] == HOSTILE


def test_nul_bytes_go_to_quarantine(town: Store, tmp_path: Path) -> None:
    frame = places(30)
    text = frame.to_csv(index=False).replace("队7", "队\x00七")
    (tmp_path / "x.csv").write_bytes(text.encode())
    report = ingest(town, tmp_path / "x.csv").report
    assert (report.inserted, report.quarantined) == (29, 1)
    assert town.quarantine()["row"].tolist() == [8]


def test_all_nul_and_random_bytes(town: Store, tmp_path: Path) -> None:
    for name, content in {"a.csv": b"\x00" * 5000, "b.csv": bytes(range(256)) * 20, "c.csv": b"\xff\xfe", "d.csv": b"\n\n\n",
                          "e.csv": b",,,\n", "f.geojson": b"\x00{", "g.gpkg": b"SQLite format 3\x00" + b"x" * 3000,
                          "h.fgb": b"fgb\x03fgb\x00" + b"y" * 500, "i.shp": b"\x00\x00\x27\x0a" + b"z" * 200,
                          "j.parquet": b"PAR1" * 9,
                          "k.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"q" * 4000, "l.csv": b"",
                          "m.zip": b"PK\x03\x04oops"}.items():
        (tmp_path / name).write_bytes(content)
        refused(town, tmp_path / name, "文件")


def test_open_quotation_mark_does_not_swallow_rows(town: Store, tmp_path: Path) -> None:
    lines = places(40).to_csv(index=False).splitlines()
    lines[11] = lines[11].replace("队10", '"队10')
    lines[21] = lines[21].replace("队20", '队20"')
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    report = ingest(town, tmp_path / "x.csv").report
    swallowed = town.quarantine()
    assert report.inserted + report.quarantined + sum(text.count("\\n") for text in swallowed["payload"]) == 40
    assert any("引号" in reason or "列数" in reason for reason in swallowed["reason_zh"])


def test_quotation_mark_that_is_never_closed(town: Store, tmp_path: Path) -> None:
    lines = places(40).to_csv(index=False).splitlines()
    lines[11] = lines[11].replace("队10", '"队10')
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    report = ingest(town, tmp_path / "x.csv").report
    swallowed = sum(text.count("\\n") for text in town.quarantine()["payload"])
    assert report.inserted + report.quarantined + swallowed == 40


def test_rows_too_short_and_too_long_keep_their_numbers(town: Store, tmp_path: Path) -> None:
    lines = places(9).to_csv(index=False).splitlines()
    lines[2] = "short"
    lines[4] += ",,,"
    lines[6] += ",surplus"
    lines[8] = lines[8].replace("team", "castle")
    (tmp_path / "x.csv").write_text("\n".join([*lines, "", ""]))
    report = ingest(town, tmp_path / "x.csv").report
    assert (report.inserted, report.quarantined) == (6, 3)
    assert sorted(town.quarantine()["row"]) == [2, 6, 8]


def test_some_broken_bytes_lose_only_their_rows(town: Store, tmp_path: Path) -> None:
    raw = places(500).to_csv(index=False).encode().replace("队77".encode(), b"\xe9\x98\xff77")
    (tmp_path / "x.csv").write_bytes(raw)
    ingested = ingest(town, tmp_path / "x.csv")
    assert (ingested.report.inserted, ingested.report.quarantined) == (499, 1)
    assert town.quarantine()["row"].tolist() == [78]
    assert "undecodable" in {finding.code for finding in ingested.findings}


def test_cut_gz_and_zip(town: Store, tmp_path: Path) -> None:
    text = places(5000).to_csv(index=False).encode()
    whole = gzip.compress(text)
    (tmp_path / "a.csv.gz").write_bytes(whole[:len(whole) // 2])
    refused(town, tmp_path / "a.csv.gz", "不完整")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../outside.csv", text)
    whole = buffer.getvalue()
    (tmp_path / "a.zip").write_bytes(whole[:len(whole) // 2])
    refused(town, tmp_path / "a.zip", "损坏|不完整")
    (tmp_path / "a.zip").write_bytes(whole)
    assert ingest(town, tmp_path / "a.zip").report.inserted == 5000
    assert not (tmp_path.parent / "outside.csv").exists()


def test_gz_bomb(town: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "LARGEST_UNPACKED", 16 << 20)
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"a" * (64 << 20)))
    refused(town, tmp_path / "bomb.csv.gz", "解压后")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "x")
        archive.writestr("b.csv", "x")
    refused(town, tmp_path / "two.zip", "2 个数据文件")


def test_polygon_that_cannot_stay_one_is_refused_and_lines_are_left_alone(town: Store, tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(
        "id,site_type,workers,geometry\n"
        'A,building,5,"POLYGON((116.1 39.7,116.2 39.8,116.2 39.7,116.1 39.8,116.1 39.7))"\n'
        'B,building,5,"POLYGON((116.1 39.7,116.2 39.7,116.1 39.7,116.1 39.7))"\n'
        'C,building,5,"POLYGON((116.1 39.7,116.2 39.7,116.2 39.8,116.1 39.7))"\n')
    ingested = ingest_file(town, "work_site", tmp_path / "w.csv")
    assert (ingested.report.inserted, ingested.report.quarantined) == (2, 1)
    found = {finding.code: finding for finding in ingested.findings}["polygon-mended"]
    assert found.count == 1
    assert 4e7 < found.evidence["area_after_m2"] < 6e7
    assert "→" in found.examples[0][1]
    rows = town.read("work_site").set_index("id")
    assert shapely.is_valid(rows["geometry"].to_numpy()).all()
    cross = "LINESTRING(116.1 39.7,116.2 39.8,116.2 39.7,116.1 39.8)"
    (tmp_path / "p.csv").write_text(f'id,medium,service,geometry\nP,gas,town,"{cross}"\n')
    ingest_file(town, "pipeline", tmp_path / "p.csv")
    assert town.read("pipeline")["geometry"].iloc[0].equals_exact(shapely.from_wkt(cross), 0)


def test_values_of_hostile_shapes(town: Store, tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["1", "2", "3", "4"], "resource_type": "team", "staff": ["1e400", "-0", "٣", "1_000"],
                          "updated_at": ["9999-99-99", "0000-00-00", "2024-02-30", "99999999"], "lon": 116.1, "lat": 39.7})
    frame.to_csv(tmp_path / "x.csv", index=False)
    report = ingest(town, tmp_path / "x.csv").report
    assert report.inserted + report.quarantined == 4
