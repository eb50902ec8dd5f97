"""The tables of a snapshot, each column declared once: name, type, unit, meaning. Writer, verifier and reader use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from layers.style import THEMES

ColumnType = Literal["int", "float", "text", "bool", "bytes"]


@dataclass(frozen=True)
class Column:
    """One column: integers are int8 to int64, floats float32 or float64, bytes are WKB."""

    name: str
    type: ColumnType
    zh: str = ""
    unit: str = ""


def _columns(type_: ColumnType, *names: str, unit: str = "") -> tuple[Column, ...]:
    return tuple(Column(name, type_, unit=unit) for name in names)


#: Exact fixed-point fields: individual risk in 1e-18 per year, S in 1e-15 deaths per year.
IR_UNIT = 1e-18
S_UNIT = 1e-15

_IR = _columns("int", "ir_hc", "ir_an", "ir_semi", unit="1e-18/yr")
_THEME_S = tuple(Column(f"s_{code}", "int", zh, "1e-15 deaths/yr") for code, zh in THEMES)
_THEME_PLL = tuple(Column(f"pll_{code}", "float", zh, "deaths/yr") for code, zh in THEMES)

_PEOPLE = (Column("residents", "float", "常住人口", "人"), Column("workers", "float", "从业人员", "人"))
_DENSITY = Column("density", "float", "PLL密度", "deaths/(km2 yr)")

_LEVEL_P = tuple(Column(f"p_level_{n}", "float", f"等级为{n}的概率") for n in range(1, 5))

FIELDS = (Column("cell", "int"), *_IR, Column("s", "int", unit="1e-15 deaths/yr"))

CELLS = (
    Column("cell", "int", "网格序号"), Column("id", "text", "网格编号"), *_columns("float", "lon", "lat", unit="°"),
    Column("street", "int", "街道行号"), *_PEOPLE,
    Column("s", "int", "潜在生命损失", "1e-15 deaths/yr"), *_THEME_S, *_IR, _DENSITY,
    Column("index", "float", "指数"), Column("level", "int", "等级"), Column("hatched", "bool", "颜色不稳定"),
    Column("p_level", "float", "所示等级的概率"), *_LEVEL_P, Column("codes", "int", "规则位图"),
)

AREAS = (
    Column("code", "text", "代码"), Column("name", "text", "名称"), Column("level", "text", "层级"),
    Column("parent", "text", "上级代码"), Column("area_km2", "float", "面积", "km²"), *_PEOPLE,
    Column("pll", "float", "潜在生命损失", "deaths/yr"), _DENSITY,
    Column("index", "float", "指数"), Column("risk_level", "int", "风险等级"), Column("hatched", "bool", "颜色不稳定"),
    Column("kappa", "float", "人均风险比"), Column("codes", "text", "规则"), *_THEME_PLL,
    *_columns("float", *(f"share_area_{n}" for n in range(1, 5)), *(f"share_people_{n}" for n in range(1, 5))),
    Column("rank", "int", "名次"), Column("rank_p05", "int", "名次5%分位"), Column("rank_p95", "int", "名次95%分位"),
    Column("p_top10", "float", "进入前十的概率"), Column("stable", "bool", "颜色稳定"),
    *(Column(f"pll_p{q}", "float", f"潜在生命损失{int(q)}%分位", "deaths/yr") for q in ("05", "50", "95")), *_LEVEL_P,
    Column("fn_acceptable", "int", "F-N在可接受区的装置"), Column("fn_alarp", "int", "F-N在尽可能降低区的装置"),
    Column("fn_unacceptable", "int", "F-N在不可接受区的装置"),
    *_columns("float", "lon", "lat", unit="°"), Column("geometry", "bytes"),
)

SOURCES = (
    *_columns("text", "id", "kind", "name", "enterprise_id", "enterprise_name", "area_code"),
    *_columns("float", "lon", "lat", unit="°"), *_columns("text", "theme", "scope"), Column("frequency", "float", "频率", "1/yr"),
    Column("pll", "float", "潜在生命损失", "deaths/yr"), Column("level", "int", "计算等级"), Column("grade", "text", "自评等级"),
    Column("factor", "float", "管理修正系数"), *_columns("bool", "counted", "synthetic"), *_columns("text", "assumed", "refused"),
)

#: What the rules say of buried lines: columns that a snapshot's sources may have.
SOURCES_OF_LINES = (
    Column("class_location", "text", "地区等级（计算）"), Column("hca", "text", "高后果区"),
    Column("pir_m", "float", "潜在影响半径", "m"), Column("encroachments", "float", "已证实的占压与距离不足"),
    Column("evidence", "text", "管线判定依据"),
)

FN = (
    Column("level", "text", "installation, street, district or city"), Column("code", "text", "installation id or area code"),
    Column("name", "text"), Column("n", "int", "死亡人数"), Column("f", "float", "频率", "1/yr"),
    Column("zone", "text", "判据区"),
)

#: Data quality by street, kind and data set: counts that add up (see :data:`geo.quality.scoring.COUNTS`) and a score 0–100.
QUALITY = (
    *_columns("text", "area_code", "kind", "source"),
    Column("rows", "int", "行数"), Column("quarantined", "int", "隔离"), Column("complete", "int", "完整"),
    Column("observed", "int", "完整且无假定"), Column("fill", "float", "填报率之和"), Column("valid", "int", "有效"),
    Column("dated", "int", "有更新日期"), Column("fresh", "int", "时效内"), Column("duplicated", "int", "重复"),
    Column("misplaced", "int", "位置可疑"), Column("assumed", "int", "含假定值"), Column("synthetic", "int", "合成"),
    Column("score", "float", "得分"),
)

QUALITY_FINDINGS = (
    *_columns("text", "kind", "id", "name", "area_code", "source", "check", "value"), Column("number", "float"),
    Column("other", "text"), *_columns("float", "lon", "lat", unit="°"),
)

#: Table name → required columns; a table may have more (counts such as ``n_venue`` in areas).
TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType({
    "fields": FIELDS, "cells": CELLS, "areas": AREAS, "sources": SOURCES, "fn": FN,
})

#: Warnings that stand; dates beside these columns: since, until, calm_since.
WARNINGS = (
    *_columns("text", "id", "name"), Column("level", "int", "等级 1 红 … 4 蓝"), *_columns("text", "kind", "area_code", "text"),
    Column("geometry", "bytes"),
)

#: Tables that a snapshot may have; it must where its manifest has an entry of the name's first word.
OPTIONAL_TABLES: Mapping[str, tuple[Column, ...]] = MappingProxyType({
    "quality": QUALITY, "quality_findings": QUALITY_FINDINGS, "warnings": WARNINGS,
})


def missing_columns(table: str, names: Iterable[str]) -> list[str]:
    """Names of the declared columns of `table` that `names` lacks; empty for a table that is not declared."""
    present = set(names)
    return [column.name for column in (TABLES.get(table) or OPTIONAL_TABLES.get(table, ())) if column.name not in present]
