"""How a meeting keeps to its policy: when it was held last, what was missed, and when it is looked at in between.

APP leaves to the force's policy how often strategic meetings take place, with interim reviews where that is rare
(policing notes, section 1.2; requirements 131 and 132). Pure: what is on record is handed in.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from tasking.calendar import Sitting, next_meeting, occurrences, previous_meeting
from tasking.clocks import local_day, utc_of
from tasking.force import Force, TaskingMeeting

REVIEW_AT = time(9)
"""London time of day of an interim review."""
_STEPS: Mapping[str, str] = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
_DAYS = {"MO": "Mon", "TU": "Tue", "WE": "Wed", "TH": "Thu", "FR": "Fri", "SA": "Sat", "SU": "Sun"}


@dataclass(frozen=True, slots=True)
class KnownMeetings:
    """What the record knows of meetings: the start (UTC) of the last one held by the meeting's code, references of
    those that were cancelled, and since when there is a record at all, None where it is empty."""

    last_held: Mapping[str, datetime]
    cancelled: frozenset[str]
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Keeping:
    """How one meeting keeps to its policy at a moment. Times are UTC.

    `missed` are those that are over since the last one was held, that nobody opened or cancelled: of a meeting whose
    kind names its policy. `interim_at` is when it is looked at between `from_at`, the last one, and `upcoming`, where
    that is a longer time than policy allows.
    """

    meeting: TaskingMeeting
    last_held: datetime | None
    missed: tuple[Sitting, ...]
    upcoming: Sitting | None
    from_at: datetime | None
    interim_at: datetime | None


def keeping_of(force: Force, meeting: TaskingMeeting, known: KnownMeetings, now: datetime) -> Keeping:
    """How the meeting keeps to its policy at `now` (UTC)."""
    held = known.last_held.get(meeting.code)
    before = previous_meeting(meeting, now, cancelled=known.cancelled)
    upcoming = next_meeting(force, meeting.unit, now, cancelled=known.cancelled, about=None, wanted=meeting.code)
    begins = held or (before.starts_at if before else None)
    interim = _interim(force, meeting, begins, upcoming.starts_at) if begins and upcoming else None
    return Keeping(meeting, held, _missed(force, meeting, known, now), upcoming, begins, interim)


def cadence_words(meeting: TaskingMeeting) -> str:
    """How often it takes place by the calendar: `every 26 weeks`, `every week on Mon, Tue`. Empty where it has none."""
    if meeting.recurrence is None:
        return ""
    parts = dict(part.split("=", 1) for part in meeting.recurrence.rule.upper().split(";") if "=" in part)
    step, number = _STEPS.get(parts.get("FREQ", ""), "time"), parts.get("INTERVAL", "1")
    words = f"every {step}" if number == "1" else f"every {number} {step}s"
    days = [f"{each[:-2]}{' ' if each[:-2] else ''}{_DAYS[each[-2:]]}" for each in _listed(parts.get("BYDAY", ""))]
    return f"{words} on {', '.join(days)}" if days else words


def gap_words(gap: timedelta) -> str:
    """The longest time that policy allows between two meetings, in days."""
    return f"{gap.days} day{'' if gap.days == 1 else 's'}"


def _missed(force: Force, meeting: TaskingMeeting, known: KnownMeetings, now: datetime) -> tuple[Sitting, ...]:
    kind, held = force.kind_of(meeting), known.last_held.get(meeting.code)
    if kind is None or not kind.policy_url or known.since is None:
        return ()
    since = max(known.since, held) if held else known.since
    sittings = (Sitting(meeting, start) for start in occurrences(meeting, since, now))
    return tuple(
        each
        for each in sittings
        if each.ends_at <= now and each.starts_at != held and each.meeting_ref not in known.cancelled
    )


def _interim(force: Force, meeting: TaskingMeeting, begins: datetime, until: datetime) -> datetime | None:
    """The day that lies so far between the two as config says, half way unless it says otherwise."""
    kind = force.kind_of(meeting)
    if kind is None or kind.longest_gap is None or until - begins <= kind.longest_gap:
        return None
    day = local_day(begins + (until - begins) * kind.interim_percent / 100)
    return utc_of(datetime.combine(day, REVIEW_AT))


def _listed(text: str) -> Collection[str]:
    return [each for each in text.split(",") if each[-2:] in _DAYS]
