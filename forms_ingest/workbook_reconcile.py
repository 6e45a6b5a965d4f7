"""Reads the response workbooks and takes in responses that no other way has brought.

A workbook is a back-stop, not the source of truth: people may sort or edit it, so columns are found by header text.
"""

import hashlib
import io
import logging
import math
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

from forms_ingest.form_mapping import FormDefinition, Source, local_to_utc
from forms_ingest.questions import folded
from forms_ingest.receive import Arrival, Receiver
from forms_ingest.response_body import id_faults, missing_stop_questions, responder_faults
from graph_client.drives import DrivesClient
from store import inbox, notebook
from store.unit_of_work import SqlUnitOfWork, Store

log = logging.getLogger(__name__)

DOOR = "workbook"
COMPLETED_HEADER = "completion time"
EMAIL_HEADER = "email"


class UnreadableWorkbook(Exception):
    """The workbook cannot be read; the text says what to mend."""


class UnfitRow(Exception):
    """A row that cannot be a response; the text says why, without what stands in it."""


class WorkbookReconcile:
    """The response workbooks of all forms, in one drive."""

    def __init__(self, store: Store, drives: DrivesClient, receiver: Receiver, zone: ZoneInfo) -> None:
        self._store = store
        self._drives = drives
        self._receiver = receiver
        self._zone = zone

    async def read(self, drive_id: str, form: FormDefinition) -> int:
        """Takes in responses of one form that are only in its workbook; returns how many there were.

        The download is skipped while the workbook's cTag is the one read last.
        """
        item = await self._drives.item_by_path(drive_id, form.workbook)
        notice = f"workbook of {form.slug}"
        if item is None:
            self._tell(notice, f"There is no workbook at {form.workbook} in the tasking drive.")
            return 0
        cursor = f"workbook {form.slug} {_fingerprint(form)}"
        with self._store.open() as connection:
            if notebook.cursor(connection, cursor) == item.ctag:
                return 0
        content = await self._drives.content(drive_id, item.item_id)
        try:
            rows = list(read_rows(content))
            if rows and (missing := missing_stop_questions(form, rows[0], Source.WORKBOOK)):
                raise UnreadableWorkbook(" ".join(missing))
        except UnreadableWorkbook as error:
            self._tell(notice, str(error))
            return 0
        with self._store.act("job:read-workbooks", "forms", secrets.token_hex(8)) as uow:
            new = self._take_all(uow, form, rows)
            notebook.move_cursor(uow.connection, cursor, item.ctag or "", uow.now())
            notebook.clear_notice(uow.connection, notice, uow.now())
        return new

    def _take_all(self, uow: SqlUnitOfWork, form: FormDefinition, rows: Sequence[Mapping[str, object]]) -> int:
        """Takes in the rows that are new, holds those that are no response, and lets go of what has been mended."""
        held_before = {row["item"] for row in inbox.held(uow.connection) if row["door"] == DOOR}
        new, held = 0, set()
        for row in rows:
            try:
                new += self._take(uow, form, row)
            except UnfitRow as unfit:
                item = _item(form, row)
                inbox.hold(uow.connection, DOOR, item, str(unfit), None, uow.now())
                held.add(item)
        for item in held_before - held:
            if item.startswith(f"{form.slug} "):
                inbox.release(uow.connection, DOOR, item, uow.now())
        return new

    def _take(self, uow: SqlUnitOfWork, form: FormDefinition, row: Mapping[str, object]) -> int:
        """1 when the row was a response not known before. Raises UnfitRow."""
        response_id = _whole(row.get("id"))
        submitted_at = _submitted_at(row.get(COMPLETED_HEADER), self._zone)
        responder = str(row.get(EMAIL_HEADER) or "").strip()
        if id_faults(response_id) or responder_faults(responder):
            raise UnfitRow("A row of the response workbook has no Id or no Email that can be one.")
        if inbox.find(uow.connection, form.slug, response_id) is not None:
            return 0
        arrival = Arrival(
            form=form,
            response_id=response_id,
            source=Source.WORKBOOK,
            answers={header: _plain(value) for header, value in row.items()},
            responder=responder,
            submitted_at=submitted_at,
            door=DOOR,
            item=f"row {response_id}",
        )
        return int(self._receiver.take_in(uow, arrival).is_new)

    def _tell(self, subject: str, text: str) -> None:
        with self._store.open() as connection:
            if notebook.raise_notice(connection, subject, text, self._store.clock.now()):
                log.error("response workbook cannot be read", extra={"subject": subject})


def read_rows(content: bytes) -> Iterator[dict[str, object]]:
    """The rows of the first sheet by header text, folded to lower case and single spaces.

    Raises UnreadableWorkbook when the file is no workbook or has no Id column.
    """
    # Imported here: it costs a tenth of a second that no other door should pay at a cold start.
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise UnreadableWorkbook("The response workbook is damaged or is not an .xlsx file.") from error
    sheet = book.worksheets[0]
    lines = sheet.iter_rows(values_only=True)
    headers = [folded(str(cell)) if cell is not None else "" for cell in next(lines, ())]
    if "id" not in headers or COMPLETED_HEADER not in headers:
        raise UnreadableWorkbook("The response workbook has lost its Id or Completion time column.")
    for line in lines:
        if any(cell is not None for cell in line):
            yield {header: cell for header, cell in zip(headers, line, strict=False) if header}


def _submitted_at(completed: object, zone: ZoneInfo) -> datetime:
    if not isinstance(completed, datetime):
        raise UnfitRow("A row of the response workbook has a completion time that is not a date and time.")
    try:
        return local_to_utc(completed, zone)
    except ValueError as error:
        raise UnfitRow("A row of the response workbook has a completion time that cannot be right.") from error


def _item(form: FormDefinition, row: Mapping[str, object]) -> str:
    """A name for a row: its response number or, where it has none that can be one, a hash of what it holds."""
    text, response_id = repr(sorted((key, str(value)) for key, value in row.items())), _whole(row.get("id"))
    return f"{form.slug} {hashlib.sha256(text.encode()).hexdigest()[:12] if id_faults(response_id) else response_id}"


def _whole(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _plain(value: object) -> object:
    """The cell in a form that JSON can keep."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    is_json = value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))
    return value if is_json else str(value)


def _fingerprint(form: FormDefinition) -> str:
    shape: Sequence[object] = (form.form_id, form.schema_version, form.workbook)
    return hashlib.sha256(repr(shape).encode()).hexdigest()[:12]
