"""Data quality over HTTP and on the command line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from api import qualitycommands
from geo.errors import SnapshotError
from geo.settings import Settings
from layers.quality import quality_of
from layers.snapshot import open_current
from tests.api.clients import LocalClient, riskmap
from tests.api.conftest import FIRST


def test_summary(client: LocalClient) -> None:
    body = client.get("/api/quality").json()
    assert body["run_id"] == FIRST
    assert body["total"]["rows"] == 240
    assert body["total"]["completeness"] == pytest.approx(body["total"]["complete"] / 240)
    assert sum(kind["rows"] for kind in body["kinds"]) == 240
    assert {kind["kind_zh"] for kind in body["kinds"]} >= {"生产经营单位", "人员密集场所"}
    assert [source["source"] for source in body["sources"]] == ["fixture"] * len(body["kinds"])
    assert body["areas"] == []
    assert sum(body["weights"].values()) == pytest.approx(1)
    assert [entry["class"] for entry in body["classes"]] == [1, 2, 3, 4, 5, 6]


def test_summary_of_an_area_and_a_kind(client: LocalClient) -> None:
    body = client.get("/api/quality?area=110101&kind=venue&level=street").json()
    assert body["total"]["rows"] == 12
    assert [kind["kind"] for kind in body["kinds"]] == ["venue"]
    assert [area["code"] for area in body["areas"]] == ["110101001000", "110101002000"]
    assert sum(area["rows"] for area in body["areas"]) == 12


def test_findings_page_by_page(client: LocalClient) -> None:
    first = client.get("/api/quality/findings?limit=7").json()
    assert first["numberReturned"] == 7
    second = client.get(next(link["href"] for link in first["links"] if link["rel"] == "next")).json()
    listed = [{(item["kind"], item["id"], item["check"]) for item in page["items"]} for page in (first, second)]
    assert len(listed[0] | listed[1]) == 14
    last = client.get(f"/api/quality/findings?limit=7&offset={first['numberMatched'] - 3}").json()
    assert last["numberReturned"] == 3
    assert [link["rel"] for link in last["links"]] == ["self"]


def test_a_finding_leads_to_its_feature(client: LocalClient) -> None:
    item = client.get("/api/quality/findings?group=validity&kind=venue&area=110112005000&limit=1").json()["items"][0]
    assert item["area_code"] == "110112005000"
    assert item["zh"]
    assert item["en"]
    assert client.get(item["href"]).json()["id"] == item["id"]


def test_findings_as_a_download_are_all_of_them_and_harmless(client: LocalClient, settings: Settings) -> None:
    answer = client.get("/api/quality/findings?kind=enterprise&f=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    tables = quality_of(open_current(settings.snapshots))
    assert len(lines) == len(tables.found(kind="enterprise"))
    assert not [line for line in lines if line["name"].startswith(("=", "+", "-", "@"))]


def test_layer(client: LocalClient) -> None:
    answer = client.get("/api/quality/areas?level=district")
    assert answer.headers["content-type"] == "application/geo+json"
    body = answer.json()
    assert body["type"] == "FeatureCollection"
    assert {feature["id"] for feature in body["features"]} == {"110101", "110112"}
    assert {"score", "class", "completeness", "valid", "fresh", "duplicated"} <= set(body["features"][0]["properties"])


@pytest.mark.parametrize(("address", "status"), [
    ("/api/quality?kind=castle", 400), ("/api/quality?level=parish", 400), ("/api/quality?area=999", 404),
    ("/api/quality?colour=1", 400),
    ("/api/quality/findings?check=V-NOPE", 400), ("/api/quality/findings?limit=0", 400), ("/api/quality/findings?offset=-1", 400),
    ("/api/quality/findings?group=luck", 400), ("/api/quality/areas?level=cell", 400), ("/api/quality/findings?f=pdf", 400),
])
def test_what_is_not_understood_is_a_problem(client: LocalClient, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["remedy"]


def test_a_map_without_an_assessment_says_how_to_get_one(settings: Settings) -> None:
    from api.app import create_app

    manifest = settings.snapshots / FIRST / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"quality"', b'"without"'))
    client = LocalClient(create_app(settings))
    answer = client.get("/api/quality")
    client.close()
    assert answer.status_code == 404
    assert "RISKMAP_QUALITY" in answer.json()["remedy"]


def test_answers_are_described(client: LocalClient) -> None:
    schema = client.get("/api/openapi.json").json()
    assert {"Summary", "Finding", "Findings", "Figures"} <= set(schema["components"]["schemas"])
    body = client.get("/api/quality/findings?limit=1").json()
    declared = schema["components"]["schemas"]["Finding"]["properties"]
    assert set(body["items"][0]) == set(declared)
    figures = schema["components"]["schemas"]["Figures"]["properties"]
    assert set(client.get("/api/quality").json()["total"]) == set(figures)


def test_command(settings: Settings, tmp_path: Path) -> None:
    home = settings.home
    shown = riskmap(home, "quality")
    assert shown.returncode == 0, shown.stderr
    assert "人员密集场所" in shown.stdout
    assert "共 240 行：完整率" in shown.stdout
    for by in ("source", "district", "street", "check"):
        assert riskmap(home, "quality", "--by", by).returncode == 0


def test_command_writes_a_workbook_and_a_csv(settings: Settings, tmp_path: Path) -> None:
    done = riskmap(settings.home, "quality", "--area", "110101", "--out", str(tmp_path / "q.xlsx"))
    assert done.returncode == 0, done.stderr
    book = openpyxl.load_workbook(tmp_path / "q.xlsx", read_only=True)
    assert book.sheetnames == ["按要素", "按街道", "按来源", "检查项", "问题清单"]
    streets = list(book["按街道"].iter_rows(values_only=True))
    assert {row[0] for row in streets[1:]} == {"110101001000", "110101002000"}
    findings = list(book["问题清单"].iter_rows(values_only=True))
    assert len(findings) > 50
    book.close()
    assert riskmap(settings.home, "quality", "--kind", "venue", "--out", str(tmp_path / "q.csv")).returncode == 0
    lines = list(csv.DictReader(io.StringIO((tmp_path / "q.csv").read_text("utf-8-sig"))))
    assert {line["要素"] for line in lines} == {"人员密集场所"}


@pytest.mark.parametrize("arguments", [
    ("--out", "q.pdf"), ("--kind", "castle"), ("--area", "77"), ("--out", "no/such/folder/q.csv"),
])
def test_command_refuses_with_a_remedy(settings: Settings, arguments: tuple[str, ...]) -> None:
    done = riskmap(settings.home, "quality", *arguments)
    assert done.returncode == 2
    assert "错误：" in done.stderr
    assert "办法：" in done.stderr
    assert "Traceback" not in done.stderr


def test_command_without_any_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RISKMAP_HOME", str(tmp_path / "home"))
    with pytest.raises(SnapshotError) as caught:
        CliRunner().invoke(qualitycommands.app, ["quality"], catch_exceptions=False)
    assert "--now" in caught.value.remedy("zh")
