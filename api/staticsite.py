"""The map as a folder of plain files that nginx or an object store serves alone: page, tiles, areas, explanations.

``index.html`` and ``static/`` are the viewer; everything of a run lies below ``runs/<run id>/`` and never changes, so caches
may keep it. The page is replaced last, in one step: a reader sees the whole old run or the whole new one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from api import subjects
from api.answers import dumps
from api.explanations import Explanations
from api.routes.manifest import manifest_of
from api.routes.risk import ranking_of
from geo.errors import BadParameter, EnvironmentProblem, NotFound, SnapshotError
from layers.reader import AREA_LEVELS, Snapshot
from layers.style import THEMES
from layers.viewer import STATIC

_log = structlog.get_logger(__name__)

#: Marks a folder as ours: only such a one, or an empty one, is written to.
MARK = ".riskmap-static"

#: Streets that a ranking lists, and sources that an explanation names: as many as the page shows.
_RANKED, _EXPLAINED = 20, 12

#: Orders of the page's ranking, without and with a theme.
_ORDERS, _THEME_ORDERS = ("severity", "density", "pll", "kappa"), ("density", "pll")

Progress = Callable[[int, int], None]


def write_static(snapshot: Snapshot, out: Path, *, progress: Progress | None = None) -> bool:
    """Write the folder, or bring it to another run.

    Parameters
    ----------
    snapshot : Snapshot
    out : Path
        New, empty, or written by this function before; the last run's files stay for pages that are open.
    progress : callable, optional
        Told the areas done and all of them.

    Returns
    -------
    bool
        Whether the areas are explained; a snapshot of an earlier version may lack what that needs.

    Raises
    ------
    BadParameter
        If the folder holds something else.
    EnvironmentProblem
        If it cannot be written, or the viewer has not been built.
    """
    _check(out)
    with _writing(out):
        (out / "runs").mkdir(parents=True, exist_ok=True)
        (out / MARK).write_text("written by riskmap publish --static\n")
        shutil.copytree(STATIC, out / "static", dirs_exist_ok=True, ignore=shutil.ignore_patterns(".*", "index.html", "fonts"))
        run = out / "runs" / snapshot.run_id
        draft = run.with_name(f".{snapshot.run_id}.partial")
        shutil.rmtree(draft, ignore_errors=True)  # what an interrupted call left
        ready = _explanations(snapshot)
        for name, content in _files(snapshot, ready, progress):
            path = draft / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _copy_tiles(snapshot, draft / "tiles")
        if run.exists():
            shutil.rmtree(run)
        draft.replace(run)
        page = out / "index.html"
        aside = page.with_name(".index.html.part")
        before = _shown(page)
        aside.write_bytes(_page(snapshot.run_id))
        aside.replace(page)
        for old in (out / "runs").iterdir():
            if old.name not in (snapshot.run_id, before):
                shutil.rmtree(old, ignore_errors=True)
        return ready is not None


def _check(out: Path) -> None:
    if not (STATIC / "index.html").is_file():
        raise EnvironmentProblem("页面尚未构建", f"the page has not been built: {STATIC} lacks index.html",
                                 remedy_zh="请先运行 make setup。", remedy_en="Run make setup first.")
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / MARK).is_file())):
        raise BadParameter(f"{out} 不是空目录，也不是本程序写出的静态站点", f"{out} is neither empty nor a static site of ours",
                           remedy_zh="请换一个新目录。", remedy_en="Name another folder.", folder=str(out))


def _explanations(snapshot: Snapshot) -> Explanations | None:
    try:
        return Explanations(snapshot)
    except (NotFound, SnapshotError) as error:
        _log.warning("the static site has no explanations", run=snapshot.run_id, reason=error.en)
        return None


def _files(snapshot: Snapshot, ready: Explanations | None, progress: Progress | None) -> Iterator[tuple[str, bytes]]:
    yield "manifest.json", dumps(manifest_of(snapshot) | {"static": True})
    for level in AREA_LEVELS:
        features = subjects.area_features(snapshot, snapshot.area_rows(level))
        yield f"areas-{level}.json", dumps({"type": "FeatureCollection", "run_id": snapshot.run_id, "features": features})
    for theme in ("", *(code for code, _ in THEMES)):
        for order in _THEME_ORDERS if theme else _ORDERS:
            ranked = ranking_of(snapshot, "street", theme or None, _RANKED, order)
            yield f"ranking/{theme or 'all'}-{order}.json", dumps(ranked)
    codes = [code for code in snapshot.areas.texts("code") if code is not None]
    for number, code in enumerate(codes, start=1):
        yield f"area/{code}.json", dumps(subjects.area(snapshot, snapshot.area(code)))
        if ready is not None:
            yield f"explain/{code}.json", ready.area(code, _EXPLAINED)
        if progress is not None:
            progress(number, len(codes))


def _copy_tiles(snapshot: Snapshot, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(snapshot.path / "risk.pmtiles", folder / "risk.pmtiles")
    for theme, _ in THEMES:
        archive = snapshot.path / "themes" / f"{theme}.pmtiles"
        if archive.is_file():
            shutil.copyfile(archive, folder / f"{theme}.pmtiles")


def _page(run_id: str) -> bytes:
    page = (STATIC / "index.html").read_text("utf-8")
    told = page.replace('<html lang="zh-CN">', f'<html lang="zh-CN" data-files="runs/{run_id}/">', 1)
    reader = '<script src="static/vendor/pmtiles/pmtiles.js"></script>\n<script type="module"'
    return told.replace('<script type="module"', reader, 1).encode()


def _shown(page: Path) -> str:
    """Run that a page shows; empty if there is none."""
    if not page.is_file():
        return ""
    return page.read_text("utf-8").partition('data-files="runs/')[2].partition("/")[0]


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentProblem(
            f"静态站点目录 {out} 写入失败：{error.strerror}", f"writing to {out} failed: {error.strerror}",
            remedy_zh="请检查磁盘空间和目录权限。", remedy_en="Check disk space and permissions of the folder.", folder=str(out),
        ) from error
