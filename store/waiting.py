"""What waits at a unit: open tasks, finished ones that want a result, and escalations nobody has decided."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, or_, select

from store.tables import escalations, tasks
from tasking.escalation import AWAITING_DECISION, Escalation, EscalationStatus
from tasking.task import Status, Task

_TASK: TypeAdapter[Task] = TypeAdapter(Task)
_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)


def tasks_of(connection: Connection, units: Sequence[str], since: datetime) -> tuple[Task, ...]:
    """Tasks of these units that are open or want a result, and whatever was raised since then (UTC), oldest first."""
    wanted = or_(tasks.c.is_open, tasks.c.status == Status.COMPLETED.value, tasks.c.raised_at >= since)
    query = select(tasks.c.document).where(tasks.c.unit.in_(units), wanted).order_by(tasks.c.raised_at)
    return tuple(_TASK.validate_python(document) for document in connection.execute(query).scalars())


def undecided_at(connection: Connection, unit: str) -> tuple[Escalation, ...]:
    """Escalations that this unit has to decide, or to endorse before they go up from it, oldest first."""
    before = escalations.c.status.in_([status.value for status in AWAITING_DECISION])
    proposed = escalations.c.status == EscalationStatus.PROPOSED.value
    query = select(escalations.c.document).where(or_(before & (escalations.c.to_unit == unit), proposed))
    found = connection.execute(query.order_by(escalations.c.number)).scalars()
    steps = [_ESCALATION.validate_python(document) for document in found]
    return tuple(each for each in steps if each.status is not EscalationStatus.PROPOSED or each.from_unit == unit)


def came_up(connection: Connection, unit: str, since: datetime) -> int:
    """How many escalations have come before this unit since then (UTC)."""
    query = select(escalations.c.document).where(escalations.c.to_unit == unit)
    steps = [_ESCALATION.validate_python(document) for document in connection.execute(query).scalars()]
    shown = (each for each in steps if each.status is not EscalationStatus.PROPOSED)
    return sum((each.endorsed_at or each.requested_at) >= since for each in shown)
