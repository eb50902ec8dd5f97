"""What ``riskmap check`` tests of a snapshot: that every byte is the published one and that the tables agree with each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geo.errors import RiskMapError
from layers.columns import Columns
from layers.reader import Snapshot
from layers.snapshot import files_of, sha256_of
from layers.style import THEMES
from layers.tables import OPTIONAL_TABLES, TABLES, missing_columns

#: Relative difference that sums of the same numbers in another order may show.
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Problem:
    """One finding, in both languages; `file` is relative to the snapshot."""

    file: str
    zh: str
    en: str


def problems(path: Path) -> list[Problem]:
    """Everything that is wrong with a snapshot; empty if all is well.

    Checked: the manifest; size and SHA-256 of every file, none missing, none unknown; declared columns of every table;
    cells ascending and unique; themes of a cell sum to its S exactly; themes of an area to its PLL, streets to their
    district and districts to the city within rounding; as many features as the manifest counts, and as many rows
    whose quality was assessed, where it was.
    """
    try:
        snapshot = Snapshot(path)
    except RiskMapError as error:
        return [Problem("manifest.json", error.zh, error.en)]
    found = _bytes(snapshot)
    if not found:
        try:
            found = [*_tables(snapshot), *_cells(snapshot), *_areas(snapshot), *_counts(snapshot), *_quality(snapshot)]
        except (RiskMapError, KeyError) as error:
            found = [Problem("", f"无法读取：{error}", f"cannot be read: {error}")]
    return found


def damage(snapshot: Snapshot) -> list[Problem]:
    """Files of a snapshot that are missing, unknown or not the published ones: every byte is read, nothing is understood."""
    return _bytes(snapshot)


def _bytes(snapshot: Snapshot) -> list[Problem]:
    declared = snapshot.manifest.get("files", {})
    present = set(files_of(snapshot.path))
    found = [Problem(name, "文件缺失", "file is missing") for name in sorted(set(declared) - present)]
    found += [Problem(name, "清单中没有此文件", "file is not in the manifest") for name in sorted(present - set(declared))]
    for name in sorted(present & set(declared)):
        path = snapshot.path / name
        if path.stat().st_size != declared[name]["bytes"]:
            found.append(Problem(name, "文件大小与清单不符", "size differs from the manifest"))
        elif sha256_of(path) != declared[name]["sha256"]:
            found.append(Problem(name, "校验和与清单不符", "checksum differs from the manifest"))
    return found


def _tables(snapshot: Snapshot) -> list[Problem]:
    found = []
    for table in (*TABLES, *OPTIONAL_TABLES):
        path = snapshot.path / f"{table}.parquet"
        if not path.is_file():
            if table in OPTIONAL_TABLES and table.split("_")[0] not in snapshot.manifest:
                continue
            found.append(Problem(path.name, "缺少数据表", "table is missing"))
            continue
        missing = missing_columns(table, Columns(path).names)
        if missing:
            found.append(Problem(path.name, f"缺少列：{'、'.join(missing)}", f"lacks columns {', '.join(missing)}"))
    return found


def _cells(snapshot: Snapshot) -> list[Problem]:
    cells = snapshot.cells
    found = []
    if np.any(np.diff(cells.numbers("cell")) <= 0):
        found.append(Problem("cells.parquet", "网格未按序号严格递增", "cells are not strictly ascending"))
    total = np.sum([cells.numbers(f"s_{code}") for code, _ in THEMES], axis=0)
    if not np.array_equal(total, cells.numbers("s")):
        found.append(Problem("cells.parquet", "各主题之和不等于总量", "themes do not sum to S"))
    level = cells.numbers("level")
    if np.any((level < 1) | (level > 4)):
        found.append(Problem("cells.parquet", "等级不在 1–4 之内", "a level is not 1 to 4"))
    return found


def _areas(snapshot: Snapshot) -> list[Problem]:
    areas = snapshot.areas
    pll = areas.numbers("pll")
    found = []
    if not np.allclose(np.sum([areas.numbers(f"pll_{code}") for code, _ in THEMES], axis=0), pll, rtol=_ROUNDING, atol=0):
        found.append(Problem("areas.parquet", "各主题之和不等于 PLL", "themes do not sum to PLL"))
    codes = np.asarray(areas.texts("code"), object)
    parents = np.asarray(areas.texts("parent"), object)
    for level, below in (("district", "street"), ("city", "district")):
        children = areas.numbers("pll") * np.isin(np.arange(len(areas)), snapshot.area_rows(below))
        for row in snapshot.area_rows(level):
            total = children[parents == codes[row]].sum()
            if not np.isclose(total, pll[row], rtol=_ROUNDING, atol=0):
                found.append(Problem("areas.parquet", f"{codes[row]} 的下级之和 {total:g} 不等于 {pll[row]:g}",
                                     f"the parts of {codes[row]} sum to {total:g}, not {pll[row]:g}"))
    return found


def _counts(snapshot: Snapshot) -> list[Problem]:
    return [
        Problem(f"features/{kind}.parquet", f"有 {len(snapshot.features(kind))} 行，清单记 {count} 行",
                f"has {len(snapshot.features(kind))} rows, the manifest says {count}")
        for kind, count in snapshot.manifest.get("counts", {}).items()
        if kind in snapshot.kinds and len(snapshot.features(kind)) != count
    ]


def _quality(snapshot: Snapshot) -> list[Problem]:
    """The rows that were assessed are the rows that there are."""
    if "quality" not in snapshot.manifest or not (snapshot.path / "quality.parquet").is_file():
        return []  # switched off, or missing and said so already
    table = Columns(snapshot.path / "quality.parquet")
    rows, kinds = table.numbers("rows"), np.asarray(table.texts("kind"), object)
    counts = snapshot.manifest.get("counts", {})
    return [Problem("quality.parquet", f"{kind} 计 {int(rows[kinds == kind].sum())} 行，清单记 {counts.get(kind, 0)} 行",
                    f"counts {int(rows[kinds == kind].sum())} rows of {kind}, the manifest says {counts.get(kind, 0)}")
            for kind in dict.fromkeys(kinds.tolist()) if int(rows[kinds == kind].sum()) != counts.get(kind, 0)]
