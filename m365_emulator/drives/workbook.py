"""Excel's workbook API on files of a library: sessions, sheets, tables, rows, ranges (Excel pages of the reference).

Documented for persons only: an app alone gets 403 unless the switch workbook_app_only says 'allow'.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from m365_emulator.drives.routes import PREFIXES, item_at
from m365_emulator.drives.state import Drive, DriveItem
from m365_emulator.drives.workbook_book import (
    Range,
    add_rows,
    body_range,
    open_book,
    range_at,
    range_json,
    saved,
    sheet_id,
    sheet_named,
    sheets,
    table_named,
    table_range,
    tables,
    used_range,
)
from m365_emulator.drives.workbook_state import Session
from m365_emulator.odata import GraphFault, Json, select, whole_number, with_context
from m365_emulator.routing import Call, Handler, Reply, Route, of_family
from m365_emulator.sharepoint.items import actor
from m365_emulator.words import Assumed, Family

SESSION_HEADER = "workbook-session-id"


def create_session(call: Call) -> Reply:
    """POST createSession: 201; with persistChanges false what it writes is its own."""
    drive, item = _file(call)
    persists = call.json().get("persistChanges", False) if call.body.strip() else False
    if not isinstance(persists, bool):
        raise _invalid()
    open_book(item.content or b"")
    now = call.tenant.clock.now()
    content = item.content or b""
    session = call.tenant.workbooks.open(drive.drive_id, item.item_id, persists=persists, content=content, now=now)
    body: Json = {"id": session.id, "persistChanges": persists}
    return Reply(201, with_context(call.base_url, "microsoft.graph.workbookSessionInfo", body))


def refresh_session(call: Call) -> Reply:
    """POST refreshSession: 204; the header has to name a live session."""
    _needed_session(call)
    return Reply(204)


def close_session(call: Call) -> Reply:
    """POST closeSession: 204; what a session without persistChanges wrote is gone."""
    del call.tenant.workbooks.sessions[_needed_session(call).id]
    return Reply(204)


def list_sheets(call: Call) -> Reply:
    """GET worksheets: all of them."""
    rows = [_sheet_json(at, sheet) for at, sheet in enumerate(sheets(_book(call)), start=1)]
    return _collection(call, rows)


def get_sheet(call: Call) -> Reply:
    """GET worksheets/{id or name}: one worksheet."""
    book = _book(call)
    sheet = sheet_named(book, call.params["sheet"])
    return _entity(call, _sheet_json(sheets(book).index(sheet) + 1, sheet))


def get_used_range(call: Call) -> Reply:
    """GET worksheets/{id}/usedRange: the cells in use; usedRange(valuesOnly=true) of those with values."""
    flag = call.params.get("flag", "false").lower()
    if flag not in ("true", "false"):
        raise _invalid()
    return _range(call, used_range(sheet_named(_book(call), call.params["sheet"]), values_only=flag == "true"))


def get_range(call: Call) -> Reply:
    """GET worksheets/{id}/range(address='A1:C4'): the cells of an address."""
    return _range(call, range_at(sheet_named(_book(call), call.params["sheet"]), call.params["address"]))


def list_tables(call: Call) -> Reply:
    """GET tables: of the workbook or of one sheet."""
    found = tables(_book(call))
    if "sheet" in call.params:
        only = sheet_named(_book(call), call.params["sheet"]).title
        found = [(sheet, table) for sheet, table in found if sheet.title == only]
    return _collection(call, [_table_json(table) for _, table in found])


def get_table(call: Call) -> Reply:
    """GET tables/{id or name}: one table."""
    return _entity(call, _table_json(_table(call)[2]))


def list_columns(call: Call) -> Reply:
    """GET tables/{id}/columns: each with its header and values."""
    _, sheet, table = _table(call)
    columns = list(zip(*table_range(sheet, table).values(), strict=True))
    rows: list[Json] = [
        {"id": str(at + 1), "name": str(column[0]), "index": at, "values": [[value] for value in column]}
        for at, column in enumerate(columns)
    ]
    return _collection(call, rows)


def list_rows(call: Call) -> Reply:
    """GET tables/{id}/rows: with $top and $skip; no header row."""
    _, sheet, table = _table(call)
    body = body_range(sheet, table)
    return _collection(call, [_row_json(at, values) for at, values in enumerate(body.values() if body else [])])


def post_row(call: Call) -> Reply:
    """POST tables/{id}/rows: values with index null, at the end; the answer holds what was added."""
    book, sheet, table = _table(call)
    body = call.json()
    values = body.get("values")
    if body.get("index") is not None:
        raise GraphFault(400, "InvalidArgument", "Rows can only be added at the end in this tenant.")
    if not isinstance(values, list) or not values or not all(isinstance(row, list) for row in values):
        raise _invalid()
    index = add_rows(sheet, table, values)
    _keep(call, book)
    return _entity(call, _row_json(index, values[0]) | {"values": values}, 201)


def get_table_range(call: Call) -> Reply:
    """GET tables/{id}/range: the table's cells with its headers."""
    _, sheet, table = _table(call)
    return _range(call, table_range(sheet, table))


def get_header_range(call: Call) -> Reply:
    """GET tables/{id}/headerRowRange: the headers."""
    _, sheet, table = _table(call)
    left, top, right, _ = table_range(sheet, table).bounds
    return _range(call, Range(sheet, (left, top, right, top)))


def get_body_range(call: Call) -> Reply:
    """GET tables/{id}/dataBodyRange: the rows without the headers."""
    _, sheet, table = _table(call)
    body = body_range(sheet, table)
    if body is None:
        raise GraphFault(404, "ItemNotFound", "The table has no rows.")
    return _range(call, body)


