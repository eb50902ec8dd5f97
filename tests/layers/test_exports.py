from __future__ import annotations

import csv
import io

import orjson
import pytest

from layers.exports import csv_rows, geojson, neutral, records_csv
from layers.reader import Snapshot


def test_geojson_has_every_feature_and_says_what_it_is(snapshot: Snapshot) -> None:
    table = snapshot.features("venue")
    document = orjson.loads(b"".join(geojson(table, range(len(table)), synthetic=True, fields=["name", "venue_type"])))
    assert document["synthetic"] is True
    assert "合成数据" in document["note"]
    assert len(document["features"]) == len(table)
    assert set(document["features"][0]["properties"]) == {"name", "venue_type", "synthetic"}
    assert {feature["geometry"]["type"] for feature in document["features"]} == {"Point", "Polygon"}


def test_an_empty_answer_is_still_a_document(snapshot: Snapshot) -> None:
    table = snapshot.features("venue")
    assert orjson.loads(b"".join(geojson(table, [], synthetic=False)))["features"] == []
    assert b"".join(csv_rows(table, [])).count(b"\r\n") == 1


def test_csv_opens_in_chinese_and_reads_back(snapshot: Snapshot) -> None:
    table = snapshot.features("enterprise")
    raw = b"".join(csv_rows(table, [3, 1], fields=["id", "name", "assumed"]))
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    expected = table.properties([3, 1])
    assert [row["id"] for row in rows] == [entry["id"] for entry in expected]
    assert [row["name"] for row in rows] == [entry["name"] for entry in expected]
    assert {row["synthetic"] for row in rows} == {"True"}
    assert float(rows[0]["lon"]) == pytest.approx(table.lon[3], abs=1e-7)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-cmd", "@sum", " =1", "\t=1", "\r=1"])
def test_formulas_are_neutralised(text: str) -> None:
    assert neutral(text) == "'" + text


def test_numbers_and_plain_text_stay() -> None:
    assert [neutral(value) for value in (-1.5, 0, None, True, "a=b", "")] == [-1.5, 0, None, True, "a=b", ""]


def test_a_ranking_as_csv(snapshot: Snapshot) -> None:
    raw = records_csv(snapshot.ranking("street"), ["position", "name", "pll", "codes"], synthetic=True)
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert [row["position"] for row in rows] == ["1", "2", "3", "4"]
    assert {row["synthetic"] for row in rows} == {"True"}
