"""Interim reviews: where a meeting is rarer than its policy allows, its channel is reminded once in between."""

from datetime import datetime

from sqlalchemy import Connection

from escalation.brief_cards import Interim
from escalation.digest import below
from escalation.once import Due, say_once
from store import meetings, waiting
from store.unit_of_work import Store
from tasking.cadence import Keeping, keeping_of
from tasking.events import InterimReviewDue
from tasking.force import Force
from tasking.task import Status
from tasking.time_limits import is_past_due


class InterimReviews:
    """Says which meetings are to be looked at in between."""

    def __init__(self, store: Store, force: Force) -> None:
        self._store = store
        self._force = force

    def run(self) -> int:
        """Says InterimReviewDue for each meeting whose time has come, once for each time between two meetings."""
        now = self._store.clock.now()
        with self._store.open() as connection:
            known = meetings.known(connection)
        found = (keeping_of(self._force, meeting, known, now) for meeting in self._force.meetings)
        return say_once(self._store, "interim reviews", [_due(each) for each in found if is_due(each, now)])


def is_due(keeping: Keeping, now: datetime) -> bool:
    """Whether its interim review is at `now` (UTC) or was before."""
    return keeping.interim_at is not None and keeping.interim_at <= now


def interim_of(connection: Connection, force: Force, keeping: Keeping, now: datetime) -> Interim:
    """What a review looks at, in numbers: of the meeting's unit and those below it, since the last meeting."""
    unit, since = keeping.meeting.unit, keeping.from_at or now
    found = waiting.tasks_of(connection, below(force, unit), since, since)
    opened = [task for task in found if task.is_open]
    return Interim(
        keeping=keeping,
        counts={
            "Open": len(opened),
            "Past due": sum(is_past_due(task, now) for task in opened),
            "To be decided": len(waiting.undecided_at(connection, unit)),
            "Completed since": sum(task.status is Status.COMPLETED for task in found),
        },
    )


def _due(keeping: Keeping) -> Due:
    code = keeping.meeting.code
    occasion = keeping.from_at.isoformat() if keeping.from_at else ""
    return (f"interim {code}", occasion, InterimReviewDue(code, occasion))
