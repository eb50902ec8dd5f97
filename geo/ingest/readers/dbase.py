"""How the attributes of a shapefile are encoded: what the .cpg says is held against the bytes of the .dbf."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

from geo.ingest.findings import Finding
from geo.ingest.readers.reading import bad_file

#: Records looked at.
_SAMPLE = 5_000


@dataclass(frozen=True)
class DbaseEncoding:
    """Encoding to read the attributes with (empty: as the driver thinks), how it is shown, and what was noticed."""

    codec: str
    shown: str
    findings: list[Finding] = field(default_factory=list)


def dbase_encoding(shp: Path, declared: str = "") -> DbaseEncoding:
    """The encoding of a shapefile's attributes.

    Parameters
    ----------
    shp : Path
        The ``.shp`` file; ``.cpg`` and ``.dbf`` are looked for beside it.
    declared : str
        What the user names; it goes before everything.

    Raises
    ------
    BadFile
        If the .dbf is missing.
    """
    dbf, cpg = _beside(shp, ".dbf"), _beside(shp, ".cpg")
    if dbf is None:
        raise bad_file(shp, "缺少同名的 .dbf（属性表）", "lacks its .dbf (the attributes)",
                       "请把 .shp、.shx、.dbf、.prj 放在一起。",
                       "Keep .shp, .shx, .dbf and .prj together.")
    if declared:
        return DbaseEncoding(declared, f"{declared.upper()}（用户指定）")
    said = cpg.read_text("ascii", "replace").strip() if cpg else ""
    texts = _texts(dbf)
    fits = [codec for codec in ("utf-8", "gb18030") if all(_fits(text, codec) for text in texts)]
    if not texts:
        return DbaseEncoding("UTF-8", "ASCII（属性表没有汉字）")
    found = fits[0] if fits else ""
    if not said:
        shown = {"utf-8": "UTF-8", "gb18030": "GB18030"}.get(found, "GB18030")
        return DbaseEncoding(shown, f"{shown}（没有 .cpg，由内容判断）", [Finding(
            "cpg-missing", "info", f"没有 .cpg 文件，按内容判断编码为 {shown}",
            f"there is no .cpg; by its content the encoding is {shown}")])
    if _plain(said) in fits or not found:
        return DbaseEncoding("GB18030" if _plain(said) == "gb18030" else said, f"{said}（.cpg）")
    shown = {"utf-8": "UTF-8", "gb18030": "GB18030"}[found]
    return DbaseEncoding(shown, f"{shown}（由内容判断，.cpg 写的是 {said}）", [Finding(
        "cpg-wrong", "warning", f".cpg 写的是 {said}，但内容是 {shown}，按 {shown} 读取",
        f"the .cpg says {said} but the content is {shown}; it is read as {shown}", evidence={"cpg": said, "found": shown})])


def _plain(name: str) -> str:
    name = name.lower().replace("_", "-").replace("ansi ", "")
    if name in ("gbk", "gb2312", "936", "cp936", "gb18030"):
        return "gb18030"
    return "utf-8" if name in ("utf-8", "utf8", "65001") else name


def _beside(shp: Path, suffix: str) -> Path | None:
    return next((path for path in (shp.with_suffix(suffix), shp.with_suffix(suffix.upper())) if path.is_file()), None)


def _texts(dbf: Path) -> list[bytes]:
    """Character values with bytes beyond ASCII, of the first records, and field names likewise."""
    with dbf.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return []
        count, header, width = struct.unpack("<IHH", head[4:12])
        descriptions = file.read(max(header - 33, 0))
        fields, at = [], 1
        for start in range(0, len(descriptions) - 31, 32):
            description = descriptions[start:start + 32]
            name, kind, size = description[:11].split(b"\x00")[0], description[11:12], description[16]
            fields.append((name, kind, at, size))
            at += size
        file.seek(header)
        records = [file.read(width) for _ in range(min(count, _SAMPLE))]
    names = [name for name, _, _, _ in fields]
    values = [record[at:at + size].strip() for _, kind, at, size in fields if kind == b"C" for record in records]
    return [text for text in (*names, *values) if not text.isascii()]


def _fits(text: bytes, codec: str) -> bool:
    """Whether the bytes are this encoding; the last character may be cut, as the fixed width of the fields does."""
    for cut in range(4):
        try:
            text[:len(text) - cut].decode(codec)
            return True
        except UnicodeDecodeError as error:
            if error.start < len(text) - 4:
                return False
    return False