def _file(call: Call) -> tuple[Drive, DriveItem]:
    if call.who.is_app_only and call.tenant.switches.workbook_app_only != "allow":
        raise GraphFault(403, "AccessDenied", "Could not obtain a WAC access token.")
    drive, item = item_at(call)
    if item.content is None:
        raise GraphFault(400, "InvalidArgument", "A folder is not a workbook.")
    return drive, item


def _session(call: Call) -> Session | None:
    named = call.headers.get(SESSION_HEADER)
    if not named:
        return None
    drive, item = _file(call)
    now = call.tenant.clock.now()
    session = call.tenant.workbooks.find(named, drive.drive_id, item.item_id, now)
    if session is None:
        raise GraphFault(404, "invalidSessionReCreatable", "The session is not known any more; make a new one.")
    return session


def _needed_session(call: Call) -> Session:
    _file(call)
    session = _session(call)
    if session is None:
        raise GraphFault(400, "invalidSession", f"The header {SESSION_HEADER} is needed.")
    return session


def _book(call: Call) -> Workbook:
    _, item = _file(call)
    session = _session(call)
    return open_book(session.copy if session and session.copy is not None else item.content or b"")


def _keep(call: Call, book: Workbook) -> None:
    drive, item = _file(call)
    session = _session(call)
    content = saved(book)
    if session is not None and session.copy is not None:
        session.copy = content
        return
    call.tenant.drives.replace(drive, item, content, item.mime_type, actor(call))


def _table(call: Call) -> tuple[Workbook, Worksheet, Table]:
    book = _book(call)
    sheet, table = table_named(book, call.params["table"])
    return book, sheet, table


def _collection(call: Call, rows: list[Json]) -> Reply:
    top, skip = _whole(call, "$top", len(rows)), _whole(call, "$skip", 0)
    body: Json = {"value": [select(row, call.query.get("$select")) for row in rows[skip : skip + top]]}
    return Reply(200, {"@odata.context": f"{call.url}/$metadata"} | body)


def _whole(call: Call, name: str, default: int) -> int:
    text = call.query.get(name)
    if text is None:
        return default
    number = whole_number(text)
    if number is None:
        raise _invalid()
    return number


def _entity(call: Call, row: Json, status: int = 200) -> Reply:
    return Reply(status, {"@odata.context": f"{call.url}/$metadata"} | select(row, call.query.get("$select")))


def _range(call: Call, one: Range) -> Reply:
    row: Json = {"@odata.type": "#microsoft.graph.workbookRange", **range_json(one)}
    return _entity(call, row)


def _row_json(index: int, values: list[Any]) -> Json:
    return {"index": index, "values": [values]}


def _sheet_json(at: int, sheet: Worksheet) -> Json:
    visible = {"visible": "Visible", "hidden": "Hidden", "veryHidden": "VeryHidden"}[sheet.sheet_state]
    return {"id": sheet_id(at), "name": sheet.title, "position": at - 1, "visibility": visible}


def _table_json(table: Table) -> Json:
    style = table.tableStyleInfo
    return {
        "style": style.name if style else None,
        "name": table.displayName,
        "showFilterButton": True,
        "id": str(table.id),
        "highlightLastColumn": False,
        "highlightFirstColumn": False,
        "legacyId": str(table.id),
        "showBandedColumns": False,
        "showBandedRows": True,
        "showHeaders": True,
        "showTotals": False,
    }


def _invalid() -> GraphFault:
    message = "The argument is invalid or missing or has an incorrect format."
    return GraphFault(400, "InvalidArgument", message)


_TABLE: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/createSession", create_session),
    ("POST", "/refreshSession", refresh_session),
    ("POST", "/closeSession", close_session),
    ("GET", "/worksheets", list_sheets),
    ("GET", "/worksheets/{sheet}", get_sheet),
    ("GET", "/worksheets/{sheet}/tables", list_tables),
    ("GET", "/worksheets/{sheet}/usedRange", get_used_range),
    ("GET", "/worksheets/{sheet}/usedRange(valuesOnly={flag})", get_used_range),
    ("GET", "/worksheets/{sheet}/range(address='{address}')", get_range),
    ("GET", "/tables", list_tables),
    ("GET", "/tables/{table}", get_table),
    ("GET", "/tables/{table}/columns", list_columns),
    ("GET", "/tables/{table}/rows", list_rows),
    ("POST", "/tables/{table}/rows", post_row),
    ("GET", "/tables/{table}/range", get_table_range),
    ("GET", "/tables/{table}/headerRowRange", get_header_range),
    ("GET", "/tables/{table}/dataBodyRange", get_body_range),
)
PERMISSION_KEYS = {"GET": "GET /workbook", "POST": "POST /workbook"}
"""One line of the permission table serves every workbook call of a verb."""


def _routes() -> Iterator[Route]:
    for prefix in PREFIXES:
        for where in ("/items/{item_id}", "/root:/{path*}:"):
            for method, rest, handler in _TABLE:
                yield Route(method, f"{prefix}{where}/workbook{rest}", handler, PERMISSION_KEYS[method])


FAMILY = Family(
    "Workbooks",
    modelled=(
        "Calls work for persons; an app alone downloads the file. Rows are 2-D arrays, dates serial numbers. A session "
        "without `persistChanges` works on a copy of its own.",
    ),
    assumed=(
        Assumed("Calls of an app alone", "403 `AccessDenied`", ("workbook_app_only",)),
        Assumed("Life of a session without use", "5 minutes, 7 when nothing persists"),
    ),
    refused=(
        "Writing ranges, charts, formulas that are computed, `Prefer: respond-async`, one request at a time per "
        "workbook.",
    ),
)
ROUTES = of_family(FAMILY, _routes())
