"""What a form asks, and how one response becomes fields. Forms gives the same response in two encodings.

The flow's body and the response workbook differ in keys, dates and lists (facts digest, section 2); what comes out
of `read_answers` is the same from both. A fault names the question and never repeats what a person wrote.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum, StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from forms_ingest.questions import (
    FIRST_YEAR,
    LAST_YEAR,
    Question,
    Unreadable,
    Value,
    folded,
    is_sensible,
    labels_in,
    read_answer,
)

ENVELOPE_KEYS = frozenset({"responder", "submitDate", "formId", "responseId", "schemaVersion"})
WORKBOOK_HEADERS = frozenset({"id", "start time", "completion time", "email", "name", "last modified time", "language"})

_SUBMIT_DATE = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP]M)$", re.ASCII)


class FormKind(StrEnum):
    """What a response to the form asks the service to do."""

    RAISE = "raise"
    REASSESS = "reassess"
    RETURN = "return"


class Source(Enum):
    """Which way a response came: the flow's body (list or HTTP) or a row of the response workbook."""

    FLOW = "flow"
    WORKBOOK = "workbook"


@dataclass(frozen=True, slots=True)
class FormDefinition:
    """One form. `workbook` is the path of its response workbook in the intake group's document library."""

    slug: str
    form_id: str
    kind: FormKind
    title: str
    description: str
    schema_version: int
    workbook: str
    questions: tuple[Question, ...]

    def asking(self, field_name: str) -> Question | None:
        """The question whose answer goes into this field, or None."""
        return next((each for each in self.questions if each.field == field_name), None)

    def offering(self, lists: Mapping[str, Mapping[str, str]]) -> "FormDefinition":
        """The form with the lists on record as choices: each list by its name, label to code. An empty one asks for
        nothing."""
        return replace(self, questions=tuple(_offering(each, lists.get(each.offers, {})) for each in self.questions))


@dataclass(frozen=True, slots=True)
class Answers:
    """One response read. Where `stopped` is set, it is the reply code, and nothing else has been kept.

    `values` maps field to value, without blank ones. `titles` maps every field of the form to its question.
    `unanswered` are the fields of questions that were shown, need an answer and got none; an answer that could not be
    read has its sentence in `faults` instead. `unknown_keys` are keys or headers that the form does not have, `absent`
    the titles of questions that the response does not carry at all; `unreadable` the fields of those in `faults`.
    """

    values: Mapping[str, Value]
    titles: Mapping[str, str]
    faults: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    stopped: str | None = None
    unreadable: frozenset[str] = frozenset()

    @property
    def lacking(self) -> tuple[str, ...]:
        """Titles of questions that were shown, need an answer and are not in the response at all, not even blank.

        Forms sends a question that was left blank as an empty text (facts digest, 2.2), but whoever posts the response
        may leave those out: only where an answer was needed does its absence say that the form asks something else.
        """
        return tuple(self.titles[name] for name in self.unanswered if self.titles[name] in self.absent)


def read_answers(form: FormDefinition, raw: Mapping[str, object], source: Source) -> Answers:
    """The answers in a flow's body or a workbook row. Every fault is collected; a stop answer ends the reading."""
    given = _by_question(form, raw, source)
    titles = MappingProxyType({each.field: each.title for each in form.questions})
    stopped = _stopped(form, given)
    if stopped is not None:
        return Answers(MappingProxyType({}), titles, stopped=stopped)
    values: dict[str, Value] = {}
    faults: dict[str, str] = {}
    for question in form.questions:
        try:
            value = read_answer(question, given.get(question.key))
        except Unreadable as fault:
            faults[question.field] = f"'{question.title}': {fault}"
            continue
        if value is not None:
            values[question.field] = value
    needed = [each.field for each in form.questions if each.required and _is_shown(form, each, values)]
    return Answers(
        values=MappingProxyType(values),
        titles=titles,
        faults=tuple(faults.values()),
        unanswered=tuple(each for each in needed if each not in values and each not in faults),
        unknown_keys=_unknown(form, raw, source),
        absent=tuple(each.title for each in form.questions if each.key not in given),
        unreadable=frozenset(faults),
    )


def parse_submit_date(text: str) -> datetime:
    """The flow's `submitDate`, `M/d/yyyy h:mm:ss AM/PM` in UTC (facts digest, 2.2). Raises ValueError."""
    match = _SUBMIT_DATE.match(text.strip())
    if match is None or not 1 <= int(match[4]) <= 12:
        raise ValueError("submitDate must look like 1/31/2026 2:05:09 PM (month first, UTC)")
    month, day, year, hour, minute, second = (int(match[group]) for group in range(1, 7))
    hour = hour % 12 + (12 if match[7] == "PM" else 0)
    try:
        submitted_at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise ValueError("submitDate must be a real date and time, month first") from None
    if not is_sensible(submitted_at):
        raise ValueError(f"submitDate must lie in a year from {FIRST_YEAR} to {LAST_YEAR}")
    return submitted_at


def local_to_utc(naive: datetime, zone: ZoneInfo) -> datetime:
    """A workbook's local time as UTC. Raises ValueError for a time that has a zone already, or no sensible year.

    Where clocks go back, a time that comes twice counts as the first; where they go forward, a time that is skipped
    counts as if they had not gone forward yet.
    """
    if naive.tzinfo is not None:
        raise ValueError("the time already has a zone")
    if not is_sensible(naive):
        raise ValueError(f"the time must lie in a year from {FIRST_YEAR} to {LAST_YEAR}")
    return naive.replace(tzinfo=zone, fold=0).astimezone(UTC)


def _offering(question: Question, offered: Mapping[str, str]) -> Question:
    if not question.offers:
        return question
    needed = question.required_with_list and bool(offered)
    return replace(question, choices={**offered, **question.choices}, required=needed)


def _by_question(form: FormDefinition, raw: Mapping[str, object], source: Source) -> dict[str, object]:
    if source is Source.FLOW:
        return {each.key: raw[each.key] for each in form.questions if each.key in raw}
    headers = {folded(header): value for header, value in raw.items()}
    return {each.key: headers[name] for each in form.questions if (name := folded(each.title)) in headers}


def _stopped(form: FormDefinition, given: Mapping[str, object]) -> str | None:
    for question in form.questions:
        for label, code in question.stops.items():
            if folded(label) in labels_in(given.get(question.key)):
                return code
    return None


def _is_shown(form: FormDefinition, question: Question, values: Mapping[str, Value]) -> bool:
    """Whether the form shows this question, given the other answers. Of a multiple choice one match is enough."""
    if question.show_if is None:
        return True
    other = next(each for each in form.questions if each.key == question.show_if.key)
    wanted, answer = other.choices[question.show_if.answer], values.get(other.field)
    return wanted in answer if isinstance(answer, tuple) else answer == wanted


def _unknown(form: FormDefinition, raw: Mapping[str, object], source: Source) -> tuple[str, ...]:
    if source is Source.FLOW:
        known = ENVELOPE_KEYS | {each.key for each in form.questions}
        return tuple(key for key in raw if key not in known)
    headers = WORKBOOK_HEADERS | {folded(each.title) for each in form.questions}
    return tuple(header for header in raw if folded(header) not in headers)
