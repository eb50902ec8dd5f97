"""Tables as CSV or as a workbook that a spreadsheet shows in Chinese and never executes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from geo.errors import BadParameter, EnvironmentProblem
from layers.exports import neutral

if TYPE_CHECKING:
    import pandas as pd

#: Most rows of one sheet of a workbook.
_SHEET_ROWS = 1_048_575


def require_folder(out: Path) -> None:
    """Refuse a file in a folder that does not exist: before the work, not after it. Raises EnvironmentProblem."""
    if not out.absolute().parent.is_dir():
        raise EnvironmentProblem(f"目录 {out.absolute().parent} 不存在", f"there is no folder {out.absolute().parent}",
                                 remedy_zh="请先建立该目录。", remedy_en="Make it first.")


def require_writable(out: Path | None) -> None:
    """Refuse a file that :func:`write_sheets` could not write; None is none.

    Raises
    ------
    BadParameter
        If it ends neither in ``.xlsx`` nor in ``.csv``.
    EnvironmentProblem
        If its folder does not exist.
    """
    if out is None:
        return
    if out.suffix.lower() not in (".xlsx", ".csv"):
        raise BadParameter(f"不能写成“{out.suffix}”文件", f"cannot write a {out.suffix!r} file",
                           remedy_zh="请用 .xlsx 或 .csv 结尾。", remedy_en="Use a name that ends with .xlsx or .csv.")
    require_folder(out)


def write_sheets(sheets: Mapping[str, pd.DataFrame], out: Path) -> None:
    """A workbook with these sheets, or one of them as CSV; text that looks like a formula is made harmless."""
    if out.suffix.lower() == ".csv":
        (table,) = sheets.values()
        table.map(neutral).to_csv(out, index=False, encoding="utf-8-sig", lineterminator="\r\n")
        return
    import xlsxwriter

    with xlsxwriter.Workbook(str(out), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        bold = book.add_format({"bold": True})
        for name, table in sheets.items():
            sheet, kept = book.add_worksheet(name[:31]), table.head(_SHEET_ROWS)
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, [str(column) for column in table.columns], bold)
            for row, record in enumerate(kept.itertuples(index=False), start=1):
                sheet.write_row(row, 0, [None if value is None or value != value else neutral(value) for value in record])
            sheet.autofilter(0, 0, max(len(kept), 1), max(len(table.columns) - 1, 0))
