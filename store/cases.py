"""Open tasks with everything that the escalation policy looks at, in a few queries however many tasks there are."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select

from store import tasks as task_rows
from store.tables import tasks
from store.tasks import AT_A_TIME
from tasking.task import Status, Task
from tasking.triggers import Case, EarlierTask, by_problem, moved_at, problem_of

LATELY = timedelta(days=1)
LONGEST_LIFE = timedelta(days=366)
"""A task raised longer before is not looked for when it is asked whether a problem has come back."""

_THE_SAME = select(tasks.c.task_id, tasks.c.problem, tasks.c.raised_at, tasks.c.completed_at).where(
    tasks.c.problem.in_(bindparam("about", expanding=True)),
    tasks.c.raised_at >= bindparam("eldest"),
    tasks.c.status != Status.WITHDRAWN.value,
    or_(tasks.c.raised_at >= bindparam("since"), tasks.c.completed_at >= bindparam("since")),
)


def read_cases(connection: Connection, now: datetime, repeats_within: timedelta | None) -> list[Case]:
    """The case of every open task at `now` (UTC), oldest first; assessments and escalations oldest first.

    After them those of completed tasks with an escalation that nobody has decided, without their assessments.

    `repeats_within` is how far back the policy looks for the same problem, None where it does not. That is looked up
    for tasks that somebody has moved lately: of the others nothing has become true of it since.
    """
    histories = task_rows.read_histories(connection)
    cases = [Case(each, *histories.get(each.task_id, ((), ()))) for each in task_rows.read_open_tasks(connection)]
    moved = [case.task for case in cases if repeats_within and moved_at(case) >= now - LATELY]
    done = [Case(task, (), steps) for task, steps in task_rows.read_done_but_undecided(connection)]
    return [*_with_others(connection, cases, moved, now, repeats_within), *done]


def read_case(connection: Connection, task_id: str, now: datetime, repeats_within: timedelta | None) -> Case:
    """The case of one task at `now` (UTC). Raises UnknownTask."""
    task = task_rows.read_task(connection, task_id)
    history = task_rows.read_assessments(connection, task_id), task_rows.read_escalations(connection, task_id)
    return _with_others(connection, [Case(task, *history)], [task], now, repeats_within)[0]


def _with_others(
    connection: Connection, cases: list[Case], moved: list[Task], now: datetime, repeats_within: timedelta | None
) -> list[Case]:
    units = _units_of(connection, {other for case in cases for other in case.task.linked})
    recent = [task for task in moved if repeats_within and task.raised_at >= now - repeats_within and problem_of(task)]
    earlier = by_problem(_earlier(connection, recent, now - 2 * repeats_within)) if repeats_within and recent else {}
    asked = {task.task_id for task in recent}
    return [
        replace(
            case,
            linked_units=frozenset(units[other] for other in case.task.linked if other in units),
            earlier=earlier.get(problem_of(case.task), ()) if case.task.task_id in asked else (),
        )
        for case in cases
    ]


def _units_of(connection: Connection, task_ids: set[str]) -> dict[str, str]:
    if not task_ids:
        return {}
    query = select(tasks.c.task_id, tasks.c.unit).where(tasks.c.task_id.in_(task_ids))
    return {str(task_id): str(unit) for task_id, unit in connection.execute(query)}


def _earlier(connection: Connection, recent: list[Task], since: datetime) -> Iterable[EarlierTask]:
    """Tasks about the same problems that were raised, or completed, since this moment."""
    about = sorted({problem_of(task) for task in recent})
    for start in range(0, len(about), AT_A_TIME):
        asked = {"since": since, "eldest": since - LONGEST_LIFE, "about": about[start : start + AT_A_TIME]}
        for row in connection.execute(_THE_SAME, asked):
            yield EarlierTask(row.task_id, row.problem, row.raised_at, row.completed_at)
