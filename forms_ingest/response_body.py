"""Reads the body that a flow posts: the flat object of a Forms response, held against what it must have.

The keys are those of the Forms connector's "Get response details" (`responder`, `submitDate`, `r…`), to which the
flow adds `responseId` and, if it likes, `formId` and `schemaVersion`.
"""

import json
from collections.abc import Mapping
from typing import Any

from forms_ingest.form_mapping import FormDefinition, Source, parse_submit_date, read_answers
from forms_ingest.receive import Arrival

MOST_BYTES = 1024 * 1024
LONGEST = {"responseId": 60, "responder": 200}
"""Characters that the inbox has room for."""
ENVELOPE = ("formId", "responseId", "schemaVersion", "responder", "submitDate")


class BadBody(Exception):
    """The body cannot be a response. `status` is the HTTP status; `faults` are sentences, all of them."""

    def __init__(self, status: int, faults: tuple[str, ...]) -> None:
        super().__init__(*faults)
        self.status = status
        self.faults = faults


def parse_body(form: FormDefinition, body: bytes, door: str, item: str) -> Arrival:
    """The response in a request body. Raises BadBody with every fault found."""
    if len(body) > MOST_BYTES:
        raise BadBody(413, (f"The body has {len(body)} bytes; the most is {MOST_BYTES}.",))
    return arrival_from(form, _json_object(body), door, item)


def arrival_from(form: FormDefinition, content: dict[str, Any], door: str, item: str) -> Arrival:
    """The response in a flat object of Forms. Raises BadBody with every fault found."""
    faults = [
        f"'{name}' is missing or not text."
        for name in ("responseId", "submitDate")
        if not isinstance(content.get(name), str | int) or not str(content.get(name)).strip()
    ]
    faults += [
        f"'{name}' is longer than {most} characters."
        for name, most in LONGEST.items()
        if len(str(content.get(name) or "")) > most
    ]
    if not isinstance(content.get("responder", ""), str):
        faults.append("'responder' must be text: the address of the person who submitted.")
    if str(content.get("formId") or form.form_id) != form.form_id:
        faults.append("'formId' names another form than the address does.")
    answers = {key: value for key, value in content.items() if key not in ENVELOPE}
    faults += [f"'{key}' must be text, as Forms sends it." for key, value in answers.items() if not _is_plain(value)]
    submitted_at = None
    try:
        submitted_at = parse_submit_date(str(content.get("submitDate") or ""))
    except ValueError:
        if content.get("submitDate"):
            faults.append("'submitDate' must look like 1/31/2027 2:05:09 PM, in UTC.")
    if not faults:
        faults += missing_stop_questions(form, answers, Source.FLOW)
    if faults or submitted_at is None:
        raise BadBody(422, tuple(faults))
    return Arrival(
        form=form,
        response_id=str(content["responseId"]).strip(),
        source=Source.FLOW,
        answers=answers,
        responder=str(content.get("responder") or ""),
        submitted_at=submitted_at,
        door=door,
        item=item,
    )


def missing_stop_questions(form: FormDefinition, answers: Mapping[str, Any], source: Source) -> list[str]:
    """A sentence for each stop-question that the response does not carry at all.

    Without them it cannot be known whether the content may be kept, so it is not.
    """
    absent = read_answers(form, answers, source).absent
    return [
        f"The question '{question.title}' is not in the response: the form and the service's config have drifted apart."
        for question in form.questions
        if question.stops and question.title in absent
    ]


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except ValueError as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "the start"
        raise BadBody(400, (f"The body is not JSON: reading stopped at {where}.",)) from error
    if not isinstance(content, dict):
        raise BadBody(422, ("The body must be one JSON object: one response.",))
    return content


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, str | int | float)
