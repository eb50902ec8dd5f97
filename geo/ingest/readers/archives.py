"""What a file really is, by its first bytes; and gz and zip unpacked safely: what they claim is checked before it is believed."""

from __future__ import annotations

import copy
import gzip
import zipfile
import zlib
from pathlib import Path

from geo.ingest.readers.reading import bad_file

#: Largest size in bytes that a packed file may unfold to.
LARGEST_UNPACKED = 8 << 30

#: Largest unpacked size in bytes of the parts of a spreadsheet, which is read into memory.
LARGEST_SPREADSHEET = 1 << 30

_BLOCK = 1 << 20

_MAGIC = (
    (b"PAR1", "GeoParquet"), (b"SQLite format 3\x00", "GeoPackage"), (b"fgb\x03", "FlatGeobuf"), (b"\x00\x00\x27\x0a",
                                                                                                  "Shapefile"),
    (b"\xd0\xcf\x11\xe0", "XLS"), (b"\x1f\x8b", "gz"), (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"),
)


def recognise(path: Path) -> str:
    """Format of a file by its content, as :data:`geo.ingest.readers.FORMATS` names them; gz and zip where it is packed.

    Raises
    ------
    BadFile
        If it is missing, empty or cannot be read.
    """
    try:
        if path.is_dir():
            raise bad_file(path, "是目录，不是文件", "is a folder, not a file",
                           "目录须有 manifest.json；单个文件请给出文件名。", "A folder needs a manifest.json.")
        with path.open("rb") as file:
            head = file.read(4096)
    except FileNotFoundError:
        raise bad_file(path, "不存在", "is missing", "请检查路径。", "Check the path.") from None
    except OSError as error:
        raise bad_file(path, f"无法读取：{error.strerror}", f"cannot be read: {error.strerror}") from error
    if not head:
        raise bad_file(path, "是空文件", "is empty", "文件长度为 0。", "It has no bytes.")
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return _packed(path) if name == "zip" else name
    return _text(head, path)


def _packed(path: Path) -> str:
    with opened_zip(path) as archive:
        return "XLSX" if "xl/workbook.xml" in archive.namelist() else "zip"


def _text(head: bytes, path: Path) -> str:
    plain = head.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    if plain.startswith(b"\x1e"):
        return "GeoJSONSeq"
    if plain[:1] in (b"{", b"["):
        first = plain.split(b"\n", 1)[0].strip()
        whole = first.endswith(b"}") and b'"Feature"' in first and b'"features"' not in first
        return "GeoJSONSeq" if whole or path.suffix.lower() in (".geojsonl", ".geojsons", ".ndjson", ".jsonl") else "GeoJSON"
    return "CSV"


def opened_zip(path: Path) -> zipfile.ZipFile:
    """A zip file with its directory read.

    Raises
    ------
    BadFile
        If it is cut short or no zip file.
    """
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise bad_file(path, f"的压缩结构损坏或不完整（{error}）", f"is broken or cut short ({error})",
                       "请重新获取该文件。", "Fetch the file again.") from error


def check_claims(path: Path, archive: zipfile.ZipFile, largest: int) -> None:
    """Refuse an archive that says it unfolds to more than `largest` bytes, before any of it is unfolded.

    Raises
    ------
    BadFile
        With the size in it.
    """
    claimed = sum(entry.file_size for entry in archive.infolist())
    if claimed > largest:
        raise _too_large(path, claimed, largest)


def _too_large(path: Path, size: int, largest: int) -> Exception:
    return bad_file(path, f"解压后有 {size / 2**30:.1f} GB，超过上限 {largest / 2**30:.0f} GB",
                    f"unfolds to {size / 2**30:.1f} GB, more than the limit of {largest / 2**30:.0f} GB",
                    "可能是压缩炸弹。确为数据时请拆分，或另存为 CSV。",
                    "This may be a bomb. If it is data, split it or save it as CSV.")


def real_size(path: Path, archive: zipfile.ZipFile, name: str, largest: int) -> int:
    """Bytes that an entry really unfolds to, whatever the directory says.

    Raises
    ------
    BadFile
        If they are more than `largest`, or the entry is broken.
    """
    entry = copy.copy(archive.getinfo(name))
    entry.file_size, entry.CRC = largest + 1, None  # type: ignore[assignment]  # read on past what the directory claims
    total = 0
    try:
        with archive.open(entry) as file:
            while block := file.read(_BLOCK):
                total += len(block)
                if total > largest:
                    raise _too_large(path, total, largest)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise bad_file(path, f"的压缩内容损坏（{name}：{error}）", f"has a broken entry ({name}: {error})",
                       "请重新获取该文件。", "Fetch the file again.") from error
    return total


def unpacked(path: Path, folder: Path) -> Path:
    """The one data file inside a gz or zip file, unfolded into a folder; of a shapefile all parts.

    Raises
    ------
    BadFile
        If it is broken, too large, or holds none or several data files.
    """
    return _from_gz(path, folder) if recognise(path) == "gz" else _from_zip(path, folder)


def _from_gz(path: Path, folder: Path) -> Path:
    inner = folder / (path.stem if path.suffix.lower() in (".gz", ".gzip") else path.name)
    total = 0
    try:
        with gzip.open(path) as packed, inner.open("wb") as out:
            while block := packed.read(_BLOCK):
                total += len(block)
                if total > LARGEST_UNPACKED:
                    raise _too_large(path, total, LARGEST_UNPACKED)
                out.write(block)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise bad_file(path, "的压缩内容损坏或不完整", "is broken or cut short", "请重新获取该文件。",
                       "Fetch the file again.") from error
    return inner


#: What counts as data inside a zip file; shapefiles are found by their .shp.
_DATA = (".csv", ".txt", ".tsv", ".xlsx", ".xls", ".geojson", ".json", ".geojsonl", ".gpkg", ".fgb", ".parquet", ".shp")


def _from_zip(path: Path, folder: Path) -> Path:
    with opened_zip(path) as archive:
        check_claims(path, archive, LARGEST_UNPACKED)
        names = [entry for entry in archive.namelist() if not entry.startswith("__MACOSX") and not entry.endswith("/")]
        data = [name for name in names if Path(name).suffix.lower() in _DATA]
        if len(data) != 1:
            listed = "、".join(data[:6])
            raise bad_file(path, f"里有 {len(data)} 个数据文件（{listed}），须恰好一个", f"holds {len(data)} data files, not one",
                           "请解压后逐个载入，或做成带 manifest.json 的目录。",
                           "Unpack it and load one by one, or make a folder with a manifest.")
        stem = Path(data[0]).with_suffix("")
        wanted = [name for name in names if name == data[0] or Path(name).with_suffix("") == stem]
        for name in wanted:
            real_size(path, archive, name, LARGEST_UNPACKED)
            target = folder / Path(name).name  # only the last part: an entry cannot leave the folder
            with archive.open(name) as packed, target.open("wb") as out:
                while block := packed.read(_BLOCK):
                    out.write(block)
        return folder / Path(data[0]).name
