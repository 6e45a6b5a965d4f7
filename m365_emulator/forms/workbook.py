"""The response workbook: a real .xlsx with one table, as Forms keeps it in the group's library.
The file is read and written whole, so that what people add by hand in other cells stays.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from m365_emulator.forms.formats import CellValue

SHEET_NAME = "Sheet1"
TABLE_NAME = "OfficeForms.Table"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DATE_TIME_FORMAT = "m/d/yy h:mm:ss"


class SpoiltWorkbook(Exception):
    """Somebody has put something else where the response workbook was."""


def with_rows(content: bytes | None, headers: Sequence[str], rows: Sequence[Sequence[CellValue]]) -> bytes:
    """The workbook with these rows added under the table's last one; made anew when content is None.
    Columns are found by their headers; a question that came later gets a column at the end.
    A row whose Id is already there is written over, so that adding twice changes nothing. Raises SpoiltWorkbook.
    """
    book = _read(content) if content else _new_book()
    sheet = book[SHEET_NAME]
    columns = _columns(sheet, headers)
    places = {sheet.cell(at, columns[headers[0]]).value: at for at in range(2, sheet.max_row + 1)}
    for row in rows:
        at = places.get(row[0]) or _next_row(sheet)
        places[row[0]] = at
        for header, value in zip(headers, row, strict=True):
            _write(sheet, at, columns[header], value)
    if TABLE_NAME in sheet.tables:
        del sheet.tables[TABLE_NAME]
    last = max([2, *places.values()])
    table = Table(displayName=TABLE_NAME, ref=f"A1:{get_column_letter(max(columns.values()))}{last}")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
    sheet.add_table(table)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _read(content: bytes) -> Workbook:
    try:
        book = load_workbook(io.BytesIO(content))
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as fault:
        raise SpoiltWorkbook("the file is no workbook") from fault
    if SHEET_NAME not in book.sheetnames:
        raise SpoiltWorkbook("the file has lost its sheet of responses")
    return book


def _new_book() -> Workbook:
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has no worksheet")
    sheet.title = SHEET_NAME
    return book


def _columns(sheet: Worksheet, headers: Sequence[str]) -> dict[str, int]:
    """The column of each header; one that is not there yet gets a new column at the end."""
    found = {str(cell.value): cell.column for cell in sheet[1] if cell.value is not None}
    for header in headers:
        if header not in found:
            found[header] = max(found.values(), default=0) + 1
            _write(sheet, 1, found[header], header)
            sheet.column_dimensions[get_column_letter(found[header])].width = 22
    return found


def _write(sheet: Worksheet, row: int, column: int, value: CellValue) -> None:
    cell = sheet.cell(row, column)
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
    if isinstance(value, str):
        cell.data_type = "s"
    elif isinstance(value, datetime):
        cell.number_format = DATE_TIME_FORMAT


def _next_row(sheet: Worksheet) -> int:
    filled = [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value is not None]
    return max(filled, default=1) + 1
