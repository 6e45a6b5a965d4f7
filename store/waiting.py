"""What waits at a unit: open tasks, finished ones that want a result, and escalations nobody has decided.

Each look is bounded by what is open or recent, however many tasks there ever were.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, func, or_, select, union

from store.tables import escalations, tasks
from tasking.escalation import AWAITING_DECISION, Escalation, EscalationStatus
from tasking.task import Status, Task

_TASK: TypeAdapter[Task] = TypeAdapter(Task)
_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)
UNDECIDED = AWAITING_DECISION | {EscalationStatus.PROPOSED}
"""Somebody has still to say something: the higher level, or first the unit that it would go up from."""


def tasks_of(connection: Connection, units: Sequence[str], since: datetime, done_since: datetime) -> tuple[Task, ...]:
    """Tasks of these units, oldest first: the open ones, those done since `done_since` that want a result, and
    whatever was raised since `since` (UTC)."""
    done = tasks.c.status == Status.COMPLETED.value
    found = union(
        select(tasks.c.task_id).where(tasks.c.is_open),
        select(tasks.c.task_id).where(done, tasks.c.completed_at >= done_since),
        select(tasks.c.task_id).where(tasks.c.raised_at >= since),
    )
    query = select(tasks.c.document).where(tasks.c.task_id.in_(found), tasks.c.unit.in_(units))
    documents = connection.execute(query.order_by(tasks.c.raised_at)).scalars()
    return tuple(_TASK.validate_python(document) for document in documents)


def undecided_at(connection: Connection, unit: str) -> tuple[Escalation, ...]:
    """Escalations that this unit has to decide, or to endorse before they go up from it, oldest first."""
    before = escalations.c.status.in_([status.value for status in AWAITING_DECISION])
    proposed = escalations.c.status == EscalationStatus.PROPOSED.value
    query = select(escalations.c.document).where(or_(before & (escalations.c.to_unit == unit), proposed))
    found = connection.execute(query.order_by(escalations.c.number)).scalars()
    steps = [_ESCALATION.validate_python(document) for document in found]
    return tuple(each for each in steps if each.status is not EscalationStatus.PROPOSED or each.from_unit == unit)


def undecided_of_done(connection: Connection) -> dict[str, tuple[Escalation, ...]]:
    """Escalations that nobody has decided of tasks that are done, by task id, oldest first."""
    query = (
        select(escalations.c.document)
        .join(tasks, tasks.c.task_id == escalations.c.task_id)
        .where(escalations.c.status.in_([status.value for status in UNDECIDED]))
        .where(tasks.c.status == Status.COMPLETED.value)
        .order_by(escalations.c.number)
    )
    found: dict[str, tuple[Escalation, ...]] = {}
    for document in connection.execute(query).scalars():
        step = _ESCALATION.validate_python(document)
        found[step.task_id] = (*found.get(step.task_id, ()), step)
    return found


def came_up(connection: Connection, unit: str, since: datetime) -> int:
    """How many escalations have come before this unit since then (UTC)."""
    query = select(func.count()).where(escalations.c.to_unit == unit, escalations.c.came_at >= since)
    return connection.execute(query).scalar_one()
