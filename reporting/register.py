"""The decision register: every decision of a period, for reading, for a spreadsheet, and as JSON."""

import csv
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from reporting.wording import highest, unit_name
from store import decisions as decision_rows
from store.tables import decisions as decision_table
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
    """One decision. Times are UTC; `meeting_ref` is empty between meetings."""

    decision_ref: str
    reference: str
    classification: Classification
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
) -> tuple[RegisterRow, ...]:
    """Decisions made from `since` to before `until` (UTC), oldest first: of these units, of these types, and those in
    which `text` stands, in any case, where given. A task's or meeting's reference is found as text too."""
    found = [
        decision
        for decision in decision_rows.between(connection, since, until, units)
        if (types is None or decision.decision_type in types) and _says(decision, text)
    ]
    later = superseding(connection, found)
    return tuple(_row(force, decision, later.get(decision.decision_ref, "")) for decision in found)


def superseding(connection: Connection, made: Sequence[Decision]) -> dict[str, str]:
    """References of those decisions among `made` that were put right, each with that of the one that did so."""
    wanted = {decision.decision_ref for decision in made}
    supersedes = decision_table.c.document["supersedes"].as_string()
    query = select(supersedes, decision_table.c.decision_ref).where(supersedes.is_not(None))
    return {old: new for old, new in connection.execute(query.order_by(decision_table.c.number)) if old in wanted}


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


def _says(decision: Decision, text: str) -> bool:
    fields = (
        decision.decision_ref,
        decision.task_reference,
        decision.meeting_ref,
        decision.text,
        decision.rationale,
        decision.information,
        decision.dissent,
        *decision.options,
        *decision.given.values(),
    )
    return text.casefold() in "\n".join(fields).casefold()


def _row(force: Force, decision: Decision, superseded_by: str) -> RegisterRow:
    return RegisterRow(
        decision_ref=decision.decision_ref,
        reference=decision.task_reference,
        classification=decision.classification,
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
