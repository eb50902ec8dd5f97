"""The commands of ``riskmap``. Heavy imports happen inside each, so that ``--help`` answers at once."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from api.console import Console
from geo.errors import BadParameter, SnapshotError

if TYPE_CHECKING:
    from geo.settings import Settings

_MANUAL = """区域风险一张图：把一个城市的安全生产风险算成一张图，每个数都能追到来源。

第一次使用：riskmap demo（生成样本、载入、评分、发布并打开服务）。
自己的数据：riskmap init → riskmap ingest 文件 → riskmap score → riskmap serve。

数据都在 RISKMAP_HOME（默认 ./var）之下；设置用环境变量 RISKMAP_*，见 README。

One map of regional risk. To try it: riskmap demo. With your own data: init, ingest, score, serve.
Everything lies below RISKMAP_HOME (default ./var). RISKMAP_LANGUAGE=en for English messages.
"""

app = typer.Typer(help=_MANUAL, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


def settings_now(**changes: Any) -> Settings:
    """Settings of the environment with what the command line says on top.

    Raises
    ------
    BadParameter
        If a value is not allowed.
    """
    from pydantic import ValidationError

    from geo.settings import Settings

    try:
        return Settings(**{name: value for name, value in changes.items() if value is not None})
    except ValidationError as error:
        fault = error.errors()[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise BadParameter(
            f"设置 {name} 的值“{fault['input']}”不正确", f"setting {name}: {fault['msg']} ({fault['input']!r})",
            remedy_zh=f"请检查环境变量 RISKMAP_{name.upper()}。", remedy_en=f"Check the variable RISKMAP_{name.upper()}.",
        ) from error


def _logged(settings: Settings, process: str) -> None:
    from api.scoring import use_kernel_cache
    from geo.logs import configure_logs

    settings.prepare_home()
    use_kernel_cache(settings)
    configure_logs(settings.logs, process)


_Port = Annotated[int | None, typer.Option(help="监听端口 · port to listen on")]
_Host = Annotated[str | None, typer.Option(help="监听地址 · address to listen on")]


@app.command()
def demo(
    no_serve: Annotated[bool, typer.Option("--no-serve", help="只生成风险图，不启动服务 · make the map only")] = False,
    host: _Host = None, port: _Port = None,
) -> None:
    """一步看到风险图：生成样本、载入、评分、发布、启动服务；中断后再次运行会接着做。

    From nothing to the map: sample, load, score, publish, serve. Run it again after an interruption and it goes on.
    """
    from api.demo import prepare
    from api.serving import require_port

    started, console, settings = time.monotonic(), Console.now(), settings_now(host=host, port=port)
    if not no_serve:
        require_port(settings)
    _logged(settings, "demo")
    run_id = prepare(settings, console)
    seconds = time.monotonic() - started
    console.say(f"风险图 {run_id} 已就绪，用时 {seconds:.1f} 秒", f"map {run_id} is ready after {seconds:.1f} s")
    if not no_serve:
        _become_server(settings)


def _become_server(settings: Settings) -> NoReturn:
    """Replace this process, which has the whole model in memory, by a lean one that only serves."""
    from api.schedule import environment

    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(sys.executable, [sys.executable, "-m", "api.cli", "serve"], environment(settings))  # noqa: S606


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="输出目录 · folder to write")],
    enterprises: Annotated[int | None, typer.Option(min=1, help="企业数 · enterprises")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="随机种子 · random seed")] = None,
) -> None:
    """生成样本城市数据（合成数据，逐行标注）。

    Generate the sample city: synthetic rows, each marked as such, on real areas.
    """
    from geo.sample import generate

    console, settings = Console.now(), settings_now(sample_enterprises=enterprises, sample_seed=seed)
    if out.exists() and any(out.iterdir()):
        raise BadParameter(f"目录 {out} 不是空的", f"the folder {out} is not empty", remedy_zh="请换一个目录。",
                           remedy_en="Use another one.")
    with console.step("生成样本数据", "generating the sample") as report:
        generate(out, enterprises=settings.sample_enterprises, seed=settings.sample_seed, progress=report)
    console.say(f"样本已写入 {out}（{settings.sample_enterprises} 家企业，种子 {settings.sample_seed}）",
                f"sample written to {out} ({settings.sample_enterprises} enterprises, seed {settings.sample_seed})")


@app.command()
def score(
    trigger: Annotated[str, typer.Option(hidden=True)] = "manual",
    cluster: Annotated[str, typer.Option(help="Dask 集群 tcp://主机:端口，或 local:进程数 · Dask cluster")] = "",
) -> None:
    """重新评分并发布风险图；失败或中断时旧图保持不变。

    Score everything and publish the map. If it fails or is interrupted, the last map stays. With --cluster the fields are
    laid by the workers of a Dask cluster: the same numbers to the last bit.
    """
    from api.scoring import score as run_once

    console, settings = Console.now(), settings_now()
    settings = settings.model_copy(update={"cluster": cluster}) if cluster else settings
    _logged(settings, "score")
    with console.step("评分并发布", "scoring and publishing") as report:
        run = run_once(settings, report, trigger=trigger)
    red, orange, yellow, blue = (run.streets.get(f"level_{level}", 0) for level in range(1, 5))
    pll = run.totals.get("pll", 0.0)
    console.say(f"已发布 {run.snapshot}：年死亡期望 {pll:.1f} 人，街道 红 {red} 橙 {orange} 黄 {yellow} 蓝 {blue}",
                f"published {run.snapshot}: {pll:.1f} deaths/yr, streets: red {red} orange {orange} yellow {yellow} blue {blue}")


@app.command()
def publish(
    run: Annotated[str, typer.Option(help="运行编号，见 riskmap runs · run id")] = "",
    static: Annotated[Path | None, typer.Option(help="写出静态站点的目录 · folder for a site of plain files")] = None,
) -> None:
    """把某次运行的图设为当前（回退或前进），或写成 nginx 可直接发布的静态站点。

    With --run: serve the map of another run, back or forward; a running server switches by itself.
    With --static: write the current map (or that of --run, which then does not become current) as a folder of plain files
    for nginx or an object store: page, tiles, areas, explanations. Called again, it brings the folder to the newer run.
    """
    from layers.snapshot import make_current

    console, settings = Console.now(), settings_now()
    if static is not None:
        _publish_static(console, settings, run, static)
    elif run:
        make_current(settings.snapshots, run)
        console.say(f"当前风险图：{run}", f"current map: {run}")
    else:
        raise BadParameter("请给出 --run 或 --static", "give --run or --static",
                           remedy_zh="riskmap runs 列出各次运行。", remedy_en="riskmap runs lists the runs.")


def _publish_static(console: Console, settings: Settings, run: str, out: Path) -> None:
    from api.scoring import use_kernel_cache
    from layers.reader import Snapshot
    from layers.snapshot import open_current, snapshot_path

    use_kernel_cache(settings)
    snapshot = Snapshot(snapshot_path(settings.snapshots, run)) if run else open_current(settings.snapshots)
    from api.staticsite import write_static

    with console.step("写出静态站点", "writing the static site") as report:
        explained = write_static(snapshot, out, progress=lambda done, all_: report("写出静态站点", done, all_))
    zh, en = ("", "") if explained else ("（该快照没有解释数据）", " (this snapshot cannot be explained)")
    console.say(f"静态站点 {out}：运行 {snapshot.run_id}{zh}", f"static site {out}: run {snapshot.run_id}{en}")


@app.command()
def serve(
    schedule: Annotated[str | None, typer.Option(help='每晚评分的 cron，如 "0 2 * * *" · cron of the nightly run')] = None,
    host: _Host = None, port: _Port = None,
) -> None:
    """启动服务；给出 --schedule 时按时重新评分。

    Serve the map; with --schedule, score again at those times.
    """
    from api.serving import address
    from api.serving import serve as serve_until_stopped

    console, settings = Console.now(), settings_now(schedule=schedule, host=host, port=port)
    where = address(settings)
    serve_until_stopped(settings, lambda: console.say(f"风险一张图：{where}（Ctrl-C 停止）", f"the map: {where} (Ctrl-C stops)"))
    console.say("服务已停止", "the server has stopped")


@app.command()
def atlas(out: Annotated[Path, typer.Option(help="输出目录 · folder to write")]) -> None:
    """输出图集：PDF 与可在 QGIS 打开的数据包。

    Write the atlas of the current map: a PDF, and data that open in QGIS.
    """
    from layers.atlas import write_atlas
    from layers.snapshot import open_current

    console, settings = Console.now(), settings_now()
    snapshot = open_current(settings.snapshots)
    with console.step("绘制图集", "drawing the atlas") as report:
        written = [path.name for path in write_atlas(snapshot, out, report)]
    console.say(f"图集已写入 {out}：{'、'.join(written)}", f"atlas written to {out}: {', '.join(written)}")


@app.command()
def check(
    snapshot: Annotated[Path | None, typer.Argument(help="快照目录，默认当前快照 · current one by default")] = None,
) -> None:
    """校验快照（校验和、汇总一致性）与模型参数表。

    Verify a snapshot (checksums, sums) and the parameter tables.
    """
    from layers.integrity import problems
    from layers.snapshot import current_run_id
    from riskmodel.parameters import load_parameters

    console, settings = Console.now(), settings_now()
    parameters = load_parameters()
    folder = snapshot
    if folder is None:
        run_id = current_run_id(settings.snapshots)
        folder = None if run_id is None else settings.snapshots / run_id
    found = problems(folder) if folder is not None else []
    for problem in found:
        console.note(f"{problem.file}：{problem.zh}", f"{problem.file}: {problem.en}")
    if found:
        raise SnapshotError(f"快照 {folder} 有 {len(found)} 处问题", f"snapshot {folder} has {len(found)} problems",
                            remedy_zh="请回退：riskmap publish --run 编号，或重新评分。",
                            remedy_en="Roll back (riskmap publish --run ID) or score again.")
    name = "（无快照）" if folder is None else folder.name
    console.say(f"校验通过：快照 {name}，参数 {len(parameters.values)} 项（{parameters.digest[:12]}）",
                f"all is well: snapshot {name}, {len(parameters.values)} parameters ({parameters.digest[:12]})")


@app.command()
def runs(limit: Annotated[int, typer.Option(min=1, max=500, help="行数 · rows")] = 20) -> None:
    """列出运行记录与可用快照。

    List the runs; the current map is marked.
    """
    from api.runs import recent
    from layers.snapshot import current_run_id, list_snapshots

    console, settings = Console.now(), settings_now()
    current, kept = current_run_id(settings.snapshots), {info.run_id for info in list_snapshots(settings.snapshots)}
    states = {"running": ("进行中", "running"), "succeeded": ("成功", "succeeded"), "failed": ("失败", "failed"),
              "cancelled": ("已取消", "cancelled")}
    found = recent(settings, limit)
    for run in found:
        mark = "*" if run.id == current else "+" if run.id in kept else " "
        state = console.pick(*states[run.state])
        extra = console.pick(run.error["zh"], run.error["en"]) if run.error else ""
        print(f"{mark} {run.id}  {state}  {run.started}  {run.trigger}  {extra}".rstrip())
    console.say(f"共 {len(found)} 次运行；* 当前，+ 可回退", f"{len(found)} runs; * current, + can be published")


@app.command()
def cancel(
    run: Annotated[str, typer.Argument(help="运行编号，默认正在进行的 · run id; the one in progress by default")] = "",
    wait: Annotated[float, typer.Option(min=0, help="等待停止的秒数 · seconds to wait until it has stopped")] = 60.0,
) -> None:
    """取消正在进行的评分；旧图保持不变，半成品自动清除。

    Cancel the run in progress. The last map stays, what was half done is removed.
    """
    from api import runs as records

    console, settings = Console.now(), settings_now()
    asked, until = records.cancel(settings, run), time.monotonic() + wait
    while (found := records.read(settings, asked.id)).state == "running" and time.monotonic() < until:
        time.sleep(0.1)
    if found.state == "running":
        console.say(f"已请求取消 {found.id}，它将在当前步骤之后停止", f"asked {found.id} to stop; it will after its present step")
    elif found.state == "succeeded":
        console.say(f"{found.id} 在取消之前已完成并发布", f"{found.id} was done and published before it could be cancelled")
    else:
        console.say(f"{found.id} 已停止，旧图保持不变", f"{found.id} has stopped; the last map stays")


@app.command()
def bench(
    name: Annotated[str | None, typer.Argument(help="对比测量的名称或 all（需源代码目录）· benchmark, or all")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON · print JSON")] = False,
) -> None:
    """测量当前快照的读取速度；给出名称时运行源代码目录中的对比测量。

    Measure how fast the current map is read; with a name, run that benchmark of the source tree.
    """
    from api.bench import measure, run_benchmarks
    from api.scoring import use_kernel_cache
    from layers.snapshot import open_current

    console, settings = Console.now(), settings_now()
    if name is not None:
        raise typer.Exit(run_benchmarks(settings, name, json=as_json))
    use_kernel_cache(settings)
    for line in measure(open_current(settings.snapshots)):
        print(line)
    console.say("测量完成", "done")
