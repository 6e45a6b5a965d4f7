"""The deciding force with a strategic meeting, and a control strategy for it to set. All is made up."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from tasking.force import Force
from tasking.meetings import MeetingKind, Recurrence
from tasking.strategy import Candidate, ControlStrategy, Gap, Priority
from tests.tasking.deciding_force import DAILY, TACTICAL, deciding_force

STRATEGIC = MeetingKind("STRATEGIC", "Strategic tasking", TACTICAL.agenda, sets_control_strategy=True)
MEETING = "PKS_STRATEGIC 2026-11-02"
TODAY = date(2026, 11, 2)


def strategic_force() -> Force:
    """The deciding force with a strategic meeting on the day of MORNING."""
    force = deciding_force()
    once = Recurrence(datetime.fromisoformat("2026-11-02T08:00"), "FREQ=WEEKLY;INTERVAL=26", 120)
    meeting = replace(
        force.meetings[0], code="PKS_STRATEGIC", kind="STRATEGIC", chair_role="Deputy Chief Constable", recurrence=once
    )
    kinds = {"DAILY": DAILY, "TACTICAL": TACTICAL, "STRATEGIC": STRATEGIC}
    return replace(force, meetings=(*force.meetings, meeting), meeting_kinds=kinds)


def a_strategy(**changes: Any) -> ControlStrategy:
    """Two priorities, three candidates, one gap."""
    whole = ControlStrategy(
        in_force_from=TODAY,
        in_force_until=None,
        priorities=(
            Priority("CS1", "Serious violence", "Head of Crime", "PLAN-1", 2),
            Priority("CS2", "Exploitation", "Head of Protection", "PLAN-2", 3),
        ),
        candidates=(
            Candidate("Serious violence", True, "Harm has risen in two divisions.", "CS1"),
            Candidate("Exploitation", True, "Risk to children is high.", "CS2"),
            Candidate("Rural theft", False, "Local plans cover it."),
        ),
        gaps=(Gap("IR1", "Who supplies knives"),),
        review_on=date(2027, 2, 1),
    )
    return replace(whole, **changes)
