"""Recurrence rules of meetings (RFC 5545): which are taken, what is wrong with one, and the London times it gives.

A meeting takes place at most once a day, by the day, week, month or year: its reference is its code and its day.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile

from dateutil.rrule import rrule, rrulestr

from tasking.clocks import LONDON
from tasking.meetings import Recurrence

HORIZON = timedelta(days=3653)
"""A rule that gives no day within ten years never occurs."""
CENTURIES = timedelta(days=146_097)
"""400 years, after which days, weekdays and leap years come again in the same order."""
LAST_START = 9899

_DAYS = "(?:MO|TU|WE|TH|FR|SA|SU)"
_NUMBERS = r"[+-]?\d{1,3}(?:,[+-]?\d{1,3})*"
_PARTS: Mapping[str, str] = {
    "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9]\d{0,2}",
    "COUNT": r"[1-9]\d{0,4}",
    "UNTIL": r"\d{8}(?:T\d{6}Z?)?",
    "BYDAY": rf"(?:[+-]?[1-5])?{_DAYS}(?:,(?:[+-]?[1-5])?{_DAYS})*",
    "BYMONTH": _NUMBERS,
    "BYMONTHDAY": _NUMBERS,
    "BYSETPOS": _NUMBERS,
    "WKST": _DAYS,
}
"""The parts that a rule may have, each with the pattern of what it may hold."""

_STEPS: Mapping[str, timedelta] = {"DAILY": timedelta(days=1), "WEEKLY": timedelta(days=7)}
"""Rules that repeat so are the same from any whole number of steps on."""


def fault_of(recurrence: Recurrence) -> str | None:
    """What is wrong with the rule, in words that follow its name: "never occurs". None where nothing is."""
    try:
        walls = walls_between(recurrence, recurrence.first, recurrence.first + HORIZON)
        if next(walls, None) is None:
            return f"never occurs: from {recurrence.first:%Y-%m-%d %H:%M} on it gives no day within ten years"
    except ValueError as error:
        return str(error)
    return None


def walls_between(recurrence: Recurrence, since: datetime, until: datetime) -> Iterator[datetime]:
    """What London's clocks show when it takes place, from `since` to `until`, both included, all without a time zone.

    Earliest first, exceptions left out. Raises ValueError, in words, for a rule that cannot be used.
    """
    parts = _parts(recurrence.rule)
    until = min(until, _end(parts.pop("UNTIL", None)))
    first = _near(recurrence.first, parts, since)
    # dateutil looks for the next occurrence up to the year 9999. Run so much later, a rule that never occurs is given
    # up within 500 years, in less than a second, instead of after 8,000.
    ahead = (LAST_START - first.year) // 400 * CENTURIES
    rule = _rule(parts, first + ahead)
    found = (each - ahead for each in rule.xafter(max(since, first) + ahead, inc=True))
    in_time = takewhile(lambda wall: wall <= until, found)
    return (wall for wall in in_time if wall.date() not in recurrence.exceptions)


def _parts(rule: str) -> dict[str, str]:
    """The parts of a rule by name. Raises ValueError."""
    found: dict[str, str] = {}
    for part in rule.strip().upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name not in _PARTS:
            raise ValueError(f"cannot be read: '{part}' is none of {', '.join(_PARTS)}")
        if name in found:
            raise ValueError(f"cannot be read: '{name}' stands in it twice")
        if not re.fullmatch(_PARTS[name], value, re.ASCII):
            hint = f"; it may be {_PARTS[name].replace('|', ', ')}" if name == "FREQ" else ""
            raise ValueError(f"cannot be read: '{part}'{hint}")
        found[name] = value
    if "FREQ" not in found:
        raise ValueError("cannot be read: it must say how often, like FREQ=DAILY or FREQ=WEEKLY;INTERVAL=2")
    if found["FREQ"] in _STEPS and re.search(r"\d", found.get("BYDAY", "")):
        raise ValueError(f"cannot be read: numbers before a day, as in '{found['BYDAY']}', need FREQ=MONTHLY or YEARLY")
    return found


def _rule(parts: Mapping[str, str], first: datetime) -> rrule:
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        rule = rrulestr(text, dtstart=first)
    except ValueError as error:
        raise ValueError(f"cannot be read: {error}") from error
    assert isinstance(rule, rrule)
    return rule


def _end(until: str | None) -> datetime:
    """The last moment of a rule, London time. A day without a time counts to its end. Raises ValueError."""
    if until is None:
        return datetime.max  # noqa: DTZ901 a wall time
    try:
        end = datetime.fromisoformat(until)
    except ValueError:
        raise ValueError(f"cannot be read: UNTIL={until} is no date") from None
    if end.tzinfo is not None:
        return end.astimezone(LONDON).replace(tzinfo=None)
    return end if "T" in until else end + timedelta(days=1, microseconds=-1)


def _near(first: datetime, parts: Mapping[str, str], since: datetime) -> datetime:
    """A start of the same rule not far before `since`, so that years gone by are not counted through each time."""
    step = _STEPS.get(parts["FREQ"])
    if step is None or "COUNT" in parts:
        return first
    step *= int(parts.get("INTERVAL", 1))
    return first + max((since - first) // step - 1, 0) * step
