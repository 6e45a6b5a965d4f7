"""London time and what follows from it. Moments are kept in UTC and shown, and counted in days, as London has them.

Working days follow the policing notes, section 3.4.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from holidays import country_holidays

LONDON = ZoneInfo("Europe/London")
DAY = timedelta(days=1)
SATURDAY = 5


def clock_text(at: datetime) -> str:
    """A moment as people in the force say it: London time, day and 24-hour clock.

    In the hour that comes twice when clocks go back, BST or GMT is said too.
    """
    local = at.astimezone(LONDON)
    comes_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%a} {local.day} {local:%b %H:%M}" + (f" {local:%Z}" if comes_twice else "")


def local_day(at: datetime) -> date:
    """The day that a moment falls on in London."""
    return at.astimezone(LONDON).date()


def utc_of(wall: datetime) -> datetime:
    """What a London clock shows, without a time zone, as UTC.

    A time that comes twice counts as the first. One that is skipped when clocks go forward is moved on by the hour
    that was lost: what was set for 01:30 takes place at 02:30, as people's own watches would have it.
    """
    return wall.replace(tzinfo=LONDON, fold=0).astimezone(UTC)


def is_working_day(day: date) -> bool:
    """Whether it is Monday to Friday and no bank holiday of England and Wales."""
    return day.weekday() < SATURDAY and day not in _bank_holidays(day.year)


def later(start: datetime, length: timedelta, working: bool) -> datetime:
    """The moment (UTC) that lies `length` after `start`; with `working`, only time on working days counts.

    A working day is the whole day from midnight to midnight by the London clock. 24 hours from Friday 15:00 end on
    Monday 15:00, and a start on any other day counts from the midnight before the next working day. An end that falls
    on a midnight falls on a working day's. Raises ValueError for a length below nought.
    """
    if length < timedelta(0):
        raise ValueError("a length of time cannot be below nought")
    if not working:
        return start.astimezone(UTC) + length
    wall = start.astimezone(LONDON).replace(tzinfo=None)
    if not is_working_day(wall.date()):
        wall = _next_working_midnight(wall.date())
    elif length == timedelta(0):
        return start.astimezone(UTC)
    while (rest := _midnight_after(wall) - wall) <= length:
        length -= rest
        wall = _next_working_midnight(wall.date())
    return utc_of(wall + length)


def _next_working_midnight(day: date) -> datetime:
    day += DAY
    while not is_working_day(day):
        day += DAY
    return datetime.combine(day, time())


def _midnight_after(wall: datetime) -> datetime:
    return datetime.combine(wall.date() + DAY, time())


@lru_cache(maxsize=64)
def _bank_holidays(year: int) -> frozenset[date]:
    return frozenset(country_holidays("GB", subdiv="ENG", years=year))
