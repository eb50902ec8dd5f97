"""Refused rows out to a spreadsheet and, mended, back in: only they are loaded, and only their entries go."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from geo.coordinates import CGCS2000
from geo.errors import BadParameter
from geo.ingest.mapping import map_columns
from geo.ingest.readers import bad_file, open_file
from geo.ingest.rows import Rows
from geo.ingest.templates import heading
from geo.kinds import KINDS, Kind
from geo.kinds import kind as find_kind
from geo.store import LoadReport, Progress, Store

#: Columns that say what a row is and why it was refused; not to be changed.
HEAD = ("隔离要素", "隔离文件", "隔离行号", "隔离原因")

#: First characters that make a spreadsheet take text for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

#: Longest cell of an XLSX sheet.
_LONGEST_CELL = 32_767


def neutral(value: Any) -> Any:
    """Text that no spreadsheet takes for a formula: an apostrophe in front where it would.

    Examples
    --------
    >>> neutral("=1+1"), neutral("东风"), neutral("-3.5")
    ("'=1+1", '东风', '-3.5')
    """
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) and not _is_number(value):
        return "'" + value
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _plain(value: Any) -> Any:
    """What :func:`neutral` made, back."""
    if isinstance(value, str) and value.startswith("'") and value[1:].lstrip(" ").startswith(_FORMULA):
        return value[1:]
    return value


def export_quarantine(store: Store, path: Path, *, kind: str | None = None, source: str | None = None) -> int:
    """Write the refused rows to a spreadsheet, one line per row with every reason, so that they can be mended there.

    Parameters
    ----------
    path : Path
        ``.xlsx`` (a sheet per kind) or ``.csv`` (one kind only).
    kind, source : str, optional
        Only these.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    BadParameter
        If the ending is another one, or a CSV would hold several kinds.
    UnknownIdentifier
        If there is no such kind.
    """
    if kind is not None:
        find_kind(kind)
    refused = store.quarantine(kind, source)
    tables = {name: _table(find_kind(name), part) for name, part in refused.groupby("kind", sort=False)}
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        _write_xlsx(path, tables)
    elif suffix == ".csv":
        if len(tables) > 1:
            raise BadParameter(f"隔离区有 {len(tables)} 类要素，一个 CSV 只能放一类",
                               f"the quarantine holds {len(tables)} kinds, a CSV holds one",
                               remedy_zh=f"用 --kind 指定（{'、'.join(tables)}），或导出为 .xlsx。",
                               remedy_en="Say --kind, or export to .xlsx.")
        _write_csv(path, next(iter(tables.values()), pd.DataFrame(columns=list(HEAD))))
    else:
        raise BadParameter(f"隔离区只能导出为 .xlsx 或 .csv，不是“{path.suffix}”",
                           f"the quarantine is exported to .xlsx or .csv, not {path.suffix!r}",
                           remedy_zh="请改扩展名。", remedy_en="Change the ending.")
    return sum(len(table) for table in tables.values())


def _table(kind: Kind, refused: pd.DataFrame) -> pd.DataFrame:
    records = []
    for (file, row), faults in refused.groupby(["file", "row"], sort=True):
        reasons = "；".join(f"{reason}（{value}）" if value else str(reason)
                           for reason, value in zip(faults["reason_zh"], faults["value"], strict=True))
        records.append({HEAD[0]: kind.name, HEAD[1]: file, HEAD[2]: str(row), HEAD[3]: reasons,
                        **_cells(kind, str(faults["payload"].iloc[0] or ""))})
    names = [*HEAD, *(heading(field) for field in kind.all_fields), "经度", "纬度", "几何"]
    found = dict.fromkeys(name for record in records for name in record)
    return pd.DataFrame(records, columns=[*(name for name in names if name in found), *(name for name in found
                                                                                        if name not in names)],
                        dtype=object)


def _cells(kind: Kind, payload: str) -> dict[str, Any]:
    """What the row said, by heading; a position as longitude and latitude where it is one."""
    try:
        record = json.loads(payload)
    except ValueError:
        record = {"…": payload}
    record = record if isinstance(record, dict) else {"…": record}
    cells: dict[str, Any] = _position(record.pop("geometry", None))
    for name, value in record.items():
        field = next((one for one in kind.all_fields if one.name == name), None)
        if value is not None and name != "source":
            cells[heading(field) if field else name] = (
                value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict)
                else {True: "是", False: "否"}.get(value, value) if isinstance(value, bool) else value)
    if record.get("source"):
        cells[heading(kind.field("source"))] = record["source"]
    return cells


def _position(text: Any) -> dict[str, Any]:
    if not isinstance(text, str):
        return {}
    shape = shapely.from_wkt(text, on_invalid="ignore") if not text.startswith("'") else None
    if isinstance(shape, shapely.Point) and not shape.is_empty:
        return {"经度": repr(shape.x), "纬度": repr(shape.y)}
    bare = text.strip("'\"")
    if shape is None and bare.count(",") == 1:
        lon, lat = bare.split(",")
        return {"经度": lon, "纬度": lat}
    return {"几何": bare}


def _write_csv(path: Path, table: pd.DataFrame) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        writer.writerows([neutral(_shown(value)) for value in row] for row in table.itertuples(index=False))


def _write_xlsx(path: Path, tables: dict[str, pd.DataFrame]) -> None:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        reason, text = book.add_format({"bg_color": "#FCE4D6", "text_wrap": True}), book.add_format({"num_format": "@"})
        for name, table in tables.items():
            sheet = book.add_worksheet(KINDS[name].zh)
            sheet.freeze_panes(1, len(HEAD))
            for at, column in enumerate(table.columns):
                sheet.write_string(0, at, str(column))
                sheet.set_column(at, at, 40 if column == HEAD[3] else 16, text)
            for row, cells in enumerate(table.itertuples(index=False), 1):
                for at, cell in enumerate(cells):
                    shown = _shown(cell)
                    if shown:
                        sheet.write_string(row, at, str(neutral(shown))[:_LONGEST_CELL], reason if at == 3 else text)
        if not tables:
            book.add_worksheet("隔离区为空").write_row(0, 0, HEAD)


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@dataclass(frozen=True)
class _Mended:
    """Rows of one kind and one original file."""

    kind: Kind
    file: str
    frame: pd.DataFrame


def reload_quarantine(store: Store, path: Path, *, by: str = "", progress: Progress | None = None) -> list[LoadReport]:
    """Load the mended rows of an exported quarantine, all in one transaction.

    A row that is good now is loaded under its old source and its entries go; one that is still bad stays in quarantine with what
    it says now. Rows that were deleted from the spreadsheet stay in quarantine untouched.

    Raises
    ------
    BadFile
        If the file cannot be read or is no exported quarantine.
    StoreError
        If the store cannot be written.
    """
    parts = list(_parts(path))
    with store.transaction():
        return [_reload(store, part, path, by, progress) for part in parts]


def _parts(path: Path) -> Iterator[_Mended]:
    for layer in _sheets(path):
        with open_file(path, layer=layer) as reading:
            if not set(HEAD[:3]) <= set(reading.columns):
                raise bad_file(path, f"不是隔离区的导出（缺少列：{'、'.join(HEAD[:3])}）", "is no exported quarantine",
                               "请用 riskmap quarantine export 导出的文件，并保留前四列。",
                               "Use a file of riskmap quarantine export; keep its first columns.")
            chunks = list(reading.chunks)
            if reading.rejected:
                first = reading.rejected[0]
                raise bad_file(path, f"第 {first.row} 行：{first.reason_zh}", f"row {first.row}: {first.reason_en}",
                               "请改正这一行。", "Mend that row.")
        frame = pd.concat(chunks) if chunks else pd.DataFrame(columns=list(reading.columns))
        for (kind, file), rows in frame.groupby([HEAD[0], HEAD[1]], sort=True):
            yield _Mended(find_kind(str(kind)), str(file), _numbered(path, rows))


def _sheets(path: Path) -> list[str]:
    if path.suffix.lower() != ".xlsx":
        return [""]
    import python_calamine

    try:
        return list(python_calamine.load_workbook(str(path)).sheet_names)
    except (python_calamine.CalamineError, OSError):
        return [""]  # the reader says what is wrong with it


def _numbered(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    numbers = pd.to_numeric(rows[HEAD[2]], errors="coerce")
    if numbers.isna().any() or numbers.duplicated().any():
        raise bad_file(path, f"的“{HEAD[2]}”一列有空值、非数字或重复", f"has empty, wrong or doubled values in {HEAD[2]}",
                       "请保留导出时的行号。", "Keep the row numbers as exported.")
    text = rows.drop(columns=[name for name in HEAD if name in rows]).map(_plain)
    return text.set_axis(pd.Index(numbers.to_numpy(np.int64) - 1))


def _reload(store: Store, part: _Mended, path: Path, by: str, progress: Progress | None) -> LoadReport:
    frame = part.frame[[name for name in part.frame if part.frame[name].notna().any()]]
    names = [str(name) for name in frame.columns]
    frame, mapping = _with_one_geometry(frame), map_columns(part.kind, names, path=path)
    if "geometry" in frame:
        mapping = map_columns(part.kind, [name for name in names if name in frame], path=path, has_geometry=True)
    rows = Rows(store, mapping, CGCS2000, part.file, path)
    made = rows.frame(frame)
    for field in part.kind.all_fields:
        if field.required and field.name not in made:
            made[field.name] = None
    numbers = {(part.file, int(label) + 1) for label in frame.index}
    return store.load(part.kind.name, [made], source=part.file, by=by, mends=numbers, progress=progress, total=len(made),
                      findings=[finding.as_dict() for finding in (*rows.findings, *rows.watch.findings())])


def _with_one_geometry(frame: pd.DataFrame) -> pd.DataFrame:
    """Where some rows have longitude and latitude and others WKT, all become WKT."""
    if not {"经度", "纬度", "几何"} <= set(frame.columns):
        return frame
    lon, lat = (pd.to_numeric(frame[name], errors="coerce").to_numpy(np.float64, na_value=np.nan) for name in ("经度", "纬度"))
    shapes = np.asarray(shapely.from_wkt(frame["几何"].fillna("").replace("", None).to_numpy(object), on_invalid="ignore"),
                        dtype=object)
    points = np.isfinite(lon) & np.isfinite(lat)
    shapes[points] = shapely.points(lon[points], lat[points])
    return frame.drop(columns=["经度", "纬度", "几何"]).assign(geometry=pd.Series(shapes, index=frame.index, dtype=object))
