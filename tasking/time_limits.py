"""By when a task must be taken up, begun and finished: by its band, by its kind of work, and with its pauses.

Of band and kind of work the tighter limit counts: risk decides how long a task may wait at most, and a kind of work may
shorten that and never lengthen it. Longer is a person's decision (EXTEND), with a rationale. Bands: policing notes,
section 3.4; limits by kind and pauses: requirement 120. A task's kind of work is its pillar.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from tasking.clocks import later
from tasking.force import Force
from tasking.task import Pause, Task
from tasking.thrive import BANDS


def time_to_accept(task: Task) -> timedelta | None:
    """How long somebody has to take it up, in working days where its band counts so; None without a band."""
    band = task.working_band
    if band is None:
        return None
    allowed = BANDS[band].accept_within
    return allowed if task.accept_within is None else min(allowed, task.accept_within)


def accept_by(task: Task, times: int = 1) -> datetime | None:
    """When so many `times` its time to be taken up are over (UTC); None without a band."""
    allowed = time_to_accept(task)
    return None if allowed is None else _limit(task, times * allowed)


def first_action_by(task: Task) -> datetime | None:
    """When something must have been done about it (UTC); None without a band."""
    band = task.working_band
    return None if band is None else _limit(task, BANDS[band].first_action_within)


def is_past_due(task: Task, now: datetime) -> bool:
    """Whether its due time has passed at `now` (UTC) and its clock is not stopped."""
    return task.due_at is not None and task.due_at < now and not task.clock_stands


def is_due_by_service(task: Task) -> bool:
    """Whether its due time is still the service's own: a person who sets one, on a form, the board or by a decision,
    has set it for good."""
    return task.due_at is not None and task.due_at == task.default_due_at


def with_limits(force: Force, task: Task) -> Task:
    """The task with the limits of its kind of work. A due time of the service's own is made earlier where they are
    tighter, never later."""
    pillar = force.pillars.get(task.pillar)
    limited = replace(task, accept_within=pillar.accept_within if pillar else None)
    if pillar is None or pillar.finish_within is None or limited.due_at is None or not is_due_by_service(limited):
        return limited
    due = min(limited.due_at, task.raised_at + pillar.finish_within + paused_time(task.pauses))
    return replace(limited, due_at=due, default_due_at=due)


def paused_time(pauses: Iterable[Pause]) -> timedelta:
    """How long the clock stood in pauses that are over."""
    return sum((each.until - each.since for each in pauses if each.until is not None), timedelta(0))


def _limit(task: Task, length: timedelta) -> datetime:
    """A limit that many hours after it was raised, moved by as long as each pause that began before it; where the band
    counts working days, by as much working time."""
    band = task.working_band
    in_working_days = band is not None and BANDS[band].in_working_days
    limit = later(task.raised_at, length, in_working_days)
    for pause in task.pauses:
        if pause.until is not None and pause.since < limit:
            limit = later(limit, pause.until - pause.since, in_working_days)
    return limit
