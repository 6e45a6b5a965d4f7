"""The two encodings that Forms gives one response, and how typed answers are read from what came in.
The flow's body has UTC times in US order and JSON arrays as strings; the workbook has local times and `A;B;`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from m365_emulator.forms.model import RATING_TOP, Answer, Form, FormFault, Question, Response, UploadedFile

SCHEMA_VERSION = 1
FIXED_HEADERS = ("Id", "Start time", "Completion time", "Email", "Name")
CellValue = str | int | float | datetime | None


def us_utc(moment: datetime) -> str:
    """`M/d/yyyy h:mm:ss AM/PM` in UTC, without a zone mark: what a flow gets as submitDate."""
    at = moment.astimezone(UTC)
    hour = at.hour % 12 or 12
    return f"{at.month}/{at.day}/{at.year} {hour}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}"


def flow_body(form: Form, response: Response) -> dict[str, Any]:
    """The flat object that the flow passes on: Forms' own keys, and the three that the flow adds."""
    body: dict[str, Any] = {"responder": response.responder, "submitDate": us_utc(response.submitted_at)}
    for question in form.questions:
        body[question.key] = _flow_value(response.answers.get(question.key))
    return body | {
        "formId": form.form_id,
        "responseId": str(response.response_id),
        "schemaVersion": SCHEMA_VERSION,
    }


def workbook_headers(form: Form) -> list[str]:
    """The header row. A title used twice gets a number, since a table's headers must differ."""
    headers = list(FIXED_HEADERS)
    for question in form.questions:
        title, number = question.title, 2
        while title.casefold() in {h.casefold() for h in headers}:
            title, number = f"{question.title}{number}", number + 1
        headers.append(title)
    return headers


def workbook_row(form: Form, response: Response) -> list[CellValue]:
    """One row, in the order of workbook_headers; times are the workbook's local time without a zone."""
    local = [
        at.astimezone(form.timezone).replace(tzinfo=None, microsecond=0)
        for at in (response.started_at, response.submitted_at)
    ]
    row: list[CellValue] = [response.response_id, *local, response.responder, response.responder_name]
    return row + [_cell(response.answers.get(question.key)) for question in form.questions]


def read_answers(form: Form, given: Mapping[str, Any]) -> tuple[dict[str, Answer], str | None]:
    """Typed answers by question key, and the key of the question that ended the form, if one did.
    `given` is by key or by title. Raises FormFault with a problem per question key.
    """
    unknown = {name: "the form has no such question" for name in given if form.question(name) is None}
    by_key = {q.key: value for name, value in given.items() if (q := form.question(name))}
    answers: dict[str, Answer] = {}
    problems: dict[str, str] = dict(unknown)
    for question in form.questions:
        if question.show_if and not _shown(question, answers):
            continue
        try:
            answer = _read(question, by_key.get(question.key))
        except ValueError as fault:
            problems[question.key] = str(fault)
            continue
        if answer is not None:
            answers[question.key] = answer
        elif question.required:
            problems[question.key] = "This question needs an answer."
        if question.stops(answer):
            return _or_raise(answers, problems), question.key
    return _or_raise(answers, problems), None


def _or_raise(answers: dict[str, Answer], problems: dict[str, str]) -> dict[str, Answer]:
    if problems:
        raise FormFault(problems)
    return answers


def _shown(question: Question, answers: Mapping[str, Answer]) -> bool:
    wanted = question.show_if
    answer = answers.get(wanted.key) if wanted else None
    return wanted is None or answer == wanted.value or (isinstance(answer, tuple) and wanted.value in answer)


def _read(question: Question, value: Any) -> Answer | None:
    if value is None or value == "" or value == [] or (isinstance(value, str) and not value.strip()):
        return None
    return _READERS[question.type](question, value)


def _text(question: Question, value: Any) -> Answer:
    if not isinstance(value, str):
        raise ValueError("Enter text.")
    return value.replace("\r\n", "\n").strip()


def _choice(question: Question, value: Any) -> Answer:
    if value not in question.choices:
        raise ValueError("Choose one of the answers in the list.")
    return str(value)


def _choices(question: Question, value: Any) -> Answer:
    chosen = [value] if isinstance(value, str) else value
    if not isinstance(chosen, list) or not set(chosen) <= set(question.choices):
        raise ValueError("Choose from the answers in the list.")
    return tuple(c for c in question.choices if c in chosen)


def _date(question: Question, value: Any) -> Answer:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("Enter a date as year-month-day, for example 2026-11-27.") from None


def _number(question: Question, value: Any) -> Answer:
    try:
        number = float(str(value))
    except ValueError:
        raise ValueError("Enter a number, for example 20.") from None
    if not math.isfinite(number):
        raise ValueError("Enter a number, for example 20.")
    return number


def _rating(question: Question, value: Any) -> Answer:
    if str(value) not in {str(n) for n in range(1, RATING_TOP + 1)}:
        raise ValueError(f"Choose a rating from 1 to {RATING_TOP}.")
    return float(str(value))


def _files(question: Question, value: Any) -> Answer:
    if not isinstance(value, list) or not all(isinstance(f, UploadedFile) for f in value):
        raise ValueError("Choose a file.")
    return tuple(value)


_READERS = {
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "multi_choice": _choices,
    "date": _date,
    "number": _number,
    "rating": _rating,
    "file": _files,
}


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number


def _flow_value(answer: Answer | None) -> str:
    if answer is None:
        return ""
    if isinstance(answer, tuple):
        parts = [_file_object(a) if isinstance(a, UploadedFile) else a for a in answer]
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    if isinstance(answer, date):
        return answer.isoformat()
    return answer if isinstance(answer, str) else str(_plain(answer))


def _file_object(file: UploadedFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "link": file.link,
        "id": file.item_id,
        "type": None,
        "size": file.size,
        "referenceId": file.item_id,
        "driveId": file.drive_id,
        "status": 1,
        "uploadSessionUrl": None,
    }


def _cell(answer: Answer | None) -> CellValue:
    if answer is None:
        return None
    if isinstance(answer, tuple):
        return "".join(f"{a.link if isinstance(a, UploadedFile) else a};" for a in answer)
    if isinstance(answer, date):
        return datetime(answer.year, answer.month, answer.day)  # noqa: DTZ001 - a workbook's dates have no zone
    return answer if isinstance(answer, str) else _plain(answer)
