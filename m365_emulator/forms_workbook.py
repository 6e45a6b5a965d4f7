"""The response workbook: a real .xlsx with one table, as Forms keeps it in the group's library.
The file is read and written whole, so that what people add by hand in other cells stays.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.table import Table, TableStyleInfo
from openpyxl.worksheet.worksheet import Worksheet

from m365_emulator.forms_formats import CellValue

SHEET_NAME = "Sheet1"
TABLE_NAME = "OfficeForms.Table"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DATE_TIME_FORMAT = "m/d/yy h:mm:ss"


def with_rows(content: bytes | None, headers: Sequence[str], rows: Sequence[Sequence[CellValue]]) -> bytes:
    """The workbook with these rows added under the table's last one; made anew when content is None.
    A row whose Id is already there is written over, so that adding twice changes nothing.
    """
    book = load_workbook(io.BytesIO(content)) if content else _new_book(headers)
    sheet = book[SHEET_NAME]
    places = {sheet.cell(at, 1).value: at for at in range(2, sheet.max_row + 1)}
    for row in rows:
        at = places.get(row[0]) or _next_row(sheet)
        places[row[0]] = at
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(at, column)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", value) if isinstance(value, str) else value
            if isinstance(value, str):
                cell.data_type = "s"
            elif isinstance(value, datetime):
                cell.number_format = DATE_TIME_FORMAT
    last = max([2, *places.values()])
    sheet.tables[TABLE_NAME].ref = f"A1:{get_column_letter(len(headers))}{last}"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _new_book(headers: Sequence[str]) -> Workbook:
    book = Workbook()
    sheet = book.active
    if not isinstance(sheet, Worksheet):
        raise TypeError("a new workbook has no worksheet")
    sheet.title = SHEET_NAME
    for column, header in enumerate(headers, start=1):
        cell = sheet.cell(1, column)
        cell.value = header
        cell.data_type = "s"
        sheet.column_dimensions[get_column_letter(column)].width = 22
    table = Table(displayName=TABLE_NAME, ref=f"A1:{get_column_letter(len(headers))}2")
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
    sheet.add_table(table)
    return book


def _next_row(sheet: Worksheet) -> int:
    filled = [row for row in range(2, sheet.max_row + 1) if sheet.cell(row, 1).value is not None]
    return max(filled, default=1) + 1
