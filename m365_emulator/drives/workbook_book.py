"""One .xlsx read as Excel's service reads it: sheets, tables, ranges as 2-D arrays with serial dates.

Openpyxl does the reading and writing; nothing here knows of HTTP.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.datetime import to_excel
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from m365_emulator.odata import GraphFault, Json

Bounds = tuple[int, int, int, int]
"""First column, first row, last column, last row, counted from 1."""
_ADDRESS = re.compile(r"^\$?[A-Z]{1,3}\$?[1-9]\d{0,6}(:\$?[A-Z]{1,3}\$?[1-9]\d{0,6})?$", re.IGNORECASE)
MOST_CELLS = 5_000_000


@dataclass(frozen=True, slots=True)
class Range:
    """A block of cells of one sheet."""

    sheet: Worksheet
    bounds: Bounds

    @property
    def address(self) -> str:
        """As Excel writes it, e.g. Sheet1!A1:C4."""
        left, top, right, bottom = self.bounds
        title = self.sheet.title
        name = title if re.fullmatch(r"\w+", title) else "'" + title.replace("'", "''") + "'"
        first, last = f"{get_column_letter(left)}{top}", f"{get_column_letter(right)}{bottom}"
        return f"{name}!{first}" + (f":{last}" if last != first else "")

    def values(self) -> list[list[Any]]:
        """Row by row; dates are serial numbers, empty cells ''."""
        return [[_plain(cell.value) for cell in row] for row in self._rows()]

    def text(self) -> list[list[str]]:
        """Row by row, as a person sees it."""
        return [[_shown(cell.value) for cell in row] for row in self._rows()]

    def formats(self) -> list[list[str]]:
        """Row by row, the number format of each cell."""
        return [[str(cell.number_format) for cell in row] for row in self._rows()]

    def _rows(self) -> list[tuple[Any, ...]]:
        left, top, right, bottom = self.bounds
        return list(self.sheet.iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right))


def open_book(content: bytes) -> Workbook:
    """The workbook. Raises GraphFault 400 for a file that is none."""
    try:
        return load_workbook(io.BytesIO(content))
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as fault:
        raise GraphFault(400, "InvalidArgument", "The file is not a workbook that can be opened.") from fault


def saved(book: Workbook) -> bytes:
    """The workbook as the content of a file."""
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def sheets(book: Workbook) -> list[Worksheet]:
    """The sheets with cells, in order."""
    return [sheet for sheet in book.worksheets if isinstance(sheet, Worksheet)]


def sheet_named(book: Workbook, name_or_id: str) -> Worksheet:
    """The sheet by name or by the id that `sheet_id` gives. Raises GraphFault 404."""
    for at, sheet in enumerate(sheets(book), start=1):
        if name_or_id.casefold() in (sheet.title.casefold(), sheet_id(at).casefold()):
            return sheet
    raise _no_item()


def sheet_id(at: int) -> str:
    """The id of the sheet at this place, counted from 1."""
    return "{" + f"00000000-0001-0000-0000-{at:012d}" + "}"


def tables(book: Workbook) -> list[tuple[Worksheet, Table]]:
    """Every table with its sheet."""
    return [(sheet, table) for sheet in sheets(book) for table in sheet.tables.values()]


def table_named(book: Workbook, name_or_id: str) -> tuple[Worksheet, Table]:
    """The table by name or id. Raises GraphFault 404."""
    for sheet, table in tables(book):
        if name_or_id.casefold() in (str(table.displayName).casefold(), str(table.id)):
            return sheet, table
    raise _no_item()


def table_range(sheet: Worksheet, table: Table) -> Range:
    """The whole table, its header row too."""
    return Range(sheet, _bounds(table.ref))


def body_range(sheet: Worksheet, table: Table) -> Range | None:
    """The table without its header row; None when it has no rows."""
    left, top, right, bottom = _bounds(table.ref)
    top += 1 if table.headerRowCount is None or table.headerRowCount else 0
    return Range(sheet, (left, top, right, bottom)) if top <= bottom else None


def used_range(sheet: Worksheet, *, values_only: bool) -> Range:
    """The cells in use from A1 on; with `values_only` cut to those that hold something."""
    right, bottom = max(sheet.max_column, 1), max(sheet.max_row, 1)
    if not values_only:
        return Range(sheet, (1, 1, right, bottom))
    held = [(cell.column, cell.row) for row in sheet.iter_rows() for cell in row if cell.value not in (None, "")]
    if not held:
        return Range(sheet, (1, 1, 1, 1))
    columns, rows = [at for at, _ in held], [at for _, at in held]
    return Range(sheet, (min(columns), min(rows), max(columns), max(rows)))


def range_at(sheet: Worksheet, address: str) -> Range:
    """A range such as A1:C4. Raises GraphFault 400."""
    cells = address.rpartition("!")[2]
    if not _ADDRESS.fullmatch(cells):
        raise GraphFault(400, "InvalidArgument", f"The address '{address}' is not valid.")
    left, top, right, bottom = _bounds(cells)
    bounds = (min(left, right), min(top, bottom), max(left, right), max(top, bottom))
    if (bounds[2] - bounds[0] + 1) * (bounds[3] - bounds[1] + 1) > MOST_CELLS // 100:
        raise GraphFault(413, "ResponsePayloadSizeLimitExceeded", "The range is too large for one answer.")
    return Range(sheet, bounds)


def add_rows(sheet: Worksheet, table: Table, rows: list[list[Any]]) -> int:
    """Write rows under the table's last; the index of the first. Raises GraphFault 400 for another width."""
    left, top, right, bottom = _bounds(table.ref)
    if any(len(row) != right - left + 1 for row in rows):
        raise GraphFault(400, "InvalidArgument", "The argument is invalid or missing or has an incorrect format.")
    for at, row in enumerate(rows, start=bottom + 1):
        for column, value in enumerate(row, start=left):
            sheet.cell(at, column).value = _writable(value)
    table.ref = f"{get_column_letter(left)}{top}:{get_column_letter(right)}{bottom + len(rows)}"
    return bottom - top


