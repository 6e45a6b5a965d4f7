"""A record in which tasks differ in everything that the board can be narrowed by; all is made up."""

from dataclasses import replace

from tasking.restricted import RESTRICTED_LABEL
from tasking.task import Classification, Task
from tasking.thrive import Alignment
from tests.peakshire import BY_BAND, DAY, HOUR, IMMEDIATE, PRIORITY, ROUTINE, SCHEDULED
from tests.reporting.meeting_desk import MeetingDesk

ANN = "ann-directory-id"
TITLES = ("Speeding past the school", "Théft of plant", "Quad bikes on the moor", "Lights out at Mill Lane")


def varied(desk: MeetingDesk) -> list[Task]:
    """Some forty tasks over units, levels, pillars, bands, owners, labels and statuses; some of them overdue."""
    bands, made = (IMMEDIATE, PRIORITY, SCHEDULED, ROUTINE), []
    for number in range(24):
        task = desk.banded(
            bands[number % 4],
            Alignment.CONTROL_STRATEGY if number % 5 == 0 else Alignment.NONE,
            unit=("HP", "DD", "DIV_N")[number % 3],
            pillar=("ROADS", "RURAL", "PARTNERSHIP_DEMAND", "MISSING_EXPLOITATION")[number % 4],
            title=TITLES[number % 4],
        )
        if number % 3 == 1:
            desk.on_board(task, owner_ids=(ANN,) if number % 2 else ("somebody-else",), progress=50)
        if number % 6 == 0:
            desk.on_board(task, labels=frozenset({"BLOCKED", "CONTROL_STRATEGY"} if number else {"BLOCKED"}))
        if number % 7 == 0 and task.unit == "HP":
            desk.escalated(task)
        if number % 8 == 5:
            desk.on_board(task, progress=100)
        made.append(desk.now(task))
        desk.clock.advance(HOUR)
    made += [desk.raised(pillar="TRIAGE"), desk.raised(classification=Classification.OFFICIAL_SENSITIVE)]
    made += [desk.raised(unit="PKS"), desk.raised(assessment=replace(BY_BAND[ROUTINE], harm=None))]
    desk.on_board(made[-4], labels=frozenset({RESTRICTED_LABEL}))
    desk.clock.advance(2 * DAY)
    return [desk.now(task) for task in made]
