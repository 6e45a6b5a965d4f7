"""The decision register: every decision of a period, for reading, for a spreadsheet, and as JSON."""

import csv
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from reporting.wording import READ_ON_RECORD, highest, is_decision_restricted, mark_of_decision, unit_name
from store import decisions as decision_rows
from store.tasks import read_tasks_by_references
from tasking.clocks import LONDON
from tasking.decision import Decision, DecisionType
from tasking.force import Force
from tasking.recording import WORDS
from tasking.task import Classification

COLUMNS = (
    ("Decision", "decision_ref"),
    ("Mark", "classification"),
    ("Decided (London)", "decided_at"),
    ("Recorded (London)", "recorded_at"),
    ("Unit", "unit_name"),
    ("Meeting", "meeting_ref"),
    ("Task", "reference"),
    ("Type", "what"),
    ("Decision text", "text"),
    ("Rationale", "rationale"),
    ("Options", "options"),
    ("Dissent", "dissent"),
    ("Decided by", "decided_by"),
    ("Role", "role"),
    ("Review (London)", "review_at"),
    ("Supersedes", "supersedes"),
    ("Superseded by", "superseded_by"),
)
"""Headings of the spreadsheet and the field under each."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One decision. Times are UTC; `meeting_ref` is empty between meetings.

    One that `is_hidden` concerns restricted matter: what people wrote is left out, and `text` says where to read it.
    """

    decision_ref: str
    reference: str
    classification: Classification
    is_hidden: bool
    decision_type: str
    what: str
    unit: str
    unit_name: str
    meeting_ref: str
    text: str
    rationale: str
    options: tuple[str, ...]
    dissent: str
    decided_by: str
    role: str
    capacity: str
    decided_at: datetime
    recorded_at: datetime
    review_at: datetime | None
    supersedes: str
    superseded_by: str
    policy_version: str


def register(
    connection: Connection,
    force: Force,
    since: datetime,
    until: datetime,
    units: Sequence[str] | None = None,
    types: Collection[DecisionType] | None = None,
    text: str = "",
    with_restricted: bool = False,
    leave_out: bool = False,
) -> tuple[RegisterRow, ...]:
    """Decisions made from `since` to before `until` (UTC), oldest first: of these units, of these types, and those in
    which `text` stands, in any case, where given. A task's or meeting's reference is found as text too.

    What people wrote about restricted matter is neither shown nor searched, unless `with_restricted`: then it raises
    the mark. With `leave_out` decisions about it are not there at all.
    """
    made = [
        decision
        for decision in decision_rows.between(connection, since, until, units)
        if types is None or decision.decision_type in types
    ]
    references = {decision.task_reference for decision in made}
    tasks = {task.reference: task for task in read_tasks_by_references(connection, references)}
    later = decision_rows.superseded_by(connection, made)
    rows = []
    for decision in made:
        task = tasks.get(decision.task_reference)
        restricted = is_decision_restricted(force, decision, task)
        if restricted and leave_out:
            continue
        if _says(decision, text, hidden=restricted and not with_restricted):
            mark = mark_of_decision(decision, task, is_told=restricted and with_restricted)
            row = _row_of(force, decision, mark, later.get(decision.decision_ref, ""))
            rows.append(_without_words(row) if restricted and not with_restricted else row)
    return tuple(rows)


def mark_of(rows: Sequence[RegisterRow]) -> Classification:
    """The highest mark among these decisions."""
    return highest(row.classification for row in rows)


def register_csv(rows: Sequence[RegisterRow]) -> bytes:
    """The rows for a spreadsheet: the marking on the first line, then headings. UTF-8 with a mark, so that Excel reads
    it; what a spreadsheet would take for a formula has an apostrophe before it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([mark_of(rows).value])
    writer.writerow([heading for heading, _ in COLUMNS])
    for row in rows:
        writer.writerow([_cell(getattr(row, name)) for _, name in COLUMNS])
    return text.getvalue().encode("utf-8-sig")


def register_json(rows: Sequence[RegisterRow]) -> bytes:
    """The rows as JSON, with the marking; times are UTC."""
    told = [asdict(row) for row in rows]
    whole = {"classification": mark_of(rows).value, "decisions": told}
    return (json.dumps(whole, default=_plain, ensure_ascii=False, indent=2) + "\n").encode()


def _says(decision: Decision, text: str, hidden: bool) -> bool:
    """Whether this text stands in the decision, in any case; of what is hidden only the references are searched."""
    references = (decision.decision_ref, decision.task_reference, decision.meeting_ref)
    words = (
        decision.text,
        decision.rationale,
        decision.information,
        decision.dissent,
        *decision.options,
        *decision.given.values(),
    )
    return text.casefold() in "\n".join(references if hidden else (*references, *words)).casefold()


def _without_words(row: RegisterRow) -> RegisterRow:
    """The row as it is shown where its matter is restricted."""
    return replace(row, is_hidden=True, text=READ_ON_RECORD, rationale="", options=(), dissent="")


def _row_of(force: Force, decision: Decision, mark: Classification, superseded_by: str) -> RegisterRow:
    """The row of a decision with this mark; `superseded_by` is the reference of a later one, or empty."""
    return RegisterRow(
        decision_ref=decision.decision_ref,
        reference=decision.task_reference,
        classification=mark,
        is_hidden=False,
        decision_type=decision.decision_type.value,
        what=WORDS[decision.decision_type],
        unit=decision.unit,
        unit_name=unit_name(force, decision.unit),
        meeting_ref=decision.meeting_ref,
        text=decision.text,
        rationale=decision.rationale,
        options=decision.options,
        dissent=decision.dissent,
        decided_by=decision.decided_by,
        role=decision.role,
        capacity=decision.capacity.value,
        decided_at=decision.decided_at,
        recorded_at=decision.recorded_at,
        review_at=decision.review_at,
        supersedes=decision.supersedes or "",
        superseded_by=superseded_by,
        policy_version=decision.policy_version,
    )


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(LONDON):%Y-%m-%d %H:%M}"
    text = "; ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
