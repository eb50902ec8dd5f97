"""``riskmap ingest`` and ``riskmap quarantine``: template, rehearsal, mapping, mending; once as processes, else in this one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from api import ingestcommands
from geo.errors import BadFile, RiskMapError
from geo.logs import close_logs
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


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Runs ``riskmap …`` in a home of its own; a process would only add its imports of three seconds."""
    monkeypatch.setenv("RISKMAP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NUMBA_CACHE_DIR", os.environ.get("NUMBA_CACHE_DIR", str(tmp_path)))
    monkeypatch.delenv("RISKMAP_STORE", raising=False)
    yield lambda *words: CliRunner().invoke(ingestcommands.app, list(map(str, words)))
    close_logs()


def done(run: Callable[..., Result], *words: object) -> str:
    ran = run(*words)
    assert ran.exit_code == 0, ran.exception
    return str(ran.stdout)


def refused(run: Callable[..., Result], *words: object) -> RiskMapError:
    error = run(*words).exception
    assert isinstance(error, RiskMapError), error
    assert error.remedy("zh")
    return error


def test_template_rehearsal_mapping_load_and_mending(run: Callable[..., Result], ledger: Path, tmp_path: Path) -> None:
    assert "模板已写入" in done(run, "ingest", "--template", "emergency_resource", str(tmp_path / "模板.xlsx"))
    assert openpyxl.load_workbook(tmp_path / "模板.xlsx").sheetnames == ["应急资源", "说明"]

    told = done(run, "ingest", str(ledger), "--kind", "emergency_resource", "--dry-run", "--save-mapping",
                str(tmp_path / "m.toml"))
    for words in ("GB18030", "CGCS2000", "队伍名称", "名称（name）", "经度（@lon）", "数据行", "保留在“其他”", "城堡",
                  "演练（未写入）：新增 1，更新 0，移除 0，未变 0，隔离 1 行"):
        assert words in told, told
    assert "\x1b[31m" not in told
    assert "隔离区共 0 行" in done(run, "quarantine")

    told = done(run, "ingest", str(ledger), "--kind", "emergency_resource", "--mapping", str(tmp_path / "m.toml"))
    assert "新增 1" in told
    assert "资源类型" not in told  # only what needs looking at
    assert "riskmap quarantine 列出原因" in told
    listed = done(run, "quarantine", "--kind", "emergency_resource")
    cells = [[cell.strip() for cell in line.split("│")[1:-1]] for line in listed.splitlines() if line.startswith("│")]
    assert [cell[:5] for cell in cells] == [["应急资源", "台账.csv", "2", "资源类型（resource_type）", "城堡"]]

    assert "已导出 1 行" in done(run, "quarantine", "export", str(tmp_path / "隔离.xlsx"))
    book = openpyxl.load_workbook(tmp_path / "隔离.xlsx")
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, heads.index("名称") + 1).value == "'=1+1"
    sheet.cell(2, heads.index("资源类型") + 1).value = "救援队"
    book.save(tmp_path / "隔离.xlsx")
    told = done(run, "quarantine", "reload", str(tmp_path / "隔离.xlsx"))
    assert "新增 1" in told
    assert "列出原因" not in told  # nothing is left there
    assert "隔离区共 0 行" in done(run, "quarantine")


def test_refusals_say_what_to_do(run: Callable[..., Result], ledger: Path, tmp_path: Path) -> None:
    words = ("ingest", ledger, "--kind", "emergency_resource")
    for said, remedy in ((("--mapping", tmp_path / "none.toml"), "路径"), (("--encoding", "klingon"), "gb18030"),
                         (("--id", "没有的列"), "编号")):
        error = refused(run, *words, *said)
        assert remedy in error.message("zh") + error.remedy("zh")


def test_processes_load_and_refuse(ledger: Path, tmp_path: Path) -> None:
    home, words = tmp_path / "home", ("ingest", str(ledger), "--kind", "emergency_resource")
    ran = riskmap(home, *words, "--crs", "月球")
    assert (ran.returncode, "办法：" in ran.stderr, "4548" in ran.stderr, "Traceback" in ran.stderr) == (2, True, True, False)
    ran = riskmap(home, *words)
    assert (ran.returncode, "新增 1" in ran.stdout) == (0, True)


def test_strict_refuses_swapped_axes(run: Callable[..., Result], ledger: Path) -> None:
    text = "\n".join(["id,资源类型,lon,lat", *(f"{at},消防站,39.9,116.4" for at in range(30))])
    ledger.write_text(text, encoding="utf-8")
    assert "经纬度颠倒" in refused(run, "ingest", ledger, "--kind", "emergency_resource", "--strict").message("zh")


def test_a_folder_is_rehearsed_in_one_table(run: Callable[..., Result], ledger: Path) -> None:
    folder = ledger.parent
    other = folder / "other.csv"
    other.write_text("编号,资源类型,lon,lat\n2,消防站,116.5,39.5\n", encoding="utf-8")
    entries = [{"file": ledger.name}, {"file": other.name, "rows": 1}]
    (folder / "manifest.json").write_text(json.dumps({"kinds": {"emergency_resource": entries}}), encoding="utf-8")
    told = done(run, "ingest", str(folder), "--dry-run")
    for words in ("台账.csv", "other.csv", "CSV；GB18030", "可以载入", "保留在“其他”", "城堡",
                  "演练（未写入）：新增 2，更新 0，移除 0，未变 0，隔离 1 行"):
        assert words in told, told
    other.write_text("编号,lon,lat\n2,116.5,39.5\n", encoding="utf-8")
    ran = run("ingest", folder, "--dry-run")
    assert "缺少必填列：资源类型" in ran.stdout
    assert isinstance(ran.exception, BadFile)
    assert "1 个文件不能载入" in ran.exception.zh
    assert "--crs 不能用于目录" in refused(run, "ingest", folder, "--dry-run", "--crs", "GCJ-02").zh
