"""``riskmap init``, ``backup``, ``restore``, ``edit``, ``retire``: the store from the command line."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands import app, settings_now
from api.console import Console
from geo.errors import BadParameter

if TYPE_CHECKING:
    from geo.settings import Settings

_Kind = Annotated[str, typer.Argument(help="要素类型，如 enterprise · kind of the feature")]
_Id = Annotated[str, typer.Argument(help="编号 · id of the row")]
_By = Annotated[str | None, typer.Option(help="修改人，默认当前系统用户 · who; the system's user by default")]


def _logged(settings: Settings, process: str) -> None:
    from geo.logs import configure_logs

    settings.prepare_home()
    configure_logs(settings.logs, process)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return ""


@app.command()
def init(
    reader: Annotated[str | None, typer.Option(help="同时建立只读角色（PostgreSQL） · make a reading role too")] = None,
) -> None:
    """建立（或升级）数据库；可同时建立只读角色。

    Make the store, or bring it to the newest structure. With --reader NAME a PostgreSQL role is made that reads everything
    and writes nothing.
    """
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    _logged(settings, "init")
    made = False
    with open_store(settings) as store:
        store.init()
        revision = store.revision()
        if reader is not None:
            made = store.grant_reader(reader)
    console.say(f"数据库已就绪（结构版本 {revision}）", f"the store is ready (structure {revision})")
    if made:
        console.say(f"已建立只读角色 {reader}；请在 psql 中用 \\password {reader} 为它设口令",
                    f"the reading role {reader} was made; set its password in psql by \\password {reader}")
    elif reader is not None:
        console.say(f"角色 {reader} 现在可以读取全部数据，不能写入",
                    f"the role {reader} may now read everything and write nothing")


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="备份文件，如 备份.zip · file to write")],
) -> None:
    """把数据库、修改历史与栅格备份成一个带校验和的文件。

    Back up the store, its history and its rasters into one checksummed file; it can be restored into either engine.
    """
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    with open_store(settings) as store, console.step("备份", "backing up") as report:
        manifest = store.backup(file, rasters=settings.rasters, progress=report)
    rows, size = sum(manifest.rows.values()), file.stat().st_size / 1e6
    console.say(f"已备份到 {file}：{rows} 行，{size:.1f} MB，校验通过",
                f"backed up to {file}: {rows} rows, {size:.1f} MB, verified")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="备份文件 · backup to restore")],
    replace: Annotated[bool, typer.Option("--replace", help="替换现有的全部数据 · replace everything that is there")] = False,
) -> None:
    """从备份恢复数据库；损坏的备份会被拒绝，中断时原有数据保持不变。

    Restore a backup of either engine. A damaged one is refused; whatever interrupts it, the store stays as it was.
    """
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    _logged(settings, "restore")
    with open_store(settings) as store, console.step("恢复", "restoring") as report:
        store.init()
        manifest = store.restore(file, rasters=settings.rasters, replace=replace, progress=report)
    rows = sum(manifest.rows.values())
    console.say(f"已恢复 {manifest.created} 的备份：{rows} 行；请重新评分（riskmap score）",
                f"restored the backup of {manifest.created}: {rows} rows; score again (riskmap score)")


@app.command()
def edit(
    kind: _Kind, id: _Id,
    changes: Annotated[list[str], typer.Argument(help="字段=值，可多个；字段= 清空；geometry=WKT · FIELD=VALUE")],
    by: _By = None,
) -> None:
    """修改一行数据的若干字段，如 riskmap edit enterprise E0000001 staff_at_place=12。

    Change fields of one row. It is checked like a loaded one, and what it was before stays in its history.
    """
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    values = dict(_assignment(change) for change in changes)
    with open_store(settings) as store:
        report = store.edit(kind, id, values, by=by or _user())
    console.say("已修改" if report.changed else "没有变化", "changed" if report.changed else "nothing to change")


def _assignment(text: str) -> tuple[str, Any]:
    field, separator, value = text.partition("=")
    if not separator:
        raise BadParameter(f"“{text}”不是 字段=值 的形式", f"{text!r} is not FIELD=VALUE", remedy_zh="例如 staff_at_place=12。",
                           remedy_en="For example staff_at_place=12.")
    if field.strip() != "geometry":
        return field.strip(), value or None
    import shapely

    shape = shapely.from_wkt(value, on_invalid="ignore")
    if shape is None:
        example = "geometry='POINT (116.4 39.9)'"
        raise BadParameter(f"“{value[:80]}”不是 WKT", f"{value[:80]!r} is no WKT", remedy_zh=f"例如 {example}。",
                           remedy_en=f"For example {example}.")
    return "geometry", shape


@app.command()
def retire(
    kind: _Kind, ids: Annotated[list[str], typer.Argument(help="编号，可多个 · ids of the rows")], by: _By = None,
) -> None:
    """把若干行移出台账（历史中仍保留）。

    Take rows out of the ledger; they stay in its history.
    """
    from geo.store import open_store

    console, settings = Console.now(), settings_now()
    with open_store(settings) as store:
        report = store.retire(kind, ids, by=by or _user())
    console.say(f"已移出 {report.removed} 行", f"{report.removed} rows retired")
