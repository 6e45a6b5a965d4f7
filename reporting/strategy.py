"""How the work stands to the control strategy: each priority with its tasks, and the share of all work by cycle."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from reporting.wording import STATUS_WORDS
from store import effort, notebook, strategies
from store.tasks import read_all_tasks, read_open_tasks
from tasking.calendar import cycle_of
from tasking.clocks import local_day, utc_of
from tasking.control_strategy import in_force, kinds_of_work, only_enforces
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.strategy import ControlStrategy, Priority
from tasking.task import Task
from tasking.thrive import Alignment
from tasking.time_limits import is_past_due

CONTROL_LABEL = "CONTROL_STRATEGY"
"""Code of the label by which people put a task on the control strategy."""
CYCLES_SHOWN = 4
PUBLISHED = "control strategy published"
"""Cursor that holds the last version that was published."""


@dataclass(frozen=True, slots=True)
class CycleShare:
    """Of the tasks raised in one cycle, so many were on the control strategy."""

    cycle: str
    starts: date
    raised: int
    on_strategy: int

    @property
    def percent(self) -> int | None:
        """The share in whole per cent, halves up; None of no tasks at all."""
        return (200 * self.on_strategy + self.raised) // (2 * self.raised) if self.raised else None


@dataclass(frozen=True, slots=True)
class LinkedTask:
    """One task under a priority. `title` is empty where it is restricted. `kinds` are the codes of its kind of work."""

    reference: str
    title: str
    unit: str
    status: str
    is_open: bool
    is_overdue: bool
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PriorityCard:
    """A priority as its owner sees it: its tasks, the open ones first, and whether the open ones only enforce."""

    priority: Priority
    tasks: tuple[LinkedTask, ...]
    only_enforces: bool


def is_on_strategy(task: Task, alignment: Alignment) -> bool:
    """Whether it serves the control strategy: by its priority, its newest assessment, or the label that people set."""
    return bool(task.control_priority) or alignment is Alignment.CONTROL_STRATEGY or CONTROL_LABEL in task.labels


def strategy_at(connection: Connection, now: datetime) -> ControlStrategy | None:
    """The version that is in force at a moment (UTC)."""
    return in_force(strategies.read_all(connection), local_day(now))


def published_version(connection: Connection) -> int:
    """The last version that was published, 0 where none was."""
    return int(notebook.cursor(connection, PUBLISHED) or 0)


def shares(connection: Connection, force: Force, now: datetime, units: Collection[str] = ()) -> tuple[CycleShare, ...]:
    """The last four cycles, the one that is on last; of these units' own tasks where given. Empty where config counts
    no cycles."""
    today = local_day(now)
    days = [today - timedelta(days=force.cycle_days * back) for back in reversed(range(CYCLES_SHOWN))]
    cycles = [cycle for day in days if (cycle := cycle_of(force, day)) is not None]
    if not cycles:
        return ()
    since = utc_of(datetime.combine(cycles[0].starts, datetime.min.time()))
    raised = [
        (local_day(task.raised_at), is_on_strategy(task, alignment))
        for task, alignment in effort.raised_since(connection, since)
        if task.raised_at <= now and (not units or task.unit in units)
    ]
    return tuple(
        CycleShare(
            cycle.code,
            cycle.starts,
            sum(cycle.starts <= day <= cycle.ends for day, _ in raised),
            sum(cycle.starts <= day <= cycle.ends and on_it for day, on_it in raised),
        )
        for cycle in cycles
    )


def share_words(share: CycleShare) -> str:
    """The cycle with raw counts and the share: `CYC-2027-01 5 of 20 (25%)`."""
    percent = f" ({share.percent}%)" if share.percent is not None else ""
    return f"{share.cycle} {share.on_strategy} of {share.raised}{percent}"


def priority_cards(
    connection: Connection, force: Force, strategy: ControlStrategy, now: datetime
) -> tuple[PriorityCard, ...]:
    """Each priority of the strategy with its tasks, as at `now` (UTC)."""
    found = [task for task in read_all_tasks(connection) if task.control_priority]
    return tuple(_card(force, priority, found, now) for priority in strategy.priorities)


def card_json(card: PriorityCard) -> dict[str, Any]:
    """A priority and its tasks as plain values."""
    priority = card.priority
    return {
        "code": priority.code,
        "title": priority.title,
        "owner_role": priority.owner_role,
        "plan": priority.plan,
        "nim_level": priority.nim_level,
        "only_enforces": card.only_enforces,
        "tasks": [{name: getattr(task, name) for name in LinkedTask.__dataclass_fields__} for task in card.tasks],
    }


def model_tasks(
    connection: Connection,
    force: Force,
    priority: str | None = None,
    level: int | None = None,
    gap: str | None = None,
    kind: str | None = None,
    unit: str | None = None,
) -> list[dict[str, Any]]:
    """Open tasks with their place in the intelligence model, oldest first; only those that fit all that is given."""
    rows: list[dict[str, Any]] = [
        {
            "reference": task.reference,
            "unit": task.unit,
            "title": "" if is_restricted(force, task) else task.title,
            "priority": task.control_priority,
            "level": task.nim_level,
            "gap": task.intelligence_gap,
            "kinds": list(kinds_of_work(task)),
        }
        for task in read_open_tasks(connection)
    ]
    wanted = {"priority": priority, "level": level, "gap": gap, "unit": unit}
    fits = [row for row in rows if all(value is None or row[name] == value for name, value in wanted.items())]
    return [row for row in fits if kind is None or kind in row["kinds"]]


def _card(force: Force, priority: Priority, tasks: Iterable[Task], now: datetime) -> PriorityCard:
    own = [task for task in tasks if task.control_priority == priority.code]
    shown = sorted(own, key=lambda task: (not task.is_open, task.raised_at))
    return PriorityCard(
        priority,
        tuple(_linked(force, task, now) for task in shown),
        only_enforces(task for task in own if task.is_open),
    )


def _linked(force: Force, task: Task, now: datetime) -> LinkedTask:
    return LinkedTask(
        reference=task.reference,
        title="" if is_restricted(force, task) else task.title,
        unit=task.unit,
        status=STATUS_WORDS[task.status],
        is_open=task.is_open,
        is_overdue=task.is_open and is_past_due(task, now),
        kinds=kinds_of_work(task),
    )
