"""Each task says on its boards which meeting comes next and where it is on its way, and no name of anybody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from planner_sync.whereabouts import NEXT_MEETING
from tasking.calendar import next_meeting
from tasking.force import TaskingMeeting
from tasking.meetings import MeetingRecord, MeetingState, Recurrence
from tasking.task import Task
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


def line(force: SmallForce, task: Task, start: str, unit: str = "HP") -> str:
    """The rest of the one line of the service's block that begins so; empty without one."""
    found = [each[2:] for each in force.described(task, unit).splitlines() if each.startswith(f"· {start}")]
    assert len(found) <= 1
    return found[0].removeprefix(start) if found else ""


def meets(force: SmallForce, rule: str) -> None:
    """Gives Northfell one meeting of its calendar, by this rule from a week before now at 08:30."""
    base = force.service.force
    day = force.clock.now().replace(hour=8, minute=30, second=0, microsecond=0, tzinfo=None) - timedelta(days=7)
    old = next(each for each in base.meetings if each.unit == "HP")
    only = replace(old, name="Northfell daily tasking", recurrence=Recurrence(day, rule, 20))
    _give(force, (*(each for each in base.meetings if each.unit != "HP"), only))


def _give(force: SmallForce, meetings: tuple[TaskingMeeting, ...]) -> None:
    object.__setattr__(force.service.force, "meetings", meetings)


@pytest.fixture(autouse=True)
def meetings_as_they_were(force: SmallForce) -> Iterator[None]:
    before = force.service.force.meetings
    yield
    _give(force, before)


async def test_a_task_says_its_next_meeting_and_where_it_stands_on_the_ladder(force: SmallForce) -> None:
    meets(force, "FREQ=DAILY")
    task = await force.task_on_board()
    assert line(force, task, NEXT_MEETING) == "Northfell daily tasking, every day 08:30"
    first, *others = line(force, task, "Journey: ").split(" > ")
    assert first.endswith("(here now)")
    assert len(others) == 2
    assert not any("here now" in each for each in others)
    assert line(force, task, "Has stood with: ") == "", "it has not moved yet"


async def test_a_meeting_of_every_day_writes_to_no_board_because_it_has_passed(force: SmallForce) -> None:
    meets(force, "FREQ=DAILY")
    await force.task_on_board()
    force.later(days=3)
    assert force.service.meeting_dates.run() == 0


async def test_a_fortnightly_meeting_is_told_with_its_date_and_renewed_once_when_it_has_passed(
    force: SmallForce,
) -> None:
    meets(force, "FREQ=WEEKLY;INTERVAL=2")
    task = await force.task_on_board()
    before = line(force, task, NEXT_MEETING)
    assert before.endswith(" 08:30")
    assert force.service.meeting_dates.run() == 0, "it is still to come"
    force.later(days=14)
    assert force.service.meeting_dates.run() == 1
    await force.settle()
    after = line(force, task, NEXT_MEETING)
    assert after.endswith(" 08:30")
    assert after != before
    assert force.service.meeting_dates.run() == 0


async def test_a_cancelled_meeting_is_not_the_next_one(force: SmallForce) -> None:
    meets(force, "FREQ=WEEKLY;INTERVAL=2")
    task = await force.task_on_board()
    coming = next_meeting(force.service.force, "HP", force.clock.now())
    assert coming is not None
    with force.service.store.act("insp", "test", "cancel") as uow:
        uow.put_meeting(
            MeetingRecord(coming.meeting_ref, coming.meeting.code, coming.starts_at, MeetingState.CANCELLED)
        )
    before = line(force, task, NEXT_MEETING)
    assert force.service.meeting_dates.run() == 1
    await force.settle()
    assert line(force, task, NEXT_MEETING) not in (before, "")


async def test_what_is_done_has_no_next_meeting(force: SmallForce) -> None:
    meets(force, "FREQ=DAILY")
    task = await force.task_on_board()
    force.amy.change(force.planner_id(task), percentComplete=100)
    await force.settle()
    assert line(force, task, NEXT_MEETING) == ""


async def test_the_twin_tells_where_the_task_has_been_and_its_owners_without_a_name(force: SmallForce) -> None:
    task = await force.task_on_board()
    amy = force.user_ids["amy"]
    force.bob.change(
        force.planner_id(task),
        assignments={amy: {"@odata.type": "#microsoft.graph.plannerAssignment", "orderHint": " !"}},
    )
    await force.settle()
    force.escalate(task)
    await force.settle()
    units = force.service.force.units
    for unit in ("HP", "DIV_N"):
        here = line(force, task, "Journey: ", unit)
        assert here.split(" > ")[1].endswith("(here now)"), unit
        been = line(force, task, "Has stood with: ", unit).split("; ")
        assert [each.partition(" from ")[0] for each in been] == [units["HP"].name, units["DIV_N"].name]
        assert line(force, task, "Owners, whose names are on the record: ", unit).startswith("one owner from ")
        assert amy not in force.described(task, unit)
        assert "Amy" not in force.described(task, unit)


async def test_the_journey_keeps_the_way_back_down(force: SmallForce) -> None:
    task = await force.task_on_board()
    force.escalate(task)
    await force.settle()
    force.give_back(task)
    await force.settle()
    names = [each.partition(" from ")[0] for each in line(force, task, "Has stood with: ").split("; ")]
    assert names == ["Northfell", "North Division", "Northfell"]
    assert line(force, task, "Journey: ").split(" > ")[0].endswith("(here now)")
    assert line(force, task, "Owners, whose names are on the record: ") == "nobody so far"
