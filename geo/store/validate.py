"""A frame of one kind checked against its declaration: good rows as one typed Arrow table, bad rows as faults with reasons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from geo.errors import BadFile
from geo.kinds import Field, Kind
from geo.store.coerce import COERCE, Mask, to_geometry
from geo.store.content import content_hash

#: Longitudes and latitudes between which everything on the map lies: China with its seas (degrees, CGCS2000).
CHINA = (73.0, 3.0, 136.0, 54.0)

_GEOMETRY_TYPES = {
    "point": ((0,), "点", "a point"),
    "line": ((1, 5), "线", "a line"),
    "polygon": ((3, 6), "面", "a polygon"),
    "point_or_polygon": ((0, 3, 6), "点或面", "a point or a polygon"),
}

_TYPE_WORDS = {
    "text": ("不是文本，或含有非法字符", "is not text, or has characters that cannot be stored"),
    "int": ("不是整数", "is not a whole number"),
    "float": ("不是数值", "is not a number"),
    "bool": ("不是“是/否”", "is not yes or no"),
    "date": ("不是日期", "is not a date"),
    "json": ("不是 JSON", "is not JSON"),
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with some rows.

    Attributes
    ----------
    rows : (n,) int64
        Positions of the rows in the frame, from 0.
    field : str
        Declared field, or ``geometry``.
    zh, en : str
        The reason.
    """

    rows: NDArray[np.int64]
    field: str
    zh: str
    en: str


@dataclass(frozen=True)
class Checked:
    """What validation leaves.

    Attributes
    ----------
    table : Table
        Good rows in order of id: every declared field with its type, then ``minx`` … ``maxy`` and ``content`` (int64 hash).
    geometry : (n,) object
        Shapely geometries of the same rows.
    faults : list of Fault
        Everything that is wrong, row by row and field by field.
    bad : (m,) bool
        Rows of the frame that have a fault.
    bad_ids : frozenset of str
        Identifiers of the refused rows, as far as they can be read.
    """

    table: pa.Table
    geometry: NDArray[np.object_]
    faults: list[Fault]
    bad: Mask
    bad_ids: frozenset[str]


def validate(kind: Kind, frame: pd.DataFrame, taken: Callable[[pa.Array], Mask] | None = None) -> Checked:
    """Check a frame against the declaration of its kind.

    Parameters
    ----------
    kind : Kind
        The declaration.
    frame : DataFrame
        Declared fields by code name and ``geometry`` (Shapely or WKB, CGCS2000 degrees). Optional fields may be absent.
    taken : callable, optional
        Says of the ids of rows that are good so far whether an earlier part of the same load holds them already.

    Raises
    ------
    BadFile
        If a required column is absent or a column is not declared: that is a wrong file, not a bad row.
    """
    _check_columns(kind, frame)
    frame = frame.reset_index(drop=True)
    columns: dict[str, pa.Array] = {}
    faults: list[Fault] = []
    for field in kind.all_fields:
        if field.name in frame:
            columns[field.name], refused = COERCE[field.type](frame[field.name])
        else:
            columns[field.name], refused = pa.nulls(len(frame), COERCE[field.type](pd.Series([], dtype=object))[0].type), None
        faults.extend(_field_faults(field, columns[field.name], refused))
    shapes, unreadable = to_geometry(frame["geometry"])
    faults.extend(_geometry_faults(kind, shapes, unreadable))
    faults.extend(_order_faults(columns))
    bad = _bad_rows(faults, len(frame))
    faults.extend(_duplicate_faults(columns["id"], bad, taken))
    bad = _bad_rows(faults, len(frame))
    return _checked(columns, shapes, faults, bad)


def _check_columns(kind: Kind, frame: pd.DataFrame) -> None:
    declared = {field.name: field for field in kind.all_fields}
    missing = [name for name, field in declared.items() if field.required and name not in frame]
    missing += [] if "geometry" in frame else ["geometry"]
    unknown = [str(name) for name in frame.columns if name not in declared and name != "geometry"]
    doubled = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
    if missing or unknown or doubled:
        raise BadFile(
            f"{kind.zh}的列不符合声明：" + _listed("；", ("缺少", missing), ("未声明", unknown), ("重复", doubled)),
            f"the columns of {kind.name} do not match its declaration: "
            + _listed("; ", ("missing", missing), ("undeclared", unknown), ("doubled", doubled)),
            remedy_zh="请对照数据模型说明（docs/data-model.md）修改列名。",
            remedy_en="Compare the column names with docs/data-model.md.",
            kind=kind.name, missing=missing, unknown=unknown, doubled=doubled,
        )


def _listed(separator: str, *groups: tuple[str, list[str]]) -> str:
    return separator.join(f"{word} {', '.join(names)}" for word, names in groups if names)


def _fault(mask: Mask, field: str, zh: str, en: str) -> Iterator[Fault]:
    rows = np.flatnonzero(mask)
    if rows.size:
        yield Fault(rows, field, zh, en)


