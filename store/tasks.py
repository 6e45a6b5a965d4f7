"""Tasks, assessments and escalations as rows. The document column holds the whole; the others are for queries."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    RowMapping,
    Select,
    Table,
    bindparam,
    func,
    insert,
    or_,
    select,
    union,
    update,
)

from store import task_lines
from store.read_once import keep, once
from store.tab_tables import task_lines as lines
from store.tables import assessments, escalations, planner_links, references, tasks
from tasking.errors import StaleTask, UnknownTask
from tasking.escalation import UNDECIDED, Escalation, EscalationStatus
from tasking.task import Status, Task
from tasking.thrive import AssessedRisk, PriorityBand
from tasking.triggers import problem_of

T = TypeVar("T")
Histories = dict[str, tuple[tuple[AssessedRisk, ...], tuple[Escalation, ...]]]

URGENCY_OF_BAND = {PriorityBand.IMMEDIATE: 0, PriorityBand.PRIORITY: 1}
"""How soon what concerns a task is delivered where not all can be at once; 0 first, other bands last."""

AT_A_TIME = 500
"""So many keys are asked for in one statement."""

_TASK: TypeAdapter[Task] = TypeAdapter(Task)
_RISK: TypeAdapter[AssessedRisk] = TypeAdapter(AssessedRisk)
_ESCALATION: TypeAdapter[Escalation] = TypeAdapter(Escalation)

_READ = select(tasks).where(tasks.c.task_id == bindparam("this"))
_READ_BY_REFERENCE = select(tasks).where(tasks.c.reference == bindparam("wanted"))
_READ_VERSION = select(tasks.c.version).where(tasks.c.task_id == bindparam("this"))
_READ_BAND = select(tasks.c.band).where(tasks.c.task_id == bindparam("this"))
_SAVE = update(tasks).where(tasks.c.task_id == bindparam("this"), tasks.c.version == bindparam("as_read"))
_ADD = insert(tasks)
_LAST_NUMBER = select(references.c.last_number).where(references.c.name == bindparam("prefix")).with_for_update()
_MOVE_NUMBER = update(references).where(references.c.name == bindparam("prefix"))
_READ_RISKS = (
    select(assessments.c.document).where(assessments.c.task_id == bindparam("of_task")).order_by(assessments.c.number)
)
_READ_STEPS = (
    select(escalations.c.document).where(escalations.c.task_id == bindparam("of_task")).order_by(escalations.c.number)
)
_ADD_RISK = insert(assessments)


def next_reference(connection: Connection, prefix: str, first: int = 1001) -> str:
    """The next reference of this prefix. Once committed it is never given again, even when no task comes of it."""
    found = connection.execute(_LAST_NUMBER, {"prefix": prefix}).scalar()
    number = first if found is None else found + 1
    if found is None:
        connection.execute(insert(references).values(name=prefix, last_number=number))
    else:
        connection.execute(_MOVE_NUMBER, {"prefix": prefix, "last_number": number})
    return f"{prefix}-{number}"


def read_task(connection: Connection, task_id: str) -> Task:
    """The task as it stands. Raises UnknownTask."""
    row = connection.execute(_READ, {"this": task_id}).mappings().first()
    if row is None:
        raise UnknownTask(f"There is no task with the id {task_id}.")
    return task_of(row)


def version_of(connection: Connection, task_id: str) -> int | None:
    """The version of the task as it stands; None where there is no such task."""
    return connection.execute(_READ_VERSION, {"this": task_id}).scalar()


def read_task_by_reference(connection: Connection, reference: str) -> Task:
    """The task with this reference, in any case: they are given in capitals. Raises UnknownTask."""
    row = connection.execute(_READ_BY_REFERENCE, {"wanted": reference.strip().upper()}).mappings().first()
    if row is None:
        raise UnknownTask("There is no task with that reference.")
    return task_of(row)


def read_open_tasks(connection: Connection) -> list[Task]:
    """All tasks with work still to do, oldest first."""
    query = select(tasks).where(tasks.c.is_open).order_by(tasks.c.raised_at, tasks.c.reference)
    return [task_of(row) for row in connection.execute(query).mappings()]


def read_open_tasks_seen_from(connection: Connection, unit: str, family: Collection[str]) -> list[Task]:
    """Open tasks that stand with the unit or are of one in its family, oldest first."""
    query = select(tasks).where(tasks.c.task_id.in_(_open_seen_from(unit, family)))
    rows = connection.execute(query.order_by(tasks.c.raised_at, tasks.c.reference)).mappings()
    return [task_of(row) for row in rows]


def urgency_of(connection: Connection, task_id: str | None) -> int:
    """How urgent a delivery about this task is: 0 to 2. A response that is no task yet might be anything: 0."""
    if task_id is None:
        return 0
    band = once(connection, (_READ_BAND, task_id), lambda: connection.execute(_READ_BAND, {"this": task_id}).scalar())
    return URGENCY_OF_BAND.get(PriorityBand(band), 2) if band else 2


def stands_with_band(connection: Connection, plan_id: str, band: PriorityBand) -> bool:
    """Whether an open task of this band stands in this plan."""
    query = (
        select(tasks.c.task_id)
        .join(planner_links, planner_links.c.task_id == tasks.c.task_id)
        .where(planner_links.c.plan_id == plan_id, planner_links.c.state == "ACTIVE")
        .where(tasks.c.is_open, tasks.c.band == band.value)
    )
    return connection.execute(query.limit(1)).first() is not None


def units_with_open_tasks(connection: Connection) -> dict[str, int]:
    """How many open tasks stand with each unit code, their own and those above alike."""
    query = select(tasks.c.document["stands_on"]).where(tasks.c.is_open)
    return dict(Counter(str(unit) for units in connection.execute(query).scalars() for unit in units))


def read_all_tasks(connection: Connection) -> list[Task]:
    """Every task, oldest first."""
    return [task_of(row) for row in connection.execute(select(tasks).order_by(tasks.c.raised_at)).mappings()]


def add_task(connection: Connection, task: Task, risk: AssessedRisk | None = None) -> None:
    """Keeps a new task, with its first assessment where it has one."""
    columns = _columns(task)
    connection.execute(_ADD, {"task_id": task.task_id, **columns})
    keep(connection, (_READ_BAND, task.task_id), columns["band"])
    if risk is None:
        task_lines.add(connection, task)
    else:
        task_lines.add(connection, task, risk.context.alignment)
        _append_assessment(connection, task.task_id, risk)


def save_task(connection: Connection, task: Task, now: datetime) -> Task:
    """Keeps a task changed at `now` (UTC) and returns it with its new version.

    Raises StaleTask when somebody saved it since.
    """
    newer = replace(task, version=task.version + 1)
    columns = _columns(newer)
    done = connection.execute(_SAVE, {"this": task.task_id, "as_read": task.version, **columns})
    if done.rowcount != 1:
        raise StaleTask(f"{task.reference} has changed since it was read.")
    keep(connection, (_READ_BAND, task.task_id), columns["band"])
    task_lines.save(connection, newer, now)
    return newer


def read_assessments(connection: Connection, task_id: str) -> tuple[AssessedRisk, ...]:
    """A task's assessments, oldest first."""
    documents = connection.execute(_READ_RISKS, {"of_task": task_id}).scalars()
    return tuple(_RISK.validate_python(document) for document in documents)


