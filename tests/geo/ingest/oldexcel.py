"""Writes workbooks of Excel 97–2003 (BIFF8 in an OLE2 container) byte by byte, after MS-XLS and MS-CFB: no library here does."""

from __future__ import annotations

import struct
from pathlib import Path

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def write_xls(path: Path, name: str, rows: list[list[str | float | None]]) -> None:
    """One sheet of texts and numbers."""
    globals_ = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 0))
    title = name.encode("utf-16-le")
    bound = struct.pack("<HBB", 0, len(name), 1) + title
    offset = len(globals_) + 4 + 4 + len(bound) + 4
    globals_ += _record(0x0085, struct.pack("<I", offset) + bound) + _record(0x000A, b"")
    _container(path, globals_ + _sheet(rows))


def _sheet(rows: list[list[str | float | None]]) -> bytes:
    data = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0))
    data += _record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0))
    for at, row in enumerate(rows):
        for place, value in enumerate(row):
            where = struct.pack("<HHH", at, place, 0)
            if isinstance(value, str):
                data += _record(0x0204, where + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
            elif value is not None:
                data += _record(0x0203, where + struct.pack("<d", value))
    return data + _record(0x000A, b"")


def _record(number: int, data: bytes) -> bytes:
    return struct.pack("<HH", number, len(data)) + data


def _container(path: Path, stream: bytes) -> None:
    """One stream called Workbook; padded over 4,096 bytes, below which a stream would have to lie in the small sectors."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    sectors = len(stream) // 512
    fat = [_FAT, _END, *range(3, 2 + sectors), _END]
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    assert len(table) == 512, "one sector of the table holds 126 sectors of data"
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<I", 0) + b"\xff" * (108 * 4)
    folder = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _FREE, 2, len(stream)) + bytes(256)
    path.write_bytes(header + table + folder + stream)


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack("<HBBIII16xI8x8xIQ", len(text), kind, 1, _FREE, _FREE, child, 0, start, size)
