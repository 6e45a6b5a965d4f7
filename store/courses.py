"""The course of each task since a moment, as the audit log, the assessments and the escalations have it. Reads only."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Table, or_, select

from store.cases import LONGEST_LIFE
from store.tables import assessments, audit_log, decisions, escalations, tasks
from tasking.decision import DecisionType
from tasking.escalation import Escalation
from tasking.replay import TaskCourse
from tasking.task import Task
from tasking.thrive import AssessedRisk

T = TypeVar("T")

FOLLOWED = frozenset(
    {
        "pillar",
        "status",
        "band",
        "score",
        "band_override",
        "flags",
        "labels",
        "due_at",
        "accepted_at",
        "completed_at",
        "asked_up_at",
        "asked_up_from",
        "moved_at",
        "linked",
        "linked_at",
        "chased",
    }
)
"""Fields that the log keeps by their values and that rules look at."""
BEGINNINGS = frozenset({"task raised", "adopted from the board"})
"""Lines that say what a task began with, not what changed."""
CHASE_ACTION = "chased: "

_TASK: TypeAdapter[Task] = TypeAdapter(Task)
_RISK: TypeAdapter[AssessedRisk] = TypeAdapter(AssessedRisk)
_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)


def read_courses(connection: Connection, since: datetime) -> list[TaskCourse]:
    """The course since this moment (UTC) of every task that is open or was raised in the year before, oldest first.

    Five queries, however many there are.
    """
    lines: dict[str, list[Mapping[str, Any]]] = {}
    query = select(audit_log.c.object_ref, audit_log.c.at, audit_log.c.action, audit_log.c.changes)
    for row in connection.execute(query.where(audit_log.c.at >= since).order_by(audit_log.c.number)).mappings():
        lines.setdefault(row["object_ref"], []).append(dict(row))
    wanted = or_(tasks.c.is_open, tasks.c.raised_at >= since - LONGEST_LIFE)
    risks = _by_task(connection, assessments, _RISK, wanted)
    steps = _by_task(connection, escalations, _ESCALATION, wanted)
    found = connection.execute(select(tasks.c.document).where(wanted).order_by(tasks.c.raised_at, tasks.c.reference))
    accepted = _accepted(connection)
    return [
        _course(
            task,
            lines.get(task.reference, []),
            since,
            risks.get(task.task_id, ()),
            steps.get(task.task_id, ()),
            accepted,
        )
        for task in map(_TASK.validate_python, found.scalars())
    ]


def _by_task(
    connection: Connection, table: Table, kind: TypeAdapter[T], wanted: ColumnElement[bool]
) -> dict[str, tuple[T, ...]]:
    ids = select(tasks.c.task_id).where(wanted)
    query = select(table.c.task_id, table.c.document).where(table.c.task_id.in_(ids)).order_by(table.c.number)
    found: dict[str, list[T]] = {}
    for task_id, document in connection.execute(query):
        found.setdefault(task_id, []).append(kind.validate_python(document))
    return {task_id: tuple(some) for task_id, some in found.items()}


def _accepted(connection: Connection) -> dict[str, datetime]:
    """When the higher level accepted an escalation, by its id."""
    taken_on = decisions.c.decision_type == DecisionType.ESCALATION_ACCEPT.value
    query = select(decisions.c.escalation_id, decisions.c.decided_at).where(taken_on)
    return {str(escalation_id): at for escalation_id, at in connection.execute(query)}


def _course(
    task: Task,
    lines: list[Mapping[str, Any]],
    since: datetime,
    risks: tuple[AssessedRisk, ...],
    steps: tuple[Escalation, ...],
    accepted: Mapping[str, datetime],
) -> TaskCourse:
    """Walks back from the task as it stands, undoing one line of the log after another."""
    document = _TASK.dump_python(task, mode="json")
    states: list[tuple[datetime, Task]] = []
    for line in reversed(lines):
        changed = {} if line["action"] in BEGINNINGS else line["changes"]
        before = {name: old for name, (old, _) in changed.items() if name in FOLLOWED}
        if before:
            states.append((line["at"], _TASK.validate_python(document)))
            document = {**document, **before}
    states.append((max(since, task.raised_at), _TASK.validate_python(document)))
    chases = tuple((line["at"], key) for line in lines for key in _told(line))
    return TaskCourse(task, tuple(reversed(states)), risks, steps, accepted, chases)


def _told(line: Mapping[str, Any]) -> list[str]:
    """What a line says that managers were told of, as "TRIGGER fact"."""
    if not line["action"].startswith(CHASE_ACTION):
        return []
    before, after = line["changes"]["chased"]
    return sorted(set(after) - set(before))