def add_assessment(connection: Connection, task_id: str, risk: AssessedRisk) -> None:
    """Appends an assessment."""
    _append_assessment(connection, task_id, risk)
    task_lines.align(connection, task_id, risk.context.alignment)


def _append_assessment(connection: Connection, task_id: str, risk: AssessedRisk) -> None:
    document = _RISK.dump_python(risk, mode="json")
    connection.execute(_ADD_RISK, {"assessment_id": risk.assessment_id, "task_id": task_id, "document": document})


def read_escalations(connection: Connection, task_id: str) -> tuple[Escalation, ...]:
    """A task's escalations, oldest first."""
    documents = connection.execute(_READ_STEPS, {"of_task": task_id}).scalars()
    return tuple(_ESCALATION.validate_python(document) for document in documents)


def read_escalations_of(connection: Connection, task_ids: Collection[str]) -> dict[str, tuple[Escalation, ...]]:
    """All escalations of these tasks by the task's id, oldest first."""
    found: dict[str, list[Escalation]] = {}
    for some in batched(sorted(task_ids)):
        query = select(escalations.c.document).where(escalations.c.task_id.in_(some)).order_by(escalations.c.number)
        for document in connection.execute(query).scalars():
            step = _ESCALATION.validate_python(document)
            found.setdefault(step.task_id, []).append(step)
    return {task_id: tuple(steps) for task_id, steps in found.items()}


