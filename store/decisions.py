"""Decisions as rows: appended, each chained to the one before, never changed. The document holds the whole."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, select

from store import chain
from store.tables import decisions
from tasking.decision import Decision
from tasking.errors import UnknownDecision

_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)


def append(connection: Connection, decision: Decision) -> None:
    """Appends a decision."""
    row = {
        "decision_id": decision.decision_id,
        "decision_ref": decision.decision_ref,
        "task_id": decision.task_id,
        "escalation_id": decision.escalation_id,
        "meeting_ref": decision.meeting_ref,
        "unit": decision.unit,
        "decision_type": decision.decision_type.value,
        "decided_at": decision.decided_at.astimezone(UTC),
        "document": _DECISION.dump_python(decision, mode="json"),
    }
    chain.append(connection, decisions, row)


def read(connection: Connection, decision_id: str) -> Decision:
    """One decision. Raises UnknownDecision."""
    return _one(connection, decisions.c.decision_id == decision_id)


def read_by_reference(connection: Connection, decision_ref: str) -> Decision:
    """The decision with this reference, in any case. Raises UnknownDecision."""
    return _one(connection, decisions.c.decision_ref == decision_ref.strip().upper())


def of_task(connection: Connection, task_id: str) -> tuple[Decision, ...]:
    """All decisions about a task, oldest first."""
    return _many(connection, decisions.c.task_id == task_id)


def newest_of_task(connection: Connection, task_id: str) -> Decision | None:
    """The newest decision about a task, None where there is none."""
    query = select(decisions.c.document).where(decisions.c.task_id == task_id).order_by(decisions.c.number.desc())
    document = connection.execute(query.limit(1)).scalar()
    return None if document is None else _DECISION.validate_python(document)


def of_meeting(connection: Connection, meeting_ref: str) -> tuple[Decision, ...]:
    """All decisions of a meeting, oldest first."""
    return _many(connection, decisions.c.meeting_ref == meeting_ref)


def between(
    connection: Connection, since: datetime, until: datetime, units: Sequence[str] | None = None
) -> tuple[Decision, ...]:
    """Decisions made from `since` to before `until` (UTC), oldest first; of these units where given."""
    conditions = [decisions.c.decided_at >= since, decisions.c.decided_at < until]
    if units is not None:
        conditions.append(decisions.c.unit.in_(units))
    return _many(connection, *conditions)


def superseded(connection: Connection, task_id: str) -> frozenset[str]:
    """References of a task's decisions that a later one has put right."""
    return frozenset(each.supersedes for each in of_task(connection, task_id) if each.supersedes)


def _many(connection: Connection, *conditions: object) -> tuple[Decision, ...]:
    query = select(decisions.c.document).where(*conditions).order_by(decisions.c.number)  # type: ignore[arg-type]
    return tuple(_DECISION.validate_python(document) for document in connection.execute(query).scalars())


def _one(connection: Connection, condition: object) -> Decision:
    found = _many(connection, condition)
    if not found:
        raise UnknownDecision("There is no such decision.")
    return found[0]