def _field_faults(field: Field, column: pa.Array, refused: Mask | None) -> Iterator[Fault]:
    absent = pc.is_null(column).to_numpy(zero_copy_only=False)
    if refused is not None:
        absent = absent & ~refused
        zh, en = _TYPE_WORDS[field.type]
        yield from _fault(refused, field.name, f"{field.zh}{zh}", f"{field.name} {en}")
    if field.required:
        yield from _fault(absent, field.name, f"缺少必填项“{field.zh}”", f"{field.name} is required")
    if field.choices:
        outside = _true(pc.invert(pc.is_in(column, pa.array(field.choices, pa.string()), skip_nulls=True)))
        outside &= pc.is_valid(column).to_numpy(zero_copy_only=False)
        shown = "、".join(field.choices[:8]) + ("…" if len(field.choices) > 8 else "")
        yield from _fault(outside, field.name, f"{field.zh}的取值不在允许范围内（{shown}）",
                          f"{field.name} is none of the allowed values ({shown})")
    if field.minimum is not None:
        yield from _fault(_true(pc.less(column, field.minimum)), field.name, f"{field.zh}小于 {field.minimum:g}{field.unit}",
                          f"{field.name} is below {field.minimum:g}")
    if field.maximum is not None:
        yield from _fault(_true(pc.greater(column, field.maximum)), field.name, f"{field.zh}大于 {field.maximum:g}{field.unit}",
                          f"{field.name} is above {field.maximum:g}")


def _true(condition: pa.Array) -> Mask:
    return np.array(pc.fill_null(condition, False).to_numpy(zero_copy_only=False), bool)


def _geometry_faults(kind: Kind, shapes: NDArray[np.object_], unreadable: Mask) -> Iterator[Fault]:
    types, zh, en = _GEOMETRY_TYPES[kind.geometry]
    there = ~shapely.is_missing(shapes)
    empty = there & shapely.is_empty(shapes)
    wrong = there & ~empty & ~np.isin(shapely.get_type_id(shapes), types)
    invalid = there & ~empty & ~wrong & ~shapely.is_valid(shapes)
    yield from _fault(unreadable, "geometry", "几何无法解析", "the geometry cannot be read")
    yield from _fault(~there & ~unreadable | empty, "geometry", "缺少几何（坐标）", "the geometry is missing or empty")
    yield from _fault(wrong, "geometry", f"几何类型不是{zh}", f"the geometry is not {en}")
    yield from _fault(invalid, "geometry", "几何自相交或无效", "the geometry crosses itself or is invalid")
    bounds = shapely.bounds(shapes)
    outside = there & ~empty & ~wrong & ~invalid & ~_inside(bounds)
    swapped = outside & _inside(bounds[:, [1, 0, 3, 2]])
    yield from _fault(swapped, "geometry", "坐标不在中国范围内，疑似经纬度颠倒",
                      "the position lies outside China; longitude and latitude look swapped")
    yield from _fault(outside & ~swapped, "geometry", "坐标不在中国范围内", "the position lies outside China")


def _inside(bounds: NDArray[np.float64]) -> Mask:
    west, south, east, north = CHINA
    with np.errstate(invalid="ignore"):
        return np.asarray((bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north))


def _order_faults(columns: dict[str, pa.Array]) -> Iterator[Fault]:
    backwards = _true(pc.less_equal(columns["valid_to"], columns["valid_from"]))
    yield from _fault(backwards, "valid_to", "失效日期不晚于生效日期", "valid_to is not after valid_from")


def _duplicate_faults(ids: pa.Array, bad: Mask, taken: Callable[[pa.Array], Mask] | None) -> Iterator[Fault]:
    good = np.flatnonzero(~bad)
    candidates = ids.take(pa.array(good))
    doubled = pd.Series(candidates.to_numpy(zero_copy_only=False), dtype=object).duplicated().to_numpy(bool)
    if taken is not None:
        doubled = doubled | taken(candidates)
    if doubled.any():
        yield Fault(good[doubled], "id", "编号在本次导入中重复，保留先出现的一行",
                    "the id occurs twice in this load; the first row is kept")


def _bad_rows(faults: list[Fault], rows: int) -> Mask:
    bad = np.zeros(rows, bool)
    for fault in faults:
        bad[fault.rows] = True
    return bad


def _checked(columns: dict[str, pa.Array], shapes: NDArray[np.object_], faults: list[Fault], bad: Mask) -> Checked:
    table = pa.table(columns)
    bad_ids: frozenset[str] = frozenset()
    if bad.any():
        bad_ids = frozenset(columns["id"].filter(pa.array(bad)).drop_null().to_pylist())
        table, shapes = table.filter(pa.array(~bad)), shapes[~bad]
    order = pc.sort_indices(table["id"])
    table, shapes = table.take(order).combine_chunks(), shapes[order.to_numpy()]
    bounds = shapely.bounds(shapes).reshape(-1, 4)
    content = content_hash(table, shapes)
    for position, side in enumerate(("minx", "miny", "maxx", "maxy")):
        table = table.append_column(side, pa.array(np.ascontiguousarray(bounds[:, position])))
    return Checked(table.append_column("content", pa.array(content)), shapes, faults, bad, bad_ids)


def payloads(frame: pd.DataFrame, rows: NDArray[np.int64]) -> dict[int, str]:
    """JSON text of some rows as they came, geometry as WKT, so that they can be exported, mended and loaded again."""
    taken = frame.iloc[rows]
    shapes, _ = to_geometry(taken["geometry"]) if "geometry" in taken else (np.full(len(rows), None), None)
    texts: dict[int, str] = {}
    records = taken.drop(columns="geometry", errors="ignore").to_dict("records")
    for row, record, shape, raw in zip(rows.tolist(), records, shapes, taken.get("geometry", shapes), strict=True):
        kept = {str(name): value for name, value in record.items() if isinstance(value, list | dict) or not pd.isna(value)}
        kept["geometry"] = shape.wkt if shape is not None else None if raw is None else repr(raw)[:200]
        texts[row] = storable(json.dumps(kept, ensure_ascii=False, default=str))
    return texts


def storable(text: str) -> str:
    """The text without what no engine can hold (NUL, halves of surrogate pairs)."""
    return text.replace("\x00", "�").replace("\\u0000", "�").encode("utf-8", "replace").decode()
