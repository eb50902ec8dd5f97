"""Which collections a snapshot has, and how each is made from its tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from geo.errors import NotFound
from geo.kinds import KINDS, Field, Kind
from layers import arrow
from layers.collections.collection import Collection, Column, constant, looked_up, plain, scaled
from layers.collections.geometry import Geometry, places, squares, stored
from layers.columns import Columns
from layers.filters.subject import Bounds, Property, PropertyType
from layers.style import THEMES
from layers.tables import AREAS, CELLS, IR_UNIT, S_UNIT, SOURCES, SOURCES_OF_LINES
from layers.tables import Column as Declared

if TYPE_CHECKING:
    from layers.reader import Snapshot

AREA_COLLECTIONS: Mapping[str, str] = {"areas-street": "street", "areas-district": "district", "areas-city": "city"}
_AREA_TITLES = {"areas": "行政区风险", "areas-street": "街道风险", "areas-district": "区风险", "areas-city": "全市风险"}

#: Collections that are no feature kinds, in the order in which they are listed.
OTHERS = ("areas", *AREA_COLLECTIONS, "cells", "sources", "warnings")

_LEVEL = Property("risk_level", "风险等级", "int", minimum=1, maximum=4, note="1 重大 major … 4 低 low")
_KNOWN = (
    _LEVEL, *(Property(name, "潜在生命损失", "float", "deaths/yr") for name in ("risk_pll", "pll")),
    Property("enterprise_name", "单位名称"),
)
_WARNINGS = (
    Property("id", "编号"), Property("name", "名称"), Property("level", "等级", "int", minimum=1, maximum=4),
    Property("kind", "类别"),
    Property("area_code", "街道代码"), Property("text", "内容"), Property("since", "起始日期", "date"),
    Property("until", "截止日期", "date"), Property("calm_since", "平息始于", "date"),
)


def collection_names(snapshot: Snapshot) -> tuple[str, ...]:
    """Ids of all collections of a snapshot."""
    return (*OTHERS, *(name for name in snapshot.kinds if name not in OTHERS))


def make_collection(snapshot: Snapshot, name: str) -> Collection:
    """One collection.

    Raises
    ------
    NotFound
        If the snapshot has none of this id.
    """
    if name in _AREA_TITLES:
        return _areas(snapshot, name)
    if name in snapshot.kinds:
        return _kind(snapshot, name)
    made = {"cells": _cells, "sources": _sources, "warnings": _warnings}.get(name)
    if made is None:
        known, shown = collection_names(snapshot), name.encode("utf-8", "replace").decode()[:80]
        raise NotFound(f"没有名为“{shown}”的图层", f"there is no collection {shown!r}", remedy_zh=f"可用：{'、'.join(known)}。",
                       remedy_en=f"Known: {', '.join(known)}.", collection=shown)
    return made(snapshot)


# ---------------------------------------------------------------------- feature kinds

def _kind(snapshot: Snapshot, name: str) -> Collection:
    declared, table = KINDS[name], snapshot.features(name)
    data = table.columns.table
    fields = [field for field in declared.all_fields if field.name in data.column_names]
    columns = {field.name: plain(data[field.name]) for field in fields}
    shown = [property_of(field) for field in fields]
    ids = columns["id"].parts[0]
    shown.append(Property("kind", "要素类型", choices=(name,)))
    columns["kind"] = constant(name, ids)
    risk = snapshot.source_risk(name)
    if risk.known:
        level, pll = risk.columns()
        names = plain(snapshot.sources.table["enterprise_name"]).parts[0]
        columns |= {"risk_level": Column((level,)), "risk_pll": Column((pll,)), "pll": Column((pll,)),
                    "enterprise_name": looked_up(risk.source, names)}
        shown += [entry for entry in _KNOWN if entry.name not in {field.name for field in fields}]

    def geometry() -> Geometry:
        return stored(declared.geometry, data["geometry"], table.bounds, (table.lon, table.lat))

    return Collection(name, declared.zh, described(declared), shown, columns, columns["id"], geometry,
                      geometry_kind=declared.geometry, span=("valid_from", "valid_to"))


def described(kind: Kind) -> str:
    """What a kind is, in Chinese and in English."""
    return f"{kind.zh} · {kind.note or kind.name.replace('_', ' ')}"


def property_of(field: Field) -> Property:
    """What a filter or a file says of a declared field."""
    kind: PropertyType = "texts" if field.name == "assumed" else field.type
    return Property(field.name, field.zh, kind, field.unit, field.choices, field.minimum, field.maximum, field.note)


# ---------------------------------------------------------------------- areas

def _areas(snapshot: Snapshot, name: str) -> Collection:
    rows = snapshot.area_rows(AREA_COLLECTIONS[name]) if name != "areas" else np.arange(len(snapshot.areas))
    table, level = snapshot.areas.table, AREA_COLLECTIONS.get(name)
    at = arrow.numbers(rows.astype(np.int64))
    names = [column for column in table.column_names if column != "geometry"]
    columns = {column: Column((plain(table[column]).parts[0].take(at),)) for column in names}
    codes = arrow.single(plain(table["code"]).parts[0])
    parents = pc.index_in(columns["parent"].parts[0], value_set=codes)
    columns["parent_name"] = Column((plain(table["name"]).parts[0].take(parents),))
    shown = [_declared(column, table.schema.field(column).type, AREAS) for column in names]
    shown = [Property(entry.name, entry.zh, choices=(level,) if level else ("city", "district", "street"))
             if entry.name == "level"
             else _LEVEL if entry.name == "risk_level" else entry for entry in shown]
    shown.append(Property("parent_name", "上级名称"))

    def geometry() -> Geometry:
        inner = tuple(np.asarray(snapshot.areas.numbers(axis)[rows]) for axis in ("lon", "lat"))
        return stored("polygon", table["geometry"].take(at), None, inner)  # type: ignore[arg-type]

    return Collection(name, _AREA_TITLES[name], "行政区及其风险 · areas with their risk", shown, columns, columns["code"],
                      geometry, geometry_kind="polygon")


# ---------------------------------------------------------------------- cells

def _cells(snapshot: Snapshot) -> Collection:
    table, numbers = snapshot.cells.table, snapshot.cells.numbers
    columns: dict[str, Column] = {"id": plain(table["id"])}
    shown = [Property("id", "网格编号")]
    zh = dict(THEMES)
    for name in table.column_names:
        if name in ("id", "cell", "street", "codes"):
            continue
        if name == "s" or (name.startswith("s_") and name[2:] in zh):
            own = "pll" if name == "s" else f"pll_{name[2:]}"
            columns[own] = scaled(table[name], S_UNIT)
            shown.append(Property(own, zh.get(name[2:], "潜在生命损失"), "float", "deaths/yr"))
        elif name in ("ir_hc", "ir_an", "ir_semi"):
            columns[name] = scaled(table[name], IR_UNIT)
            shown.append(Property(name, "个人风险", "float", "1/yr"))
        else:
            columns[name] = plain(table[name])
            shown.append(_declared(name, table.schema.field(name).type, CELLS))
    codes, rows = plain(snapshot.areas.table["code"]).parts[0], snapshot.area_rows("street").astype(np.int64)
    streets = codes.take(arrow.numbers(rows))
    columns["street_code"] = looked_up(numbers("street"), streets)
    bits, inverse = np.unique(numbers("codes"), return_inverse=True)
    fired = [orjson.dumps([code["code"] for bit, code in enumerate(snapshot.cell_codes) if value >> bit & 1]).decode()
             for value in bits.tolist()]
    columns["codes"] = looked_up(inverse.ravel(), arrow.texts(fired))
    shown += [Property("street_code", "街道代码"), Property("codes", "触发的规则", "texts")]
    return Collection("cells", "网格风险", "有人或有风险源的网格及其风险 · occupied cells of the grid with their risk", shown,
                      columns, columns["id"],
                      lambda: squares(snapshot.grid, numbers("cell"), numbers("lon"), numbers("lat")), geometry_kind="polygon",
                      extent=_around(numbers("lon"), numbers("lat")))


def _around(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> Bounds | None:
    """A box around cells by their centres, with room for half a cell of the largest size (1 km)."""
    if not len(lon):
        return None
    room = 0.01
    return float(lon.min()) - room, float(lat.min()) - room, float(lon.max()) + room, float(lat.max()) + room


# ---------------------------------------------------------------------- sources, warnings

def _sources(snapshot: Snapshot) -> Collection:
    table = snapshot.sources.table
    columns = {name: plain(table[name]) for name in table.column_names}
    level = snapshot.sources.numbers("level")  # 0 says in the file that nothing was computed
    columns["level"] = Column((arrow.numbers(level.astype(np.int8), level == 0),))
    shown = [_declared(name, table.schema.field(name).type, SOURCES + SOURCES_OF_LINES) for name in table.column_names]
    shown = [Property("assumed", "假定字段", "texts") if entry.name == "assumed" else entry for entry in shown]

    def joined(kind: pa.Array, own: pa.Array) -> pa.Array:
        return pc.binary_join_element_wise(kind, own, arrow.text("."))

    identity = Column((columns["kind"].parts[0], columns["id"].parts[0]), joined)
    return Collection("sources", "风险源评分",
                      "参与评分的全部对象：频率、PLL、等级 · everything that the model scored, with frequency, PLL and level",
                      shown, columns, identity,
                      lambda: places(snapshot.sources.numbers("lon"), snapshot.sources.numbers("lat")), geometry_kind="point")


def _warnings(snapshot: Snapshot) -> Collection:
    path = snapshot.path / "warnings.parquet"
    table = Columns(path).table if path.is_file() else None
    if table is None or not {"id", "geometry"} <= set(table.column_names):
        empty = {entry.name: Column((pa.nulls(0, {"int": pa.int64(), "date": pa.date32()}.get(entry.type, pa.string())),))
                 for entry in _WARNINGS}
        nowhere = np.empty(0)
        return Collection("warnings", "预警", "现行有效的预警 · warnings that stand now", _WARNINGS, empty, empty["id"],
                          lambda: places(nowhere, nowhere), geometry_kind="point_or_polygon", span=("since", "until"))
    names = [name for name in table.column_names if name != "geometry"]
    columns = {name: plain(table[name]) for name in names}
    known = {entry.name: entry for entry in _WARNINGS}
    shown = [known.get(name) or _declared(name, table.schema.field(name).type, ()) for name in names]

    def geometry() -> Geometry:
        found = stored("point_or_polygon", table["geometry"], None, (np.empty(0), np.empty(0)))
        inner = found.bounds[0], found.bounds[1]
        return Geometry(found.kind, found.bounds, inner, found.shapes)

    return Collection("warnings", "预警", "现行有效的预警 · warnings that stand now", shown, columns, columns["id"], geometry,
                      geometry_kind="point_or_polygon", span=("since", "until") if {"since", "until"} <= set(names) else None)


def _declared(name: str, type_: pa.DataType, table: tuple[Declared, ...]) -> Property:
    known = {column.name: column for column in table}.get(name)
    zh, unit = (known.zh, known.unit) if known else ("", "")
    if name.startswith("pll_"):
        zh = dict(THEMES).get(name[4:], zh)
    if name.startswith("n_") and name[2:] in KINDS:
        zh = f"{KINDS[name[2:]].zh}数"
    if name == "codes":
        return Property(name, zh or "规则", "json")
    return Property(name, zh, _type(type_), unit)


def _type(type_: pa.DataType) -> PropertyType:
    if pa.types.is_boolean(type_):
        return "bool"
    if pa.types.is_integer(type_):
        return "int"
    if pa.types.is_floating(type_):
        return "float"
    return "date" if pa.types.is_date32(type_) else "text"
