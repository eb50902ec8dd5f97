"""The form of a backup: one ZIP file with a Parquet file per table, the rasters, and a manifest of checksums.

The members are not compressed by ZIP (Parquet is). ``manifest.json`` is the last one; it names every other with its size and
SHA-256, and a file without it, or with a member that differs, is refused before anything is touched.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from geo.errors import BadFile

#: Version of the form.
FORM = 1

MANIFEST = "manifest.json"

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself.

    Attributes
    ----------
    revision : str
        Structure of the store it was taken from.
    created : str
        When (UTC).
    version : str
        The state of the store it holds.
    rows : dict
        Rows by table.
    members : dict
        Size and SHA-256 by name of member.
    """

    revision: str
    created: str
    version: str
    rows: dict[str, int]
    members: dict[str, tuple[int, str]]


class ArchiveWriter:
    """Adds members to a backup and keeps their checksums."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._members: dict[str, tuple[int, str]] = {}

    @contextmanager
    def member(self, name: str) -> Iterator[_Hashed]:
        """A member to write to; its checksum is kept."""
        with self._archive.open(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), "w", force_zip64=True) as file:
            hashed = _Hashed(file)
            yield hashed
        self._members[name] = (hashed.size, hashed.sha.hexdigest())

    def finish(self, revision: str, created: str, version: str, rows: dict[str, int]) -> None:
        """Write the manifest."""
        body = {"form": FORM, "revision": revision, "created": created, "version": version, "rows": rows,
                "members": {name: {"bytes": size, "sha256": sha} for name, (size, sha) in self._members.items()}}
        text = json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True)
        self._archive.writestr(zipfile.ZipInfo(MANIFEST, (1980, 1, 1, 0, 0, 0)), text)


class _Hashed:
    """A file that is written to and hashed at once."""

    def __init__(self, file: Any) -> None:
        self._file, self.sha, self.size, self.closed = file, hashlib.sha256(), 0, False

    def write(self, data: Any) -> int:
        self._file.write(data)
        self.sha.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        """Left open: who opened the member closes it."""

    def tell(self) -> int:
        return self.size

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


def open_archive(path: Path) -> zipfile.ZipFile:
    """A backup opened for reading.

    Raises
    ------
    BadFile
        If it is missing or no ZIP file.
    """
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise _bad(path, "不存在", "is missing") from None
    except OSError as error:
        raise _bad(path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    except zipfile.BadZipFile as error:
        raise _bad(path, "已损坏，或不是本程序的备份", "is damaged, or is no backup of this program") from error


def member(path: Path, archive: zipfile.ZipFile, name: str) -> pa.Buffer:
    """A member as it lies in the file, mapped and not copied."""
    info = archive.getinfo(name)
    with pa.memory_map(str(path)) as mapped:
        mapped.seek(info.header_offset + 26)  # the local header: 30 bytes, then the name, then what ZIP adds
        head = mapped.read(4)
        start = info.header_offset + 30 + int.from_bytes(head[:2], "little") + int.from_bytes(head[2:], "little")
        mapped.seek(start)
        return mapped.read_buffer(info.file_size)


def verified(path: Path, archive: zipfile.ZipFile, tell: Callable[[int, int], None]) -> Manifest:
    """The manifest of a backup, after every member was read and compared with it.

    Raises
    ------
    BadFile
        If anything is missing, added, cut or changed, or the form is not known.
    """
    manifest = _manifest(path, archive)
    names = set(archive.namelist()) - {MANIFEST}
    if names != set(manifest.members) or len(archive.namelist()) != len(names) + 1:
        raise _bad(path, "的内容与清单不符", "does not hold what its manifest says")
    total, done = sum(size for size, _ in manifest.members.values()), 0
    for name, (size, sha) in manifest.members.items():
        try:
            found, read = hashlib.sha256(), 0
            with archive.open(name) as member:
                while block := member.read(_BLOCK):
                    found.update(block)
                    read += len(block)
                    tell(done + read, total)
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            raise _bad(path, f"中的 {name} 已损坏", f"is damaged at {name}") from error
        if (read, found.hexdigest()) != (size, sha):
            raise _bad(path, f"中的 {name} 校验和不符", f"does not have the checksum of {name} that its manifest says")
        done += size
    return manifest


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        body = json.loads(archive.read(MANIFEST))
        if body["form"] != FORM:
            raise _bad(path, f"的格式版本（{body['form']}）本程序不认识",
                       f"has a form ({body['form']}) that this program does not know")
        members = {str(name): (int(one["bytes"]), str(one["sha256"])) for name, one in body["members"].items()}
        rows = {str(name): int(count) for name, count in body["rows"].items()}
        return Manifest(str(body["revision"]), str(body["created"]), str(body["version"]), rows, members)
    except (KeyError, ValueError, TypeError, AttributeError, zipfile.BadZipFile, OSError, EOFError) as error:
        raise _bad(path, "已损坏，或不是本程序的备份（清单无法读取）", "is damaged, or is no backup of this program") from error


def _bad(path: Path, zh: str, en: str) -> BadFile:
    return BadFile(f"备份文件 {path} {zh}", f"the backup {path} {en}", remedy_zh="请换用另一份备份；数据存储未被改动。",
                   remedy_en="Use another backup; the store was not touched.", file=str(path))
