"""Reads the body that a flow posts: the flat object of a Forms response, held against what it must have.

The keys are those of the Forms connector's "Get response details" (`responder`, `submitDate`, `r…`), to which the
flow adds `responseId` and, if it likes, `formId` and `schemaVersion`.
"""

import json
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from forms_ingest.form_mapping import FormDefinition, Source, parse_submit_date, read_answers
from forms_ingest.receive import Arrival

MOST_BYTES = 1024 * 1024
LONGEST = {"responseId": 60, "responder": 200}
"""Characters that the inbox has room for."""
LONGEST_KEY = 60
"""Of a key that Forms does not have, so much is repeated in a fault."""
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
    answers = {key: value for key, value in content.items() if key not in ENVELOPE}
    submitted_at, faults = _submitted_at(content.get("submitDate"))
    faults += [*id_faults(content.get("responseId")), *responder_faults(content.get("responder", ""))]
    if str(content.get("formId") or form.form_id) != form.form_id:
        faults.append("'formId' names another form than the address does.")
    faults += [
        f"'{_shown(key)}' must be text, as Forms sends it." for key, value in answers.items() if not _is_plain(value)
    ]
    if not faults:
        faults += missing_stop_questions(form, answers, Source.FLOW)
    if faults or submitted_at is None:
        raise BadBody(422, tuple(faults))
    return Arrival(
        form=form,
        response_id=str(content["responseId"]).strip(),
        source=Source.FLOW,
        answers=answers,
        responder=str(content.get("responder") or "").strip(),
        submitted_at=submitted_at,
        door=door,
        item=item,
    )


def id_faults(value: object) -> list[str]:
    """What keeps a value from being a response's number: it must be a whole number or printable text, not too long."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        return ["'responseId' is missing or not text."]
    return _text_faults("responseId", str(value).strip())


def responder_faults(value: object) -> list[str]:
    """What keeps a value from being the address of the person who submitted; blank where nobody signed in."""
    if not isinstance(value, str):
        return ["'responder' must be text: the address of the person who submitted."]
    return _text_faults("responder", value.strip())


def _text_faults(name: str, text: str) -> list[str]:
    too_long = [f"'{name}' is longer than {LONGEST[name]} characters."] if len(text) > LONGEST[name] else []
    return too_long + ([] if text.isprintable() else [f"'{name}' holds characters that cannot be printed."])


def _submitted_at(value: object) -> tuple[datetime | None, list[str]]:
    if not isinstance(value, str) or not value.strip():
        return None, ["'submitDate' is missing or not text."]
    try:
        return parse_submit_date(value), []
    except ValueError as error:
        return None, [f"'submitDate'{str(error).removeprefix('submitDate')}."]


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
    except RecursionError as error:
        raise BadBody(400, ("The body is nested too deeply to be read.",)) from error
    except ValueError as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else "the start"
        raise BadBody(400, (f"The body is not JSON: reading stopped at {where}.",)) from error
    if not isinstance(content, dict):
        raise BadBody(422, ("The body must be one JSON object: one response.",))
    return content


def _is_plain(value: object) -> bool:
    """Whether an answer is one that Forms could have sent; NaN and infinity are numbers that no database's JSON has."""
    return value is None or isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value))


def _shown(key: str) -> str:
    """A key that somebody made up, fit to stand in a sentence."""
    return "".join(each for each in key if each.isprintable())[:LONGEST_KEY]