def read_histories(connection: Connection) -> Histories:
    """Assessments and escalations of every open task by its id, oldest first; in two queries however many there are."""
    return _histories(connection, _ids(tasks.c.is_open))


def read_histories_seen_from(connection: Connection, unit: str, family: Collection[str]) -> Histories:
    """The same of the tasks that `read_open_tasks_seen_from` reads."""
    return _histories(connection, _open_seen_from(unit, family))


def read_assessed_since(
    connection: Connection, since: datetime, units: Collection[str] | None = None
) -> list[tuple[Task, tuple[AssessedRisk, ...]]]:
    """Tasks that were assessed on or after the UTC day of `since`, oldest first, each with all its assessments.

    Of these units where given. In one query however many there are.
    """
    assessed_at = assessments.c.document["assessed_at"].as_string()
    lately = select(assessments.c.task_id).where(assessed_at >= since.astimezone(UTC).date().isoformat())
    query = (
        select(tasks, assessments.c.document.label("risk"))
        .join(assessments, assessments.c.task_id == tasks.c.task_id)
        .where(tasks.c.task_id.in_(lately))
        .order_by(tasks.c.raised_at, tasks.c.reference, assessments.c.number)
    )
    if units is not None:
        query = query.where(tasks.c.unit.in_(units))
    found: dict[str, tuple[Task, list[AssessedRisk]]] = {}
    for row in connection.execute(query).mappings():
        _, risks = found.setdefault(row["task_id"], (task_of(row), []))
        risks.append(_RISK.validate_python(row["risk"]))
    return [(task, tuple(risks)) for task, risks in found.values()]


def read_escalation(connection: Connection, escalation_id: str) -> Escalation:
    """One escalation. Raises UnknownTask when there is none."""
    query = select(escalations.c.document).where(escalations.c.escalation_id == escalation_id)
    document = connection.execute(query).scalar()
    if document is None:
        raise UnknownTask(f"There is no escalation with the id {escalation_id}.")
    return _ESCALATION.validate_python(document)


def awaiting_forum(connection: Connection, meeting_ref: str) -> tuple[Escalation, ...]:
    """Undecided escalations that this meeting was to decide, those only proposed among them, oldest first."""
    undecided = escalations.c.status.in_([status.value for status in UNDECIDED])
    query = select(escalations.c.document).where(escalations.c.forum == meeting_ref, undecided)
    found = connection.execute(query.order_by(escalations.c.number)).scalars()
    return tuple(_ESCALATION.validate_python(document) for document in found)


def put_escalation(connection: Connection, escalation: Escalation) -> None:
    """Keeps a new or changed escalation."""
    values = {
        "task_id": escalation.task_id,
        "trigger": escalation.trigger,
        "to_unit": escalation.to_unit,
        "status": escalation.status.value,
        "forum": escalation.forum,
        "came_at": _came_at(escalation),
        "document": _ESCALATION.dump_python(escalation, mode="json"),
    }
    found = escalations.c.escalation_id == escalation.escalation_id
    if connection.execute(update(escalations).where(found).values(**values)).rowcount == 0:
        connection.execute(insert(escalations).values(escalation_id=escalation.escalation_id, **values))


def read_completed_tasks(connection: Connection, since: datetime, ids: Collection[str] = ()) -> list[Task]:
    """Tasks that their officers said since this moment (UTC) are done, oldest first, and those of these ids that are.

    Few at a time: a task stays COMPLETED for good where nobody writes down its result.
    """
    found = union(_ids(_is_completed(), tasks.c.completed_at >= since), _ids(_is_completed(), tasks.c.task_id.in_(ids)))
    return _tasks_of(connection, found)


def completed_before(connection: Connection, until: datetime) -> dict[str, int]:
    """How many tasks of each unit were done before this moment (UTC) and still want a result."""
    query = select(tasks.c.unit, func.count()).where(_is_completed(), tasks.c.completed_at < until)
    return {str(unit): int(number) for unit, number in connection.execute(query.group_by(tasks.c.unit))}


def read_ended_tasks(
    connection: Connection, since: datetime, ids: Collection[str], units: Collection[str]
) -> list[Task]:
    """Tasks of these units with no work left that were raised or completed since this moment (UTC), and those of these
    ids, of whatever unit."""
    named = tasks.c.task_id.in_(ids)
    found = union(_ids(tasks.c.raised_at >= since), _ids(_is_completed(), tasks.c.completed_at >= since), _ids(named))
    # Asked of what was found by its times: asked first, a unit's whole past would be gone through.
    theirs = or_(tasks.c.unit.in_(units), named)
    return [task for task in _tasks_of(connection, found, theirs) if not task.is_open]


