"""The calendar of meetings: when each takes place, which is the next that may decide, and the cycle a day is in.

Pure: what has been cancelled is handed in. All moments are UTC; a meeting keeps its London time all year.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from tasking.clocks import LONDON, local_day, utc_of
from tasking.errors import RuleBroken
from tasking.force import Force, TaskingMeeting
from tasking.meetings import AgendaSection, Cycle, Recurrence
from tasking.recurrence import HORIZON, walls_between

LOOKS_BACK = tuple(timedelta(days=days) for days in (2, 40, 400, 4000))
"""How far back an earlier meeting is looked for, the nearest first."""
DAY = timedelta(days=1)
FIRST_FEW = 4


class Sitting(NamedTuple):
    """One occasion of a meeting. `starts_at` is UTC."""

    meeting: TaskingMeeting
    starts_at: datetime

    @property
    def meeting_ref(self) -> str:
        """Its code and local day."""
        return meeting_ref(self.meeting, self.starts_at)

    @property
    def ends_at(self) -> datetime:
        """When it is over (UTC)."""
        recurrence = self.meeting.recurrence
        return self.starts_at + timedelta(minutes=recurrence.minutes if recurrence else 0)


def meeting_ref(meeting: TaskingMeeting, starts_at: datetime) -> str:
    """What one occasion of a meeting goes by: `HP_DAILY 2027-01-04`. The day is London's."""
    return f"{meeting.code} {local_day(starts_at).isoformat()}"


def occurrences(meeting: TaskingMeeting, since: datetime, until: datetime) -> tuple[datetime, ...]:
    """Its starts (UTC) from `since` to before `until`, exceptions left out. None where it does not recur.

    A start that clocks skip in March takes place the lost hour later; one that comes twice in October, the first time.
    """
    return tuple(start for start in _starts(meeting, since, until) if start < until)


def sitting_of(force: Force, ref: str) -> Sitting | None:
    """The occasion that a reference names, as the calendar has it; None where it has no such meeting on that day."""
    code, _, day_text = ref.partition(" ")
    meeting = next((each for each in force.meetings if each.code == code), None)
    if meeting is None or meeting.recurrence is None:
        return None
    try:
        day = date.fromisoformat(day_text)
        walls = walls_between(meeting.recurrence, datetime.combine(day, time.min), datetime.combine(day, time.max))
    except (ValueError, OverflowError):  # no day, or one beyond every calendar
        return None
    sittings = (Sitting(meeting, utc_of(wall)) for wall in walls)
    return next((each for each in sittings if each.meeting_ref == ref), None)


def next_meeting(
    force: Force,
    unit: str,
    after: datetime,
    *,
    cancelled: frozenset[str] = frozenset(),
    is_daily: bool | None = None,
    about: AgendaSection | None = AgendaSection.ESCALATIONS,
    wanted: str = "",
) -> Sitting | None:
    """The unit's next suitable meeting that begins after `after` (UTC), whatever its kind; None within ten years.

    Suitable is one that has `about` on its agenda: a missing-person meeting does not decide escalations. `is_daily`
    asks for daily ones, or for others, only. `wanted` is the code or reference of the one that somebody named.
    """
    if " " in wanted:
        named = sitting_of(force, wanted)
        return named if named and _may_sit(named, unit, after, cancelled) else None
    fitting = [
        meeting
        for meeting in force.meetings_of(unit)
        if (meeting.code == wanted if wanted else _has(force, meeting, about))
        and (is_daily is None or _is_daily(force, meeting) is is_daily)
    ]
    found = [next(_after(meeting, after, cancelled), None) for meeting in fitting]
    return min((each for each in found if each is not None), key=lambda each: each.starts_at, default=None)


def next_daily_meeting(
    force: Force, unit: str, after: datetime, *, cancelled: frozenset[str] = frozenset()
) -> Sitting | None:
    """The unit's next daily meeting after `after` (UTC): where the decisions of a cancelled one go. None without."""
    return next_meeting(force, unit, after, cancelled=cancelled, is_daily=True, about=None)


def daily_meetings_between(
    force: Force, unit: str, since: datetime, until: datetime, *, cancelled: frozenset[str] = frozenset()
) -> tuple[Sitting, ...]:
    """The unit's daily meetings that began after `since` and were over at `until` (UTC), earliest first.

    An escalation that two of them left undecided has crossed two daily meetings.
    """
    sittings = (
        Sitting(meeting, start)
        for meeting in force.meetings_of(unit)
        if _is_daily(force, meeting)
        for start in occurrences(meeting, since, until)
    )
    held = (each for each in sittings if each.starts_at > since and each.ends_at <= until)
    return tuple(sorted(_without(held, cancelled), key=lambda each: each.starts_at))


