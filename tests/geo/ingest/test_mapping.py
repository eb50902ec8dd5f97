"""Columns find their fields; values and units become what the declaration wants; what is left over is kept."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from geo.errors import BadFile, BadParameter
from geo.ingest import Declared, ingest_file, read_mapping, write_mapping, write_template
from geo.ingest.mapping import Saved, map_columns
from geo.ingest.words import headings, values
from geo.kinds import KINDS
from geo.store import Store

LEDGER = """XX区生产经营单位台账,,,,,,,,,,,,
企业编号,企业名称,统一社会信用代码,所属行业,从业人数(人),建筑面积（万㎡）,喷淋,安责险,标准化等级,更新时间,经度,纬度,负责人
A1,甲厂,91110000600037341L,制造业,"1,200",0.35,有,已投保,二级企业,2024/1/5,116.1,39.7,张三
A2,乙店,9111 0000 6000 3734 1L,F 批发和零售业,３５人,-,无,否,,45296,116.3,39.7,
A3,丙所,911100006000373411,教育,12,0.01,,,,20240105,116.5,39.9,=cmd()
A4,丁站,,不知道,12,约三百,,,,,116.5,39.9,
"""


def test_a_ledger_as_people_write_it(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "台账.csv"
    file.write_text(LEDGER, encoding="gb18030")
    ingested = ingest_file(town, "enterprise", file)
    assert (ingested.report.inserted, ingested.report.quarantined) == (3, 1)
    assert ingested.encoding.startswith("GB18030")
    rows = town.read("enterprise").set_index("id")
    assert list(rows["staff_at_place"]) == [1200, 35, 12]
    assert rows.at["A1", "floor_area_m2"] == 3500
    assert list(rows["industry"]) == ["C", "F", "P"]
    assert (rows.at["A1", "sprinklers"], rows.at["A1", "insured"], rows.at["A1", "standardisation"]) == (True, True, "二级")
    assert {day.isoformat()[:10] for day in rows["updated_at"]} == {"2024-01-05"}
    assert rows.at["A2", "credit_code"] == "91110000600037341L"
    assert json.loads(rows.at["A1", "extra"]) == {"负责人": "张三"}
    found = {finding.code: finding for finding in ingested.findings}
    assert found["credit-code-check-digit"].examples == ((3, "911100006000373411"),)
    assert found["unit-converted-floor_area_m2"].evidence["factor"] == "10000.0"
    assert "title" in found
    bad = town.quarantine().set_index("field")
    assert bad.at["floor_area_m2", "value"] == "约三百"
    assert bad.at["industry", "row"] == 4


def test_industry_follows_from_its_code(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "e.csv"
    file.write_text("id,industry,industry_code,staff_at_place,lon,lat\n1,,C2614,1,116.1,39.7\n2,P,8210,1,116.1,39.7\n"
                    "3,C,5211,1,116.1,39.7\n4,C,9999,1,116.1,39.7\n5,,xx,1,116.1,39.7\n6,C,2615,1,116.1,39.7\n"
                    "7,C,2600,1,116.1,39.7\n8,,9700,3,116.1,39.7\n9,国际组织,,3,116.1,39.7\n", encoding="utf-8")
    ingested = ingest_file(town, "enterprise", file)
    counts = {finding.code: finding.count for finding in ingested.findings}
    assert town.read("enterprise")["industry"].tolist() == ["C", "P", "C", "C", "C", "C", "T", "T"]
    assert (counts["industry-filled"], counts["industry-code-2011"], counts["industry-disagrees"]) == (2, 1, 1)
    assert (counts["industry-code-unknown"], counts["industry-class-unknown"]) == (2, 1)
    examples = {finding.code: finding.examples for finding in ingested.findings}
    assert examples["industry-code-2011"] == ((2, "8210 / P → 83 教育"),)
    assert examples["industry-disagrees"] == ((3, "5211（百货零售） / C"),)
    assert examples["industry-class-unknown"] == ((6, "2615（基础化学原料制造）"),)
    assert town.quarantine()["row"].tolist() == [5]


def test_substances(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text("重大危险源编号,单元类型,判据范围,物质名称,CAS号,最大储量(kg),容器数,单台容积,经度,纬度\n"
                    "1,罐区,hc,液氨,7664-41-7,30000,1,50,116.1,39.7\n2,加油站,hc,汽油,7664-41-7,1e5,4,30,116.1,39.7\n"
                    "3,加油站,hc,神秘液体,7664-41-8,100,4,30,116.1,39.7\n", encoding="utf-8")
    counts = {finding.code: finding.count for finding in ingest_file(town, "hazard_source", file).findings}
    assert (counts["cas-disagrees"], counts["cas-check-digit"], counts["substance-unknown"]) == (1, 1, 1)
    assert town.read("hazard_source")["quantity_t"].tolist() == [30.0, 100.0, 0.1]


def test_two_columns_for_one_field(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="企业名称、单位名称") as caught:
        map_columns(KINDS["enterprise"], ["企业名称", "单位名称"], path=tmp_path / "x.csv")
    assert "--mapping" in caught.value.remedy_zh


def test_saved_mapping_goes_round(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("号,名,甲,乙,东,北,备\n1,某队,特别队,\"5\",447924.483,4419380.448,x\n", encoding="utf-8")
    saved = Saved("emergency_resource", {"号": "id", "名": "name", "甲": "resource_type", "乙": "staff", "东": "@lon",
                                         "北": "@lat", "备": "-"},
                  {"resource_type": {"特别队": "team"}}, {"synthetic": True}, "EPSG:4548", "utf-8", swap_axes=False)
    ingested = ingest_file(town, "emergency_resource", file, Declared(mapping=saved))
    write_mapping(tmp_path / "m.toml", ingested.mapping)
    assert read_mapping(tmp_path / "m.toml") == ingested.mapping.saved == saved
    row = town.read("emergency_resource").iloc[0]
    assert (row["name"], row["resource_type"], row["staff"], row["synthetic"], row["extra"]) == ("某队", "team", 5, True, None)
    assert row["geometry"].x == pytest.approx(116.391, abs=1e-6)
    assert ingest_file(town, "emergency_resource", file,
                       Declared(mapping=read_mapping(tmp_path / "m.toml"))).report.unchanged == 1


@pytest.mark.parametrize(("text", "words"), [
    ("kind = 5\n", "不认识"), ("x = 1\n", "x"), ("[columns]\na = 1\n", "不认识"), ("=", "TOML"), ("[values]\na = 1\n", "不认识"),
])
def test_bad_mappings(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(BadParameter, match=words):
        read_mapping(tmp_path / "m.toml")


def test_mapping_that_does_not_fit(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a,lon,lat\n1,116,39\n")
    for saved, words in ((Saved("venue"), "venue"), (Saved(columns={"a": "dragon"}), "dragon"), (Saved(identifier=("b",)), "b")):
        with pytest.raises(BadFile, match=words):
            ingest_file(town, "emergency_resource", file, Declared(mapping=saved))


def test_id_of_several_columns_and_of_the_credit_code(town: Store, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("统一社会信用代码,场所序号,行业门类,从业人员,lon,lat\n"
                    "91110000600037341L,2,C,5,116.1,39.7\n,1,C,5,116.1,39.7\n", encoding="utf-8")
    ingest_file(town, "enterprise", file)
    assert town.read("enterprise")["id"].tolist() == ["91110000600037341L"]
    assert town.quarantine()["field"].tolist() == ["id"]
    ingest_file(town, "enterprise", file, Declared(identifier=("统一社会信用代码", "场所序号"), complete=True))
    assert town.read("enterprise")["id"].tolist() == ["91110000600037341L-2"]


def test_rows_without_position_stand_where_their_enterprise_stands(town: Store, tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("id,统一社会信用代码,行业门类,从业人员,lon,lat\nE1,91110000600037341L,C,5,116.1,39.7\n",
                                    encoding="utf-8")
    ingest_file(town, "enterprise", tmp_path / "e.csv")
    (tmp_path / "d.csv").write_text("隐患编号,统一社会信用代码,是否重大隐患,检查日期\n"
                                    "D1,91110000600037341L,否,2024/1/5\nD2,E1,重大隐患,20240106\n"
                                    "D3,nobody,一般,2024-01-07\n", encoding="utf-8")
    ingested = ingest_file(town, "hidden_danger", tmp_path / "d.csv")
    assert (ingested.report.inserted, ingested.report.quarantined) == (2, 1)
    rows = town.read("hidden_danger")
    assert rows["enterprise_id"].tolist() == ["E1", "E1"]
    assert rows["major"].tolist() == [False, True]
    assert {(shape.x, shape.y) for shape in rows["geometry"]} == {(116.1, 39.7)}
    assert "enterprise-unknown" in {finding.code for finding in ingested.findings}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_templates_are_read_back_without_a_question(tmp_path: Path, kind: str, ending: str) -> None:
    from geo.ingest.readers import open_file

    file = tmp_path / f"t.{ending}"
    assert write_template(kind, file) > 3
    with open_file(file) as reading:
        mapping = map_columns(KINDS[kind], reading.columns, path=file)
    assert mapping.extra == []
    assert {column.how for column in mapping.columns} == {"name"}
    assert {field.name for field in KINDS[kind].all_fields if field.required} <= {*mapping.fields.values(), "source", "synthetic"}
    with pytest.raises(BadParameter, match="已存在"):
        write_template(kind, file)


def test_words_mean_values_that_exist() -> None:
    told = tomllib.loads(files("geo.ingest").joinpath("words.toml").read_text(encoding="utf-8"))
    for section, words in told.items():
        kind, _, field = section.partition(".")
        if kind == "*":
            continue
        assert set(words) <= set(KINDS[kind].field(field).choices), section
        assert len({word for some in words.values() for word in some}) == sum(len(some) for some in words.values()), section
    for kind_ in KINDS.values():
        for field_ in kind_.all_fields:
            assert all(values(kind_, field_)[choice] == choice for choice in field_.choices)


def test_synonyms_name_fields_that_exist() -> None:
    told = tomllib.loads(files("geo.ingest").joinpath("synonyms.toml").read_text(encoding="utf-8"))
    for section, fields in told.items():
        if section in KINDS:
            assert set(fields) <= {field.name for field in KINDS[section].all_fields}, section
    for kind in KINDS.values():
        for field in kind.all_fields:
            assert headings(kind)[field.name.replace("_", "")] == field.name
