"""Taking a response: its answers are checked, the workbook row written, uploads kept in the group's library.
Nothing here leaves the program: forms_flow carries a response on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any

from m365_emulator.drives.routes import drive_of_group
from m365_emulator.drives.state import FORBIDDEN_IN_NAMES, Drive
from m365_emulator.forms.formats import read_answers, workbook_headers, workbook_row
from m365_emulator.forms.model import ANONYMOUS, Form, FormFault, Response, UploadedFile
from m365_emulator.forms.state import KeptForm
from m365_emulator.forms.workbook import XLSX_TYPE, SpoiltWorkbook, with_rows
from m365_emulator.odata import GraphFault
from m365_emulator.tenant import Tenant

FILLING_TIME = timedelta(seconds=90)
FORMS_ACCOUNT = {"user": {"displayName": "Microsoft Forms"}}


def submit(
    tenant: Tenant, kept: KeptForm, responder: str, given: Mapping[str, Any], submitted_at: datetime | None = None
) -> Response:
    """Take a response (answers by question key or title) and write its workbook row; the flow is not run here.
    `submitted_at` is aware, the tenant's now without it. Raises FormFault with a problem per question.
    """
    answers, stopped_by = read_answers(kept.form, given)
    responder = ANONYMOUS if kept.form.anonymous else responder
    person = tenant.directory.user(responder)
    at = (submitted_at or tenant.clock.now()).astimezone(UTC)
    response = Response(
        response_id=len(kept.responses) + 1,
        responder=person.upn if person else responder,
        responder_name=person.display_name if person else "",
        started_at=at - FILLING_TIME,
        submitted_at=at,
        answers=answers,
        stopped_by=stopped_by,
    )
    kept.responses.append(response)
    kept.unwritten.append(response)
    if not kept.workbook_paused:
        write_workbook(tenant, kept)
    return response


def write_workbook(tenant: Tenant, kept: KeptForm) -> None:
    """Put the responses that the workbook lacks into it; the file is made if it is not there.
    A file that people have spoilt, or a folder in its place, is left alone: the rows wait until there is a workbook
    again (an assumption).
    """
    form, drive = kept.form, form_drive(tenant, kept.form)
    known = drive.find(form.workbook_path)
    if known is not None and not kept.unwritten:
        return
    rows = [workbook_row(form, response) for response in kept.unwritten]
    try:
        content = with_rows(known.content if known else None, workbook_headers(form), rows)
        tenant.drives.put(drive, form.workbook_path, content, XLSX_TYPE, FORMS_ACCOUNT)
    except (SpoiltWorkbook, GraphFault):
        return
    kept.unwritten.clear()


def keep_upload(tenant: Tenant, form: Form, question_title: str, name: str, content: bytes, who: str) -> UploadedFile:
    """Keep a file that a person uploaded, in the folder where Forms keeps those of a group's form."""
    person = None if form.anonymous else tenant.directory.user(who)
    drive, path = form_drive(tenant, form), PurePosixPath(name)
    respondent = person.display_name if person else "anonymous"
    parts = ("Apps", "Microsoft Forms", form.title, question_title, f"{path.stem}_{respondent}{path.suffix}")
    where = "/".join(FORBIDDEN_IN_NAMES.sub("_", part).strip(". ")[:120] or "_" for part in parts)
    item, _ = tenant.drives.put(drive, where, content, "application/octet-stream", FORMS_ACCOUNT)
    link = f"{drive.web_url}/{where.replace(' ', '%20')}"
    return UploadedFile(item.name, link, item.item_id, drive.drive_id, len(content))


def form_drive(tenant: Tenant, form: Form) -> Drive:
    """The library of the group that owns the form. Raises FormFault when there is no such group."""
    group = tenant.directory.group(form.mail_nickname)
    if group is None:
        raise FormFault({"mail_nickname": f"there is no group '{form.mail_nickname}'"})
    return drive_of_group(tenant, group.id)
