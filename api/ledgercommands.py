"""``riskmap features`` and ``riskmap history``: what the store holds or held at a moment, and what changed when."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands import app, settings_now
from api.console import Console, Report
from api.moments import Moment, asked_moment, day_named, written
from api.sheets import require_folder, require_writable, write_sheets
from geo.errors import BadFile, BadParameter

if TYPE_CHECKING:
    import shapely

    from geo.kinds import Kind
    from geo.store import Change
    from layers.collections import Collection
    from layers.filters import Filter

_KindName = Annotated[str, typer.Argument(help="要素类型，如 enterprise、venue · kind of the features")]
_Within = Annotated[Path | None, typer.Option(help="只要与此多边形相交的，GeoJSON 文件 · meeting the polygon of a GeoJSON file")]
_Bbox = Annotated[str, typer.Option(help="只要此矩形内的：西,南,东,北（度）· meeting a box: west,south,east,north")]
_Where = Annotated[str, typer.Option(help="条件（CQL2），如 \"industry = 'C' AND staff_at_place > 50\" · condition in CQL2")]
_At = Annotated[str, typer.Option(help="数据库在该时刻的样子，如 2026-10-01T12:00+08:00 · as the store stood at that moment")]
_ValidOn = Annotated[str, typer.Option(help="只要该日有效的（生效、失效日期）· only what is valid on that day")]
_Columns = Annotated[str, typer.Option(help="只要这些字段，逗号分隔 · only these fields, with commas")]
_Out = Annotated[Path | None,
                 typer.Option(help="写成文件：.csv .xlsx .geojson .geojsonl .gpkg .fgb .parquet · file to write, by its ending")]
_Rows = Annotated[int, typer.Option(min=1, help="屏幕上的行数 · rows on the screen")]


@app.command()
def features(
    kind: _KindName, within: _Within = None, bbox: _Bbox = "", where: _Where = "", at: _At = "", valid_on: _ValidOn = "",
    columns: _Columns = "", out: _Out = None, limit: _Rows = 20,
) -> None:
    """查询数据库中的要素，可回到任一时刻；在屏幕上列出或导出成文件。

    --within 与 --bbox 圈定范围，--where 写条件（与接口的 filter 相同的 CQL2），--at 回看数据库在某一时刻的样子
    （此后的载入、修改、移除都不算）。时刻不写时区按 RISKMAP_TIMEZONE 理解；只写日期是指那一天结束时。
    riskmap history 列出各次变化的时刻。

    例：riskmap features enterprise --where "industry = 'C'" --at 2026-10-01T12:00+08:00 --out 当时的企业.gpkg

    Features of the store, now or as it stood at any moment (--at), in a place, by a condition in CQL2; on the screen, or as a
    file. Text that looks like a formula is made harmless in CSV and XLSX.
    """
    from geo.kinds import kind as find_kind
    from geo.store import open_store
    from layers.collections import Query, rows_of
    from layers.collections.ledger import ledger_collection

    console, settings, declared = Console.now(), settings_now(), find_kind(kind)
    form = _writable(out)
    place, box = _polygon(within), _box(bbox)
    condition, day = _condition(where), day_named("--valid-on", valid_on)
    with open_store(settings, read_only=True) as store:
        moment = asked_moment(console, settings, store, at)
        with console.step(f"读取{declared.zh}", f"reading {kind}"):
            table = store.read_table(kind, as_of=day, at=moment.at, polygon=place, bbox=box)
    collection = ledger_collection(declared, table)
    rows = rows_of(collection, Query(filter=condition))
    names = collection.chosen(columns.replace(" ", "").split(",")) if columns else None
    if out is None:
        _show(console, declared, collection, rows[:limit], names)
    else:
        _save(console, collection, rows, names, moment, form, out)
    zh, en = (f"，已写入 {out}", f", written to {out}") if out else (
        (f"，以上为前 {limit} 行", f", the first {limit} above") if len(rows) > limit else ("", ""))
    console.say(f"{declared.zh}共 {len(rows)} 行（{moment.zh}）{zh}", f"{len(rows)} rows of {kind} ({moment.en}){en}")


def _writable(out: Path | None) -> Any:
    """Format of the file to write."""
    from layers.formats.saving import format_of

    if out is None:
        return None
    form = format_of(out)
    require_folder(out)
    return form


def _polygon(path: Path | None) -> shapely.Geometry | None:
    """The polygons of a GeoJSON file as one."""
    import shapely

    from api.polygons import polygon_of

    if path is None:
        return None
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise BadFile(f"无法读取 {path}：{error.strerror}", f"{path} cannot be read: {error.strerror}",
                      remedy_zh="请检查路径与权限。", remedy_en="Check path and permissions.", file=str(path)) from error
    except ValueError as error:
        raise BadFile(f"{path} 不是 GeoJSON", f"{path} is no GeoJSON", remedy_zh="请导出为 GeoJSON（经纬度，UTF-8）再用。",
                      remedy_en="Export it as GeoJSON (degrees, UTF-8).", file=str(path)) from error
    features = value.get("features") if isinstance(value, dict) and value.get("type") == "FeatureCollection" else [value]
    shapes = [polygon_of(one.get("geometry") if isinstance(one, dict) and one.get("type") == "Feature" else one, _VERTICES)
              for one in (features if isinstance(features, list) and features else [None])]
    return shapely.union_all(shapes)


#: Most vertices of a polygon in a file: a province has some 100,000.
_VERTICES = 1_000_000


def _box(text: str) -> list[float] | None:
    from api.parameters import numbers

    return numbers("--bbox", text, (4,)) if text else None


def _condition(text: str) -> Filter | None:
    from layers.filters import parse

    try:
        return parse(text) if text else None
    except BadParameter as error:
        example = "industry = 'C' AND staff_at_place > 50"
        raise BadParameter(error.zh.replace("filter", "--where"), error.en.replace("filter", "condition of --where"),
                           remedy_zh=f"写法是 CQL2，例如 {example}；文字用单引号，字段见 docs/data-model.md。",
                           remedy_en=f"It is CQL2, for example {example}; single quotes around texts.",
                           **error.context) from error


def _show(console: Console, kind: Kind, collection: Collection, rows: Any, names: tuple[str, ...] | None) -> None:
    wanted = names or tuple(dict.fromkeys(
        ["id", "name", "area_code", *(field.name for field in kind.fields if field.required), "source"]))
    taken = collection.take(rows, wanted)
    heads = [(collection.properties[name].zh, name) for name in wanted]
    console.table((kind.zh, kind.name), heads, list(zip(*(taken[name].to_pylist() for name in wanted), strict=True)))


def _save(console: Console, collection: Collection, rows: Any, names: tuple[str, ...] | None, moment: Moment, form: Any,
          out: Path) -> None:
    from layers.collections.ledger import ledger_selection
    from layers.formats.saving import save

    def wrote(report: Report) -> Any:
        return lambda done, total: report(out.name, done, total)

    with console.step("写出", "writing") as report:
        save(ledger_selection(collection, rows, moment.created, names, wrote(report)), form, out)


# -- history ------------------------------------------------------------------------------------------------------------

_OPERATIONS = {"insert": ("新增", "insert"), "update": ("修改", "update"), "remove": ("移除", "remove"), "load": ("载入", "load"),
               "edit": ("修改", "edit"), "retire": ("移除", "retire")}
_WHEN, _WHAT, _WHO, _FROM = ("时刻", "when"), ("操作", "operation"), ("经手人", "by"), ("来源", "source")


@app.command()
def history(
    kind: Annotated[str | None, typer.Argument(help="要素类型，不写则列出全部载入 · kind; without it all loads")] = None,
    id: Annotated[str | None, typer.Argument(help="编号，不写则列出该类的各次载入 · id; without it the kind's loads")] = None,
    out: Annotated[Path | None, typer.Option(help="写成 .csv 或 .xlsx，新增与移除写出全部字段 · write as .csv or .xlsx")] = None,
    limit: _Rows = 20,
) -> None:
    """列出一行数据的全部修改：何时、何人、来自哪个文件、改前改后；不写编号则列出各次载入与修改。

    列出的时刻可以直接用作 riskmap features --at 的值：得到那一次变化之后的样子。

    Everything that happened to a row: when, by whom, from which file, before and after; without an id, the last loads and edits.
    Each moment can be given to riskmap features --at: the store just after that change.
    """
    from geo.kinds import kind as find_kind
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    require_writable(out)
    with open_store(settings, read_only=True) as store:
        if kind is None or id is None:
            loads = store.loads(limit, kind)
        else:
            changes = store.history(kind, id)
    if kind is None or id is None:
        if out is not None:
            raise BadParameter("--out 只用于一行数据的历史", "--out is for the history of one row",
                               remedy_zh="请写明类型与编号。", remedy_en="Name a kind and an id.")
        _show_loads(console, settings.timezone, loads)
        return
    heads = (_WHEN, _WHAT, _WHO, _FROM, ("字段", "field"), ("改前", "before"), ("改后", "after"))
    zone = settings.timezone
    rows = [(written(change.at, zone), console.pick(*_OPERATIONS[change.operation]), change.by, change.source, *cells)
            for change in changes for cells in _differences(console, kind, change, whole=out is not None)]
    if out is None:
        console.table((f"{find_kind(kind).zh} {id}", f"{kind} {id}"), heads, [[_short(cell) for cell in row] for row in rows])
    else:
        import pandas as pd

        write_sheets({console.pick("历史", "history"): pd.DataFrame(rows, columns=[console.pick(*head) for head in heads])}, out)
    zh, en = (f"，已写入 {out}", f", written to {out}") if out else ("", "")
    console.say(f"共 {len(changes)} 次{zh}", f"{len(changes)} changes{en}")


def _show_loads(console: Console, zone: str, loads: list[dict[str, Any]]) -> None:
    heads = (_WHEN, _WHAT, ("类型", "kind"), _FROM, _WHO, ("新增", "new"), ("更新", "changed"), ("移除", "removed"),
             ("隔离", "refused"))
    counts = ("inserted", "updated", "removed", "quarantined")
    rows = [(written(datetime.fromisoformat(one["committed"] or one["finished"]), zone),
             console.pick(*_OPERATIONS.get(one["operation"], (one["operation"],) * 2)), one["kind"], one["source"], one["by"],
             *(one[name] for name in counts)) for one in loads]
    console.table(("载入与修改", "loads and edits"), heads, rows)
    console.say(f"共列出 {len(rows)} 次，最近的在前", f"{len(rows)} listed, newest first")


def _differences(console: Console, kind: str, change: Change, *, whole: bool) -> list[tuple[str, str, str]]:
    """Field, before and after of what changed; of a row that came or went all that it said, if the `whole` is wanted."""
    from geo.kinds import kind as find_kind

    before, after = change.before or {}, change.after or {}
    if not (before and after) and not whole:
        return [("", "", "")]
    terms = {field.name: console.pick(field.zh, field.name) for field in find_kind(kind).all_fields}
    return [(terms.get(name, console.pick("几何", name)), _text(before.get(name)), _text(after.get(name)))
            for name in (after or before) if before.get(name) != after.get(name)]


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"
