"""``riskmap ingest`` and ``riskmap quarantine``: files in, what was noticed shown, refused rows out and mended back in."""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands import app, settings_now
from api.console import Console
from api.ingestshow import REFUSED_HEADS, refused_rows, show_directory, show_file
from geo.errors import BadFile, BadParameter

if TYPE_CHECKING:
    import pandas as pd

    from geo.ingest import Ingested
    from geo.settings import Settings
    from geo.store import LoadReport

_Kind = Annotated[str | None, typer.Option(help="要素类型，如 enterprise、venue · kind of the features")]
_Source = Annotated[str | None, typer.Option(help="数据来源名，默认文件名；同一来源的数据靠它更新 · name of the data set")]
_Dry = Annotated[bool, typer.Option("--dry-run", help="只演练：显示会发生什么，不写入 · show what would happen, write nothing")]
_Complete = Annotated[bool, typer.Option("--complete", help="文件是该来源的全部，缺行移除 · rows gone from it are retired")]
_Crs = Annotated[str, typer.Option(help="坐标系：CGCS2000、WGS84、GCJ-02、BD-09、西安80、北京54、4548 … · coordinate system")]
_Encoding = Annotated[str, typer.Option(help="文字编码，默认自动识别 · encoding of the text")]
_Layer = Annotated[str, typer.Option(help="工作表或图层名 · sheet or layer")]
_MappingFile = Annotated[Path | None, typer.Option(help="列与字段的对应（TOML） · which column is which field")]
_SaveMapping = Annotated[Path | None, typer.Option(help="把识别出的对应存成文件，可修改后再用 · keep the mapping found")]
_Identifier = Annotated[list[str] | None, typer.Option("--id", help="组成编号的列，可重复 · column of the id, may be repeated")]
_Swap = Annotated[bool, typer.Option("--swap-axes", help="第一个坐标是北（纬度） · the first axis is north")]
_Strict = Annotated[bool, typer.Option("--strict", help="发现严重问题时一行也不载入 · load nothing if a finding is serious")]
_Template = Annotated[str | None,
                      typer.Option(help="写出某类要素的空白模板（.xlsx 或 .csv） · write an empty template of a kind")]
_Path = Annotated[Path, typer.Argument(help="文件，或带 manifest.json 的目录；与 --template 同用时是要写的文件 · file or folder")]


@app.command()
def ingest(
    path: _Path, kind: _Kind = None, source: _Source = None, dry_run: _Dry = False, complete: _Complete = False, crs: _Crs = "",
    encoding: _Encoding = "", layer: _Layer = "", mapping: _MappingFile = None, save_mapping: _SaveMapping = None,
    identifier: _Identifier = None, swap_axes: _Swap = False, strict: _Strict = False, template: _Template = None,
) -> None:
    """载入数据；不合格的行进入隔离区，重复载入不产生变化。

    支持 CSV、XLSX、XLS、GeoJSON、GeoPackage、Shapefile、FlatGeobuf、GeoParquet 及其 zip、gz；编码、分隔符、列名自动识别。

    第一次：riskmap ingest --template enterprise 企业.xlsx 得到模板；填好后
    riskmap ingest 企业.xlsx --kind enterprise --dry-run 看会发生什么；去掉 --dry-run 载入。

    目录（带 manifest.json）：riskmap ingest 目录 --dry-run 在一张表里演练全部文件。

    列名不同：--dry-run --save-mapping 对应.toml，改好后用 --mapping 对应.toml。
    坐标不是 CGCS2000 经纬度：用 --crs 声明；疑似声明有误会提示，绝不擅自改动。
    没有载入的行：riskmap quarantine。

    Load data. Bad rows go to quarantine; loading the same twice changes nothing. Get a template by --template KIND FILE, see what
    would happen (to a file, or to all files of a folder with a manifest) by --dry-run, map columns by --mapping, declare
    coordinates by --crs.
    """
    console, settings = Console.now(), settings_now()
    if template is not None:
        _write_template(console, template, path)
        return
    if kind is None and path.is_file():
        from geo.kinds import KINDS

        known = "、".join(f"{name}（{one.zh}）" for name, one in KINDS.items())
        raise BadParameter("载入单个文件时要说明要素类型", "the kind of a single file must be said",
                           remedy_zh=f"加上 --kind，可用：{known}。", remedy_en=f"Add --kind, one of: {', '.join(KINDS)}.")
    _logged(settings)
    if kind is None:
        _refuse_options({"--source": source, "--crs": crs, "--encoding": encoding, "--layer": layer, "--mapping": mapping,
                         "--save-mapping": save_mapping, "--id": identifier, "--swap-axes": swap_axes, "--strict": strict})
        (_rehearse_directory if dry_run else _load_directory)(console, settings, path)
        return
    declared = {"source": source or "", "complete": complete, "crs": crs, "encoding": encoding, "layer": layer,
                "swap_axes": swap_axes, "identifier": tuple(identifier or ()), "strict": strict, "by": _user()}
    ingested = _load_file(console, settings, kind, path, declared, mapping, rehearse=dry_run)
    show_file(console, ingested, whole=dry_run)
    if save_mapping is not None:
        from geo.ingest import write_mapping

        write_mapping(save_mapping, ingested.mapping)
        console.say(f"列的对应已写入 {save_mapping}", f"mapping written to {save_mapping}")
    _say_loaded(console, [ingested.report], rehearsed=dry_run)


