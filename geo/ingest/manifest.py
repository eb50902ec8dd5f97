"""The manifest of a directory: which file is what, with which checksum, and how it is to be read."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geo.errors import BadFile
from geo.ingest.files import Declared
from geo.ingest.mapping import Saved, read_mapping
from geo.kinds import KINDS
from geo.kinds import kind as find_kind


@dataclass(frozen=True)
class Entry:
    """One file that a manifest names.

    Attributes
    ----------
    name : str
        Kind of its rows, or name of the raster.
    path : Path
        Where it lies.
    sha256 : str
        Its checksum; empty where the manifest does not say it.
    rows : int
        Its rows; -1 where the manifest does not say them.
    declared : Declared or None
        How it is read; None for a Parquet file of declared fields, as this program writes them, and for rasters.
    """

    name: str
    path: Path
    sha256: str
    rows: int
    declared: Declared | None = None


#: What an entry of the manifest can say beside file, checksum and rows.
_SAID = ("crs", "encoding", "layer", "source")


def read_manifest(directory: Path) -> tuple[list[Entry], list[Entry]]:
    """Files of the kinds, areas first and the rest in the order of declaration; and the rasters.

    Raises
    ------
    BadFile
        If the manifest is missing or cannot be understood.
    UnknownIdentifier
        If it names a kind that does not exist.
    """
    path = directory / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        kinds = [_entry(directory, name, one, kind=True) for name, entry in manifest["kinds"].items()
                 for one in (entry if isinstance(entry, list) else [entry])]
        rasters = [_entry(directory, name, entry, kind=False) for name, entry in manifest.get("rasters", {}).items()]
    except FileNotFoundError:
        raise bad_entry(path, "不存在", "is missing") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise bad_entry(path, f"无法解析（{error}）", f"cannot be read ({error})") from error
    for entry in kinds:
        find_kind(entry.name)
    order = list(KINDS)
    return sorted(kinds, key=lambda entry: (entry.name != "area", order.index(entry.name))), rasters


def _entry(directory: Path, name: str, entry: dict[str, Any], *, kind: bool) -> Entry:
    file = _plain_name(str(entry["file"]))
    declared: Declared | None = None
    special = any(entry.get(key) for key in (*_SAID, "mapping", "identifier"))
    if kind and (special or not file.endswith((".parquet", ".geoparquet"))):
        mapping = read_mapping(directory / _plain_name(str(entry["mapping"]))) if entry.get("mapping") else Saved()
        crs, encoding, layer, source = (str(entry.get(key, "")) for key in _SAID)
        declared = Declared(source, crs=crs, encoding=encoding, layer=layer, mapping=mapping,
                            identifier=tuple(map(str, entry.get("identifier", ()))))
    sha256 = str(entry.get("sha256", "")) if declared else str(entry["sha256"])
    return Entry(name, directory / file, sha256, int(entry.get("rows", -1)), declared)


def _plain_name(file: str) -> str:
    if Path(file).name != file:
        raise ValueError(f"{file!r} is not a plain file name")
    return file


def check_entry(entry: Entry) -> None:
    """Compare a file with the manifest's checksum.

    Raises
    ------
    BadFile
        If it is missing, cannot be read, or is another one.
    """
    try:
        with entry.path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise bad_entry(entry.path, "不存在", "is missing") from None
    except OSError as error:
        raise bad_entry(entry.path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    if entry.sha256 and found != entry.sha256:
        raise bad_entry(entry.path, "的校验和与清单不符（文件不完整或被改动）",
                        "does not have the manifest's checksum (cut short or changed)")


def bad_entry(path: Path, zh: str, en: str) -> BadFile:
    """The error for a file of a directory."""
    return BadFile(
        f"文件 {path} {zh}", f"the file {path} {en}",
        remedy_zh="请重新生成或重新获取该目录（riskmap demo 会重新生成示例数据）。",
        remedy_en="Make or fetch the directory again (riskmap demo makes the sample anew).", file=str(path))
