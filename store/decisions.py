"""Decisions as rows: appended, each chained to the one before, never changed. The document holds the whole."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, bindparam, select

from store import chain
from store.tables import decisions, tasks
from store.tasks import batched
from tasking.decision import Decision
from tasking.errors import UnknownDecision

READ_BACK_AT_A_TIME = 50
_DECISION: TypeAdapter[Decision] = TypeAdapter(Decision)
_NEWEST = (
    select(decisions.c.document)
    .where(decisions.c.task_id == bindparam("about"))
    .order_by(decisions.c.number.desc())
    .limit(1)
)


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
    document = connection.execute(_NEWEST, {"about": task_id}).scalar()
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


def granted_to(connection: Connection, unit: str, since: datetime, until: datetime) -> tuple[Decision, ...]:
    """Decisions made from `since` to before `until` (UTC) by which another unit granted this one people or equipment,
    oldest first."""
    to_unit = decisions.c.document["allocation"]["to_unit"].as_string()
    made = (decisions.c.decided_at >= since, decisions.c.decided_at < until, decisions.c.unit != unit)
    return _many(connection, *made, to_unit == unit)


def recorded_since(connection: Connection, since: datetime, unit: str) -> tuple[Decision, ...]:
    """Decisions of this unit that were written down since this moment (UTC), whenever they were made, oldest first.

    They are numbered as they are written down, so that the newest are read first and no more than is needed.
    """
    query = select(decisions.c.document).where(decisions.c.unit == unit).order_by(decisions.c.number.desc())
    found: list[Decision] = []
    with connection.execute(query.execution_options(yield_per=READ_BACK_AT_A_TIME)) as rows:
        for document in rows.scalars():
            decision = _DECISION.validate_python(document)
            if decision.recorded_at < since:
                break
            found.append(decision)
    return tuple(reversed(found))


def superseded_by(connection: Connection, made: Collection[Decision]) -> dict[str, str]:
    """References of those decisions among `made` that were put right, each with that of the one that did so.

    A decision is put right by one about the same task.
    """
    wanted = {decision.decision_ref for decision in made}
    old = decisions.c.document["supersedes"].as_string()
    found: dict[str, str] = {}
    for some in batched(sorted({decision.task_id for decision in made})):
        query = select(old, decisions.c.decision_ref).where(decisions.c.task_id.in_(some), old.is_not(None))
        found |= {was: now for was, now in connection.execute(query.order_by(decisions.c.number)) if was in wanted}
    return found


def to_be_reviewed(connection: Connection) -> tuple[Decision, ...]:
    """All decisions about those open tasks of which any was given a time to be looked at again, oldest first."""
    review = decisions.c.document["review_at"].as_string()
    is_open = select(tasks.c.task_id).where(tasks.c.is_open)
    dated = select(decisions.c.task_id).where(decisions.c.task_id.in_(is_open), review.is_not(None))
    return _many(connection, decisions.c.task_id.in_(dated))


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
