"""Text files of unknown encoding: found out from the whole file, read as one stream of UTF-8."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from geo.ingest.readers.reading import bad_file

_BLOCK = 1 << 20

#: Share of lines that may be broken before the guess counts as wrong.
_BROKEN_SHARE = 0.01


@dataclass(frozen=True)
class Encoding:
    """How a file's text is encoded.

    Attributes
    ----------
    codec : str
        Python's name of it.
    shown : str
        What the user is told: the name, and how it was found out.
    broken : int
        Lines that cannot be decoded; their rows are refused, the rest is read.
    """

    codec: str
    shown: str
    broken: int = 0


def find_encoding(path: Path, declared: str = "") -> Encoding:
    """The encoding of a text file: a byte order mark, else strict UTF-8, UTF-16 by its zeros, else strict GB18030.

    Parameters
    ----------
    declared : str
        Encoding that the user names; it is checked, not guessed.

    Raises
    ------
    BadFile
        If the file cannot be read, or is in none of these.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        raise bad_file(path, "不存在", "is missing", "请检查路径。", "Check the path.") from None
    except OSError as error:
        raise bad_file(path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    if declared:
        return _declared(path, declared)
    for mark, codec, name in ((codecs.BOM_UTF8, "utf-8-sig", "UTF-8"), (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
                              (codecs.BOM_UTF16_BE, "utf-16", "UTF-16")):
        if head.startswith(mark):
            return Encoding(codec, f"{name}（有 BOM）", _broken(path, codec))
    wide = _wide(head)
    if wide:
        return Encoding(wide, f"{wide.upper()}（由零字节判断）", _broken(path, wide))
    return _narrow(path)


def _declared(path: Path, declared: str) -> Encoding:
    codec = {"gbk": "gb18030", "gb2312": "gb18030", "utf8": "utf-8-sig", "utf-8": "utf-8-sig"}.get(declared.lower(), declared)
    try:
        codecs.lookup(codec)
    except LookupError:
        raise bad_file(path, f"的编码“{declared}”不认识", f"has an unknown encoding {declared!r}",
                       "可用：utf-8、gb18030、utf-16。", "Use utf-8, gb18030 or utf-16.") from None
    return Encoding(codec, f"{declared.upper()}（用户指定）", _broken(path, codec))


def _wide(head: bytes) -> str:
    """UTF-16 without a mark: every other byte of its ASCII characters is zero."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if len(head) < 8 or max(even, odd) < len(head) / 8 or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _narrow(path: Path) -> Encoding:
    if not _broken(path, "utf-8", stop=True):
        return Encoding("utf-8", "UTF-8（全文符合）")
    if not _broken(path, "gb18030", stop=True):
        return Encoding("gb18030", "GB18030（全文符合，不是 UTF-8）")
    lines = max(_lines(path), 1)
    for codec, name in (("utf-8", "UTF-8"), ("gb18030", "GB18030")):
        broken = _broken(path, codec)
        if broken <= _BROKEN_SHARE * lines:
            return Encoding(codec, f"{name}（有 {broken} 行不符合）", broken)
    raise bad_file(path, "既不是 UTF-8 也不是 GB18030 编码", "is neither UTF-8 nor GB18030",
                   "请另存为 UTF-8 编码，或用 --encoding 指定编码。", "Save it in UTF-8, or name the encoding by --encoding.")


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(_BLOCK), b""))


def longest_line(path: Path) -> int:
    """Bytes of the longest line of a file."""
    longest = running = 0
    with path.open("rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            first, *others = block.split(b"\n")
            running += len(first)
            if others:
                longest = max(longest, running, *(len(line) for line in others))
                running = len(others[-1])
    return max(longest, running)


def _broken(path: Path, codec: str, *, stop: bool = False) -> int:
    """Lines that a codec cannot decode; with `stop` the first one is enough."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    with path.open("rb") as file:
        try:
            for block in iter(lambda: file.read(_BLOCK), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
            return 0
        except UnicodeDecodeError:
            if stop:
                return 1
    with path.open(encoding=codec, errors="replace", newline="\n") as text:
        return max(1, sum("\ufffd" in line for line in text))


class Utf8Stream(io.RawIOBase):
    """A binary stream of UTF-8 made of a text file in any encoding; what cannot be decoded becomes U+FFFD.

    Parameters
    ----------
    file : binary file
        Closed with the stream.
    codec : str
        Its encoding.
    sound : bool
        All of it can be decoded: UTF-8 is then handed on as it is.
    """

    def __init__(self, file: BinaryIO, codec: str, *, sound: bool = False) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder(codec)("replace")
        self._ahead = b""
        self._plain = sound and codec in ("utf-8", "utf-8-sig")

    def readable(self) -> bool:
        """Yes."""
        return True

    def push_back(self, ahead: bytes) -> None:
        """Put bytes before the rest; only what was read before."""
        self._ahead = ahead + self._ahead

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes, fewer only at the end: Arrow takes what one call gives for a block."""
        size = 1 << 24 if size < 0 else size
        pieces, held = [self._ahead], len(self._ahead)
        while held < size:
            raw = self._file.read(max(size - held, 1 << 16))
            text = raw if self._plain and raw else self._decoder.decode(raw, final=not raw).encode("utf-8", "replace")
            pieces.append(text)
            held += len(text)
            if not raw:
                break
        whole = b"".join(pieces)
        self._ahead = whole[size:]
        return whole[:size]

    def close(self) -> None:
        """Close the file below."""
        self._file.close()
        super().close()
