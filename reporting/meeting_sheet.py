"""The admin sheet: every meeting with its policy, how often it takes place, when it was last held, what was missed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection

from reporting.wording import time_words, unit_name
from store import meetings
from tasking.cadence import Keeping, cadence_words, gap_words, keeping_of
from tasking.force import Force, TaskingMeeting


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One meeting. Times are UTC. `longest_gap` is empty where policy allows any; `missed` are references.

    `interim_at` is when it is looked at between the last meeting and the next, None where they are close enough.
    """

    code: str
    name: str
    unit: str
    unit_name: str
    level: str
    kind: str
    policy_url: str
    cadence: str
    longest_gap: str
    last_held: datetime | None
    next_at: datetime | None
    missed: tuple[str, ...]
    interim_at: datetime | None


def meeting_sheet(connection: Connection, force: Force, now: datetime, unit: str | None = None) -> tuple[SheetRow, ...]:
    """Every meeting of config at `now` (UTC), those of the highest level first; of this unit only where given."""
    found = [each for each in keepings(connection, force, now) if unit in (None, each.meeting.unit)]
    found.sort(key=lambda each: -force.level_of(each.meeting.unit).rank)
    return tuple(_row(force, each) for each in found)


def keepings(connection: Connection, force: Force, now: datetime) -> Iterator[Keeping]:
    """How each meeting keeps to its policy at `now` (UTC), in the order of config."""
    known = meetings.known(connection)
    return (keeping_of(force, meeting, known, now) for meeting in force.meetings)


def missed_lines(connection: Connection, force: Force, meeting: TaskingMeeting, now: datetime) -> tuple[str, ...]:
    """A line for each occasion of this meeting that was missed since it was held last: for its next pack."""
    found = keeping_of(force, meeting, meetings.known(connection), now).missed
    return tuple(f"MISSED: the meeting of {time_words(each.starts_at)} was opened by nobody." for each in found)


def sheet_json(rows: tuple[SheetRow, ...]) -> list[dict[str, Any]]:
    """The sheet as plain JSON values."""
    return [to_jsonable_python(asdict(row)) for row in rows]


def _row(force: Force, keeping: Keeping) -> SheetRow:
    meeting, kind = keeping.meeting, force.kind_of(keeping.meeting)
    return SheetRow(
        code=meeting.code,
        name=meeting.name,
        unit=meeting.unit,
        unit_name=unit_name(force, meeting.unit),
        level=force.level_of(meeting.unit).name,
        kind=kind.name if kind else "",
        policy_url=kind.policy_url if kind else "",
        cadence=cadence_words(meeting),
        longest_gap=gap_words(kind.longest_gap) if kind and kind.longest_gap else "",
        last_held=keeping.last_held,
        next_at=keeping.upcoming.starts_at if keeping.upcoming else None,
        missed=tuple(each.meeting_ref for each in keeping.missed),
        interim_at=keeping.interim_at,
    )
