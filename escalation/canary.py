"""The daily channel check: one small card to each channel every morning, so that a silent channel is noticed.

Teams answers a webhook with "queued" and shows nothing of what became of it: only a person in the channel can tell.
"""

from datetime import datetime, time

from escalation.once import Due, say_once
from store.unit_of_work import Store
from tasking.clocks import LONDON
from tasking.events import CanaryDue
from tasking.force import Force, TaskingMeeting

AT = time(6, 45)
"""London time; before the first digest and every morning meeting."""


class Canaries:
    """Says each morning which channels are to be tried."""

    def __init__(self, store: Store, force: Force) -> None:
        self._store = store
        self._force = force

    def run(self) -> int:
        """Says CanaryDue for each channel whose check of today is due and not said yet; returns how many."""
        local = self._store.clock.now().astimezone(LONDON)
        if local.time() < AT:
            return 0
        return say_once(self._store, "channel checks", self._due(today(local)))

    def _due(self, day: str) -> list[Due]:
        return [(f"canary {each.code}", day, CanaryDue(each.code, day)) for each in channels(self._force)]


def today(at: datetime) -> str:
    """London's day of a moment, as CanaryDue carries it."""
    return at.astimezone(LONDON).date().isoformat()


def channels(force: Force) -> tuple[TaskingMeeting, ...]:
    """One meeting for each channel: the one whose code the channel goes by."""
    return tuple(meeting for meeting in force.meetings if force.channel_code(meeting) == meeting.code)
