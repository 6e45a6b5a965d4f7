"""The report at the end of a tasking cycle, built from the record, and what has become since of what carried over."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, select

from reporting.wording import OPEN_IT_THERE, STATUS_WORDS, highest, short_time
from store import cycles, decisions, effort
from store.tables import tasks
from store.tasks import read_completed_tasks, read_histories, read_open_tasks, read_tasks_by_references
from tasking.calendar import bounds_of, cycle_of
from tasking.clocks import DAY, local_day
from tasking.cycle_report import CHOICE_WORDS, CarriedTask, Choice, CycleCounts, CycleReport, choices_of
from tasking.decision import Decision
from tasking.force import Force
from tasking.meetings import Cycle
from tasking.restricted import is_restricted
from tasking.task import Classification, Task
from tasking.time_limits import is_past_due

NOBODY_DECIDED = "nobody has decided"
ENDED = "ended without such a decision"


@dataclass(frozen=True, slots=True)
class CarriedNow:
    """A task that carried over, and what has become of it: the choice in words, with its decision where there is one.

    `is_left` says that it is open and nobody has decided.
    """

    task: CarriedTask
    state: str
    decision_ref: str = ""
    is_left: bool = False


def cycles_due(connection: Connection, force: Force, now: datetime) -> list[Cycle]:
    """Cycles that have ended at `now` (UTC) and have no report, oldest first: those after the newest report, or before
    the first report the last one where the record holds a task of it or of earlier."""
    running = cycle_of(force, local_day(now))
    if running is None:
        return []
    last = cycle_of(force, running.starts - DAY)
    assert last is not None
    newest = cycles.newest(connection)
    if newest is None:
        raised = select(tasks.c.task_id).where(tasks.c.raised_at < bounds_of(last)[1]).limit(1)
        return [last] if connection.execute(raised).first() else []
    due, day = list[Cycle](), newest.report.ends + DAY
    while day <= last.ends and (cycle := cycle_of(force, day)) is not None:
        due += [] if cycles.has(connection, cycle.code) else [cycle]
        day = cycle.ends + DAY
    return due


def report_of(connection: Connection, force: Force, cycle: Cycle, now: datetime) -> CycleReport:
    """The report of a cycle that has ended, as at `now` (UTC): what was raised and done within its London days, and
    what was raised before its end and is still open."""
    since, until = bounds_of(cycle)
    before = cycles.newest(connection)
    then = carried_now(connection, before.report, now) if before else ()
    left = {each.task.task_id: each.task.left_since or (before.report.cycle if before else "") for each in _left(then)}
    histories = read_histories(connection)
    carried = tuple(
        _carried(
            force,
            task,
            now,
            any(step.awaits_decision for step in histories.get(task.task_id, ((), ()))[1]),
            left.get(task.task_id, ""),
        )
        for task in read_open_tasks(connection)
        if task.raised_at < until
    )
    return CycleReport(
        cycle=cycle.code,
        starts=cycle.starts,
        ends=cycle.ends,
        closed_at=now,
        counts=_counts(connection, force, since, until, carried),
        carried=carried,
        previous=before.report.cycle if before else "",
        since_then=_since_then(then),
    )


def carried_now(connection: Connection, report: CycleReport, now: datetime) -> tuple[CarriedNow, ...]:
    """What carried over at the end of that cycle, and what people have decided of each from then until `now` (UTC)."""
    until = now + timedelta(microseconds=1)
    made = decisions.between(connection, report_end(report), until)
    chosen = choices_of(made, decisions.superseded_by(connection, made))
    tasks_now = {
        task.task_id: task for task in read_tasks_by_references(connection, {each.reference for each in report.carried})
    }
    return tuple(_now(each, tasks_now.get(each.task_id), chosen.get(each.task_id)) for each in report.carried)


def report_end(report: CycleReport) -> datetime:
    """The first moment (UTC) after the cycle, from which decisions count for what carried over."""
    return bounds_of(Cycle(report.cycle, report.starts, report.ends))[1]


def mark_of_report(report: CycleReport) -> Classification:
    """The mark of the whole report: the highest of the tasks that it names."""
    return highest(each.classification for each in report.carried)


def report_json(report: CycleReport, found: Collection[CarriedNow]) -> dict[str, Any]:
    """The report and what has become of what carried over, as plain JSON values."""
    told: dict[str, Any] = to_jsonable_python(report)
    told["carried"] = [
        {**to_jsonable_python(each.task), "state": each.state, "decision": each.decision_ref, "is_left": each.is_left}
        for each in found
    ]
    return told


def why_listed(task: CarriedTask) -> str:
    """Why it wants a decision: that it is late, is asked above, or was left before."""
    late = f"past its due time of {short_time(task.due_at)}" if task.is_overdue else ""
    above = "to be decided above" if task.is_undecided else ""
    left = f"nobody has decided since {task.left_since}" if task.left_since else ""
    return "; ".join(filter(None, (late, above, left))) or "open"


def _left(found: Collection[CarriedNow]) -> Iterator[CarriedNow]:
    return (each for each in found if each.is_left)


def _now(listed: CarriedTask, task: Task | None, chosen: tuple[Choice, Decision] | None) -> CarriedNow:
    if chosen is not None:
        return CarriedNow(listed, CHOICE_WORDS[chosen[0]], chosen[1].decision_ref)
    if task is None or not task.is_open:
        return CarriedNow(listed, STATUS_WORDS[task.status] if task else ENDED)
    return CarriedNow(listed, NOBODY_DECIDED, is_left=True)


def _since_then(found: Collection[CarriedNow]) -> tuple[tuple[str, int], ...]:
    words = Counter(each.state if each.decision_ref or each.is_left else ENDED for each in found)
    return tuple((each, words[each]) for each in (*CHOICE_WORDS.values(), ENDED, NOBODY_DECIDED) if words[each])


def _carried(force: Force, task: Task, now: datetime, is_undecided: bool, left_since: str) -> CarriedTask:
    return CarriedTask(
        task_id=task.task_id,
        reference=task.reference,
        title=OPEN_IT_THERE if is_restricted(force, task) else task.title,
        classification=task.classification,
        unit=task.unit,
        band=task.working_band,
        raised_at=task.raised_at,
        due_at=task.due_at,
        is_overdue=is_past_due(task, now),
        is_undecided=is_undecided,
        left_since=left_since,
    )


def _counts(
    connection: Connection, force: Force, since: datetime, until: datetime, carried: Collection[CarriedTask]
) -> tuple[CycleCounts, ...]:
    """Numbers of each unit that has any, in the order of config; of units that config has no more, after them."""
    raised = Counter(task.unit for task, _ in effort.raised_since(connection, since) if task.raised_at < until)
    done = [task for task in read_completed_tasks(connection, since) if task.completed_at and task.completed_at < until]
    completed = Counter(task.unit for task in done)
    decided = Counter(each.unit for each in decisions.between(connection, since, until))
    open_now = Counter(each.unit for each in carried)
    units = dict.fromkeys((*force.units, *raised, *completed, *decided, *open_now))
    found = (
        CycleCounts(
            unit,
            raised[unit],
            completed[unit],
            decided[unit],
            open_now[unit],
            sum(each.is_overdue for each in carried if each.unit == unit),
            sum(each.is_undecided for each in carried if each.unit == unit),
            sum(bool(each.left_since) for each in carried if each.unit == unit),
        )
        for unit in units
    )
    return tuple(each for each in found if any(number for _, number in each.in_words()))
