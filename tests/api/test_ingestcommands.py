"""``riskmap ingest`` and ``riskmap quarantine`` as processes: template, rehearsal, mapping, mending."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from tests.api.clients import riskmap

CSV = """编号,单位名称,类型,人数（人）,经度,纬度,备注
F1,[red]东城队[/red],消防站,35,116.40,39.92,\x1b[31m红
F2,=1+1,城堡,3,116.5,39.9,
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    file = tmp_path / "台账.csv"
    file.write_text(CSV.replace("单位名称", "队伍名称"), encoding="gb18030")
    return file


def done(home: Path, *words: str) -> str:
    ran = riskmap(home, *words)
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stderr
    return str(ran.stdout)


def test_template_rehearsal_mapping_load_and_mending(ledger: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "模板已写入" in done(home, "ingest", "--template", "emergency_resource", str(tmp_path / "模板.xlsx"))
    assert openpyxl.load_workbook(tmp_path / "模板.xlsx").sheetnames == ["应急资源", "说明"]

    told = done(home, "ingest", str(ledger), "--kind", "emergency_resource", "--dry-run", "--save-mapping",
                str(tmp_path / "m.toml"))
    for words in ("GB18030", "CGCS2000", "队伍名称", "名称（name）", "保留在“其他”", "城堡",
                  "演练（未写入）：新增 1，更新 0，移除 0，未变 0，隔离 1 行"):
        assert words in told, told
    assert "\x1b[31m" not in told
    assert "隔离区共 0 行" in done(home, "quarantine")

    told = done(home, "ingest", str(ledger), "--kind", "emergency_resource", "--mapping", str(tmp_path / "m.toml"))
    assert "新增 1" in told
    assert "资源类型" not in told  # only what needs looking at
    listed = done(home, "quarantine", "--kind", "emergency_resource")
    assert "台账.csv:2" in listed
    assert "城堡" in listed

    assert "已导出 1 行" in done(home, "quarantine", "export", str(tmp_path / "隔离.xlsx"))
    book = openpyxl.load_workbook(tmp_path / "隔离.xlsx")
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, heads.index("名称") + 1).value == "'=1+1"
    sheet.cell(2, heads.index("资源类型") + 1).value = "救援队"
    book.save(tmp_path / "隔离.xlsx")
    assert "新增 1" in done(home, "quarantine", "reload", str(tmp_path / "隔离.xlsx"))
    assert "隔离区共 0 行" in done(home, "quarantine")


def test_refusals_say_what_to_do(ledger: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for words, said in ((("--crs", "月球"), "4548"), (("--mapping", str(tmp_path / "none.toml")), "路径"), (("--encoding",
                                                                                                         "klingon"), "gb18030"),
                        (("--id", "没有的列"), "编号")):
        ran = riskmap(home, "ingest", str(ledger), "--kind", "emergency_resource", *words)
        assert ran.returncode == 2
        assert "办法：" in ran.stderr
        assert said in ran.stderr
        assert "Traceback" not in ran.stderr


def test_strict_refuses_swapped_axes(ledger: Path, tmp_path: Path) -> None:
    text = "\n".join(["id,资源类型,lon,lat", *(f"{at},消防站,39.9,116.4" for at in range(30))])
    ledger.write_text(text, encoding="utf-8")
    ran = riskmap(tmp_path / "home", "ingest", str(ledger), "--kind", "emergency_resource", "--strict")
    assert ran.returncode == 2
    assert "经纬度颠倒" in ran.stderr
    assert "30" in done(tmp_path / "home", "ingest", str(ledger), "--kind", "emergency_resource", "--swap-axes")


def test_a_folder_is_rehearsed_in_one_table(ledger: Path, tmp_path: Path) -> None:
    home, folder = tmp_path / "home", ledger.parent
    other = folder / "other.csv"
    other.write_text("编号,资源类型,lon,lat\n2,消防站,116.5,39.5\n", encoding="utf-8")
    entries = [{"file": ledger.name}, {"file": other.name, "rows": 1}]
    (folder / "manifest.json").write_text(json.dumps({"kinds": {"emergency_resource": entries}}), encoding="utf-8")
    told = done(home, "ingest", str(folder), "--dry-run")
    for words in ("台账.csv", "other.csv", "CSV；GB18030", "可以载入", "保留在“其他”", "城堡",
                  "演练（未写入）：新增 2，更新 0，移除 0，未变 0，隔离 1 行"):
        assert words in told, told
    other.write_text("编号,lon,lat\n2,116.5,39.5\n", encoding="utf-8")
    ran = riskmap(home, "ingest", str(folder), "--dry-run")
    assert ran.returncode == 2
    assert "缺少必填列：资源类型" in ran.stdout
    assert "1 个文件不能载入" in ran.stderr
    ran = riskmap(home, "ingest", str(folder), "--dry-run", "--crs", "GCJ-02")
    assert (ran.returncode, "--crs 不能用于目录" in ran.stderr) == (2, True)
