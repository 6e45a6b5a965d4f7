"""Where a task is on its way, as lines of the service's block: its next meeting, the ladder, where it has been, owners.

Owners are told by number and moment, never by name. A meeting that is the same each day or each week is told by its
rhythm, so that no board is written to because a meeting has passed (docs/decisions/0026).
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from store.task_trail import Moved
from tasking.calendar import Sitting, next_meeting, sitting_of
from tasking.clocks import LONDON, clock_text
from tasking.escalation import Escalation
from tasking.force import Force
from tasking.meetings import Recurrence
from tasking.task import Task

NEXT_MEETING = "Next meeting: "
MOST_STEPS = 6
"""How many of the last steps of a trail the board shows; the whole stands in the evidence of the task."""

_EACH_DAY = re.compile(r"FREQ=DAILY(;INTERVAL=1)?")
_EACH_WEEK = re.compile(r"FREQ=WEEKLY(;INTERVAL=1)?(;BYDAY=(?P<days>[A-Z,]+))?")
_DAY_NAMES = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}


def meeting_line(
    task: Task, force: Force, escalations: Sequence[Escalation], now: datetime, cancelled: frozenset[str]
) -> str:
    """Which meeting comes next for an open task at `now` (UTC): the one it was left to, else that of the unit where
    it stands. Empty where there is none, or nothing is left to decide."""
    if not task.is_open:
        return ""
    named = next((_still_to_come(force, each, now, cancelled) for each in escalations if each.awaits_decision), None)
    if named is not None:
        return f"{NEXT_MEETING}{named.meeting.name}, {clock_text(named.starts_at)}"
    sitting = next_meeting(force, task.top_unit, now, cancelled=cancelled)
    return f"{NEXT_MEETING}{sitting.meeting.name}, {_when(sitting)}" if sitting else ""


def journey_lines(task: Task, force: Force, trail: Sequence[Moved]) -> tuple[str, ...]:
    """The ladder of levels and where the task stands; once it has climbed, where it was and how many owned it."""
    here = force.level_of(task.top_unit)
    own = force.level_of(task.unit)
    rungs = (each for each in sorted(force.levels, key=lambda each: each.rank) if each.rank >= own.rank)
    strip = " > ".join(f"{each.name} (here now)" if each == here else each.name for each in rungs)
    lines = [f"Journey: {strip}"]
    tops = list(_tops(task, trail))
    if tops:
        been = [f"{force.units[unit].name} from {clock_text(at)}" for at, unit in tops]
        lines.append(f"Has stood with: {_newest(been)}")
        owners = [f"{_owners(*each.owners)} from {clock_text(each.at)}" for each in trail if each.owners]
        lines.append(f"Owners, whose names are on the record: {_newest(owners) or 'nobody so far'}")
    return tuple(lines)


def _still_to_come(force: Force, step: Escalation, now: datetime, cancelled: frozenset[str]) -> Sitting | None:
    sitting = sitting_of(force, step.forum) if step.forum else None
    return sitting if sitting and sitting.starts_at > now and sitting.meeting_ref not in cancelled else None


def _tops(task: Task, trail: Sequence[Moved]) -> Iterator[tuple[datetime, str]]:
    """From when on each unit was the highest that it stood with; nothing where it was never moved."""
    moves = [(each.at, each.stands_on[-1]) for each in trail if each.stands_on]
    last = task.unit
    begun = [(task.raised_at, task.unit)] if any(unit != task.unit for _, unit in moves) else []
    yield from begun
    for at, unit in moves:
        if unit != last:
            yield at, unit
        last = unit


def _owners(before: int, after: int) -> str:
    if after == 0:
        return "nobody"
    words = "one owner" if after == 1 else f"{after} owners"
    return f"another, {words}" if before == after else words


def _newest(steps: Sequence[str]) -> str:
    shown = list(steps[-MOST_STEPS:])
    left_out = len(steps) - len(shown)
    return "; ".join([*([f"{left_out} earlier"] if left_out else []), *shown])


def _when(sitting: Sitting) -> str:
    rule = sitting.meeting.recurrence
    at = sitting.starts_at.astimezone(LONDON)
    rhythm = _rhythm(rule) if rule else None
    return f"{rhythm} {at:%H:%M}" if rhythm else clock_text(sitting.starts_at)


def _rhythm(recurrence: Recurrence) -> str | None:
    """`every day` or `every Mon, Wed`; None where a meeting is neither daily nor weekly for good."""
    if _EACH_DAY.fullmatch(recurrence.rule):
        return "every day"
    weekly = _EACH_WEEK.fullmatch(recurrence.rule)
    if weekly is None:
        return None
    days = weekly["days"]
    return "every " + (", ".join(_DAY_NAMES[day] for day in days.split(",")) if days else f"{recurrence.first:%a}")
