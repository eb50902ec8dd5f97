"""Writing the atlas: PDF, GeoPackage with styles, GeoTIFFs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from geo.errors import EnvironmentProblem
from layers.reader import Snapshot

Progress = Callable[[str, int, int], None]


def write_atlas(snapshot: Snapshot, out_dir: Path, progress: Progress | None = None, *,
                font_dir: Path | None = None) -> list[Path]:
    """Write ``atlas.pdf``, ``atlas.gpkg``, ``risk.tif`` and ``level.tif``; the same snapshot gives the same bytes.

    Parameters
    ----------
    snapshot : Snapshot
    out_dir : Path
        Made if it does not exist; files of an earlier atlas in it are replaced.
    progress : callable or None
        Told what is being done, how many steps are done, of how many.
    font_dir : Path or None
        Folder of a Chinese font; the one that ``make assets`` fills by default.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    EnvironmentProblem
        If no Chinese font is found, or the folder cannot be written.
    """
    from layers.atlas.document import write_pdf
    from layers.atlas.geopackage import write_geopackage

    steps: list[tuple[str, str, Callable[[Path], None]]] = [
        ("绘制图集 PDF", "atlas.pdf", lambda path: write_pdf(snapshot, path, font_dir=font_dir)),
        ("写出 GeoPackage", "atlas.gpkg", lambda path: write_geopackage(snapshot, path)),
        ("复制栅格", "risk.tif", lambda path: _copy(snapshot, path)),
        ("复制栅格", "level.tif", lambda path: _copy(snapshot, path)),
    ]
    written = []
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        for done, (title, name, write) in enumerate(steps):
            if progress is not None:
                progress(title, done, len(steps))
            write(out_dir / name)
            written.append(out_dir / name)
    except OSError as error:
        raise EnvironmentProblem(
            f"图集目录 {out_dir} 写入失败：{error.strerror}", f"writing to {out_dir} failed: {error.strerror}",
            remedy_zh="请检查磁盘空间和目录权限。", remedy_en="Check disk space and permissions of the folder.",
            directory=str(out_dir),
        ) from error
    if progress is not None:
        progress("图集完成", len(steps), len(steps))
    return written


def _copy(snapshot: Snapshot, path: Path) -> None:
    aside = path.with_name(f".{path.name}.part")
    shutil.copyfile(snapshot.path / path.name, aside)
    aside.replace(path)