def _logged(settings: Settings) -> None:
    from api.commands import _logged as logged

    logged(settings, "ingest")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return ""


def _write_template(console: Console, kind: str, path: Path) -> None:
    from geo.ingest import write_template

    columns = write_template(kind, path)
    console.say(f"模板已写入 {path}（{columns} 列）", f"template written to {path} ({columns} columns)")


def _refuse_options(given: dict[str, Any]) -> None:
    """What is said of a single file says nothing of a directory; to pass it over in silence would be to load something else."""
    names = "、".join(name for name, value in given.items() if value)
    if names:
        raise BadParameter(f"{names} 不能用于目录", f"{names} cannot be said of a folder",
                           remedy_zh="请写在 manifest.json 的文件条目里（crs、encoding、layer、mapping、identifier、source）。",
                           remedy_en="Say it in the entries of the folder's manifest.json "
                                     "(crs, encoding, layer, mapping, identifier, source).")


def _load_directory(console: Console, settings: Settings, path: Path) -> None:
    from geo.ingest import load_directory
    from geo.store import open_store

    with open_store(settings) as store, console.step("载入", "loading") as report:
        store.init()
        reports = load_directory(store, path, settings, report, by=_user())
    _say_loaded(console, reports)


def _rehearse_directory(console: Console, settings: Settings, path: Path) -> None:
    """Show what would come of every file; refused, as the load would be, if one of them cannot be loaded."""
    from geo.ingest import rehearse_directory
    from geo.store import open_store

    with open_store(settings) as store, console.step("演练", "rehearsing") as report:
        store.init()
        rehearsed = rehearse_directory(store, path, report)
    show_directory(console, rehearsed)
    _say_loaded(console, [one.loaded.report for one in rehearsed if one.loaded], rehearsed=True)
    bad = sum(one.error is not None for one in rehearsed)
    if bad:
        raise BadFile(f"{bad} 个文件不能载入，整个目录因此不会载入", f"{bad} files cannot be loaded, so the folder would not be",
                      remedy_zh="请按上表逐个改正。", remedy_en="Mend them as the table says.", file=str(path))


def _load_file(console: Console, settings: Settings, kind: str, path: Path, said: dict[str, Any], mapping: Path | None, *,
               rehearse: bool) -> Ingested:
    from geo.ingest import Declared, Saved, ingest_file, read_mapping
    from geo.store import open_store

    declared = Declared(**said, mapping=read_mapping(mapping) if mapping else Saved())
    title = ("演练", "rehearsing") if rehearse else ("载入", "loading")
    with open_store(settings) as store, console.step(*title) as report:
        store.init()
        return ingest_file(store, kind, path, declared, report, rehearse=rehearse)