def range_json(one: Range) -> Json:
    """A workbookRange as Graph gives it."""
    values, text = one.values(), one.text()
    left, top, right, bottom = one.bounds
    return {
        "address": one.address,
        "addressLocal": one.address,
        "columnCount": right - left + 1,
        "cellCount": (right - left + 1) * (bottom - top + 1),
        "columnHidden": False,
        "columnIndex": left - 1,
        "rowCount": bottom - top + 1,
        "rowHidden": False,
        "rowIndex": top - 1,
        "hidden": False,
        "formulas": values,
        "formulasLocal": values,
        "formulasR1C1": values,
        "numberFormat": one.formats(),
        "text": text,
        "values": values,
        "valueTypes": [[_type_of(value) for value in row] for row in values],
    }


def _bounds(reference: str) -> Bounds:
    left, top, right, bottom = range_boundaries(reference)
    return int(left or 1), int(top or 1), int(right or 1), int(bottom or 1)


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return float(to_excel(value))  # type: ignore[no-untyped-call]
    return value if isinstance(value, bool | int | float) else str(value)


def _shown(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value.month}/{value.day}/{value:%y} {value.hour}:{value:%M:%S}"
    if isinstance(value, bool):
        return str(value).upper()
    return "" if value is None else str(value)


def _type_of(value: Any) -> str:
    if value == "":
        return "Empty"
    if isinstance(value, bool):
        return "Boolean"
    return "Double" if isinstance(value, int | float) else "String"


def _writable(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if not isinstance(value, str):
        raise GraphFault(400, "InvalidArgument", "A cell holds text, a number, a truth or nothing.")
    return ILLEGAL_CHARACTERS_RE.sub("", value)


def _no_item() -> GraphFault:
    return GraphFault(404, "ItemNotFound", "The requested resource doesn't exist.")