def previous_meeting(
    meeting: TaskingMeeting, before: datetime, *, cancelled: frozenset[str] = frozenset()
) -> Sitting | None:
    """The last occasion of the same meeting that began before `before` (UTC) and was not cancelled, or None."""
    for span in LOOKS_BACK:
        starts = occurrences(meeting, before - span, before)
        if found := list(_without((Sitting(meeting, start) for start in starts), cancelled)):
            return found[-1]
    return None


def cycle_of(force: Force, day: date) -> Cycle | None:
    """The tasking cycle that a London day is in; None where config counts none.

    A cycle belongs to the year that it starts in, and is numbered by the cycles that start in that year.
    """
    first, days = force.cycle_first_day, force.cycle_days
    if first is None:
        return None
    starts = first + (day - first).days // days * timedelta(days=days)
    number = (starts - date(starts.year, 1, 1)).days // days + 1
    return Cycle(f"CYC-{starts.year}-{number:02}", starts, starts + timedelta(days=days - 1))


def cycle_named(force: Force, code: str) -> Cycle:
    """The cycle with this name, such as CYC-2027-01. Raises RuleBroken where the calendar has none."""
    match = re.fullmatch(r"CYC-(\d{4})-(\d{2})", code.strip().upper(), re.ASCII)
    if match and force.cycle_first_day and date.min.year < int(match[1]) < date.max.year:
        last = date(int(match[1]), 1, 1) + timedelta(days=int(match[2]) * force.cycle_days - 1)
        found = cycle_of(force, last)
        if found and found.code == match[0]:
            return found
    raise RuleBroken(f"The calendar has no cycle {code}: write it like CYC-2027-01.")


def bounds_of(cycle: Cycle) -> tuple[datetime, datetime]:
    """Its first moment and the one after its last (UTC), by London midnights."""
    first, after = (datetime.combine(day, time()) for day in (cycle.starts, cycle.ends + timedelta(days=1)))
    return utc_of(first), utc_of(after)


def _starts(meeting: TaskingMeeting, since: datetime, until: datetime) -> Iterator[datetime]:
    """Starts (UTC) from `since` on and no more than a day after `until`, one at a time."""
    if meeting.recurrence is None:
        return
    walls = walls_between(meeting.recurrence, _wall(since) - DAY, _wall(until) + DAY)
    yield from (start for start in map(utc_of, walls) if start >= since)


def _wall(at: datetime) -> datetime:
    return at.astimezone(LONDON).replace(tzinfo=None, fold=0)


def _after(meeting: TaskingMeeting, after: datetime, cancelled: frozenset[str]) -> Iterator[Sitting]:
    return _without((Sitting(meeting, start) for start in _starts_after(meeting, after)), cancelled)


def _starts_after(meeting: TaskingMeeting, after: datetime) -> Iterator[datetime]:
    """As the next meeting is asked for with every task that is shown, the first starts of a day are worked out once."""
    last = after
    for start in _first_starts(meeting.recurrence, local_day(after)) if meeting.recurrence else ():
        if start > after:
            yield start
            last = start
    yield from (start for start in _starts(meeting, last, after.astimezone(UTC) + HORIZON) if start > last)


@lru_cache(maxsize=1024)
def _first_starts(recurrence: Recurrence, day: date) -> tuple[datetime, ...]:
    since = datetime.combine(day, time())
    return tuple(utc_of(wall) for wall in islice(walls_between(recurrence, since, since + HORIZON), FIRST_FEW))


def _may_sit(sitting: Sitting, unit: str, after: datetime, cancelled: frozenset[str]) -> bool:
    in_time = after < sitting.starts_at <= after.astimezone(UTC) + HORIZON
    return sitting.meeting.unit == unit and in_time and sitting.meeting_ref not in cancelled


def _without(sittings: Iterable[Sitting], cancelled: frozenset[str]) -> Iterator[Sitting]:
    return (each for each in sittings if each.meeting_ref not in cancelled)


def _is_daily(force: Force, meeting: TaskingMeeting) -> bool:
    kind = force.kind_of(meeting)
    return kind is not None and kind.is_daily


def _has(force: Force, meeting: TaskingMeeting, section: AgendaSection | None) -> bool:
    """Without a kind a meeting has no agenda, and nothing is off it."""
    kind = force.kind_of(meeting)
    return section is None or kind is None or section in kind.agenda