def _say_loaded(console: Console, reports: Sequence[LoadReport], *, rehearsed: bool = False) -> None:
    names = ("inserted", "updated", "removed", "unchanged", "quarantined")
    new, changed, gone, same, bad = (sum(getattr(one, name) for one in reports) for name in names)
    head = ("演练（未写入）", "rehearsed (nothing written)") if rehearsed else ("载入完成", "loaded")
    console.say(f"{head[0]}：新增 {new}，更新 {changed}，移除 {gone}，未变 {same}，隔离 {bad} 行",
                f"{head[1]}: {new} new, {changed} changed, {gone} removed, {same} same, {bad} refused")
    if bad and not rehearsed:
        console.say("隔离的行没有载入：riskmap quarantine 列出原因；riskmap quarantine export 隔离.xlsx 导出，改正后 reload",
                    "Refused rows were not loaded: riskmap quarantine says why; export, mend and reload them by it")


# -- quarantine ---------------------------------------------------------------------------------------------------------

quarantine = typer.Typer(invoke_without_command=True, help="""隔离区：没有载入的行，每行注明文件、行、字段、取值与原因。

riskmap quarantine 列出；riskmap quarantine export 隔离.xlsx 导出，在电子表格里改正后
riskmap quarantine reload 隔离.xlsx 重新载入：
只载入这些行，改好的从隔离区消失，仍不合格的留下并更新原因。

Refused rows: list them; export them, mend them in a spreadsheet, reload only those.""")
app.add_typer(quarantine, name="quarantine")

_OnlyKind = Annotated[str | None, typer.Option(help="只看一类要素 · one kind only")]
_OnlySource = Annotated[str | None, typer.Option(help="只看一个来源（文件） · one source only")]


@quarantine.callback()
def listed(
    context: typer.Context, kind: _OnlyKind = None, source: _OnlySource = None,
    out: Annotated[Path | None, typer.Option(help="写成 CSV 清单 · write the list as CSV")] = None,
    limit: Annotated[int, typer.Option(min=1, help="屏幕上的行数 · rows on the screen")] = 20,
) -> None:
    """列出隔离区。"""
    if context.invoked_subcommand is not None:
        return
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    with open_store(settings) as store:
        store.init()
        refused = store.quarantine(kind, source)
    if out is not None:
        _write_list(out, refused)
    else:
        _show_refused(console, refused.head(limit))
    rows = len(refused.drop_duplicates(["kind", "file", "row"]))
    where = f"，已写入 {out}" if out else ""
    console.say(f"隔离区共 {rows} 行{where}", f"{rows} refused rows" + (f", written to {out}" if out else ""))


def _show_refused(console: Console, refused: pd.DataFrame) -> None:
    from geo.kinds import KINDS

    if refused.empty:
        return
    rows = [(console.pick(KINDS[kind].zh, kind), file, *cells)
            for (kind, file), part in refused.groupby(["kind", "file"], sort=False)
            for cells in refused_rows(console, KINDS[kind], part)]
    console.table(("隔离区", "quarantine"), (("类型", "kind"), ("文件", "file"), *REFUSED_HEADS), rows)


def _write_list(out: Path, refused: Any) -> None:
    import csv

    from geo.ingest.mending import neutral

    with out.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(refused.columns)
        writer.writerows([neutral(value) for value in row] for row in refused.itertuples(index=False))


@quarantine.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="要写的 .xlsx 或 .csv · file to write")],
    kind: _OnlyKind = None, source: _OnlySource = None,
) -> None:
    """导出隔离区，供在电子表格里改正（公式已作无害处理）。

    Export the refused rows to be mended; what looks like a formula is made harmless.
    """
    from geo.ingest import export_quarantine
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    with open_store(settings) as store:
        store.init()
        rows = export_quarantine(store, out, kind=kind, source=source)
    console.say(f"已导出 {rows} 行到 {out}；改正后用 riskmap quarantine reload {out}",
                f"{rows} rows exported to {out}; mend them and use riskmap quarantine reload {out}")


@quarantine.command("reload")
def reload(file: Annotated[Path, typer.Argument(help="改正后的导出文件 · the mended export")]) -> None:
    """载入改正后的行；改好的从隔离区消失，其余留下。

    Load mended rows; those that are good now leave the quarantine, the others stay.
    """
    from geo.ingest import reload_quarantine
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    _logged(settings)
    with open_store(settings) as store, console.step("载入", "loading") as report:
        store.init()
        reports = reload_quarantine(store, file, by=_user(), progress=report)
    _say_loaded(console, reports)