def read_tasks_by_references(connection: Connection, found: Collection[str]) -> list[Task]:
    """The tasks with these references, as they are written on the tasks, oldest first. However many they are."""
    rows: list[Task] = []
    for some in batched(sorted(found)):
        query = select(tasks).where(tasks.c.reference.in_(some))
        rows += [task_of(row) for row in connection.execute(query).mappings()]
    return sorted(rows, key=lambda task: (task.raised_at, task.reference))


def batched(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as every database takes in one statement."""
    return (keys[start : start + AT_A_TIME] for start in range(0, len(keys), AT_A_TIME))


def read_done_but_undecided(connection: Connection) -> list[tuple[Task, tuple[Escalation, ...]]]:
    """Completed tasks with an escalation that nobody has decided, each with its escalations, oldest first."""
    undecided = select(escalations.c.task_id).where(escalations.c.status.in_([each.value for each in UNDECIDED]))
    query = (
        select(tasks, escalations.c.document.label("step"))
        .join(escalations, escalations.c.task_id == tasks.c.task_id)
        .where(_is_completed(), tasks.c.task_id.in_(undecided))
        .order_by(tasks.c.raised_at, tasks.c.reference, escalations.c.number)
    )
    found: dict[str, tuple[Task, list[Escalation]]] = {}
    for row in connection.execute(query).mappings():
        _, steps = found.setdefault(row["task_id"], (task_of(row), []))
        steps.append(_ESCALATION.validate_python(row["step"]))
    return [(task, tuple(steps)) for task, steps in found.values()]


def _ids(*conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    """One way to find tasks by an index; a union of several keeps to theirs, where an OR may read the whole table."""
    return select(tasks.c.task_id).where(*conditions)


def _open_seen_from(unit: str, family: Collection[str]) -> Select[tuple[str]]:
    stands_with = lines.c.places.contains(task_lines.barred([unit]), autoescape=True)
    is_theirs = or_(tasks.c.unit.in_(family), stands_with)
    return _ids(tasks.c.is_open, is_theirs).join(lines, lines.c.task_id == tasks.c.task_id)


def _is_completed() -> ColumnElement[bool]:
    return tasks.c.status == Status.COMPLETED.value


def _tasks_of(
    connection: Connection, found: CompoundSelect[tuple[str]], *conditions: ColumnElement[bool]
) -> list[Task]:
    query = select(tasks).where(tasks.c.task_id.in_(found), *conditions)
    rows = connection.execute(query.order_by(tasks.c.raised_at, tasks.c.reference)).mappings()
    return [task_of(row) for row in rows]


def _histories(connection: Connection, found: Select[tuple[str]]) -> Histories:
    risks = _by_task(connection, found, assessments, _RISK)
    steps = _by_task(connection, found, escalations, _ESCALATION)
    return {task: (tuple(risks.get(task, ())), tuple(steps.get(task, ()))) for task in risks.keys() | steps.keys()}


def _by_task(connection: Connection, of: Select[tuple[str]], table: Table, kind: TypeAdapter[T]) -> dict[str, list[T]]:
    query = select(table.c.task_id, table.c.document).where(table.c.task_id.in_(of)).order_by(table.c.number)
    found: dict[str, list[T]] = {}
    for task_id, document in connection.execute(query):
        found.setdefault(task_id, []).append(kind.validate_python(document))
    return found


def task_of(row: RowMapping) -> Task:
    """The task that a row holds."""
    return replace(_TASK.validate_python(row["document"]), version=row["version"])


def _columns(task: Task) -> dict[str, object]:
    return {
        "reference": task.reference,
        "unit": task.unit,
        "pillar": task.pillar,
        "status": task.status.value,
        "band": task.working_band.value if task.working_band else None,
        "is_open": task.is_open,
        "raised_at": task.raised_at,
        "due_at": task.due_at,
        "version": task.version,
        "document": _TASK.dump_python(task, mode="json"),
        "completed_at": task.completed_at,
        "problem": problem_of(task),
    }


def _came_at(escalation: Escalation) -> datetime | None:
    """When it came before the higher level; what is only proposed has not."""
    if escalation.status is EscalationStatus.PROPOSED:
        return None
    return escalation.endorsed_at or escalation.requested_at
