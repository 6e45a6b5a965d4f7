"""How work stands to the control strategy: order among equals, share by cycle, warnings, reviews, what is fed in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from reporting.pack_parts import Pack, PackSection
from reporting.strategy import model_tasks, priority_cards, share_words, shares
from tasking import intelligence
from tasking.control_strategy import Placing, place
from tasking.intelligence_items import IntelligenceItem, ItemKind, ItemSource, ItemState
from tasking.meetings import AgendaSection as A
from tasking.meetings import MeetingKind, Recurrence
from tasking.strategy import ControlStrategy
from tasking.task import Classification, Task
from tasking.thrive import Alignment
from tests.peakshire import DAY, MORNING, SCHEDULED
from tests.reporting.meeting_desk import DAILY, MEETS_AT, TACTICAL, MeetingDesk, meeting_force, open_meeting_desk
from tests.tasking.strategic_force import a_strategy

AGENDA = (A.CONTROL_STRATEGY, A.INTELLIGENCE, A.DUE_AND_OVERDUE)


@pytest.fixture
def desk() -> Iterator[MeetingDesk]:
    """Every meeting has the control strategy and intelligence on its agenda; a strategic one besides. Cycles of 28
    days, the one that is on since 2 November."""
    force = meeting_force()
    once = Recurrence(datetime.fromisoformat("2026-11-02T09:15"), "FREQ=WEEKLY;INTERVAL=26", 60)
    strategic = replace(force.meetings[0], code="PKS_STRATEGIC", kind="STRATEGIC", recurrence=once)
    kinds = {
        "DAILY": replace(DAILY, agenda=(*AGENDA, A.NEW_TASKS)),
        "TACTICAL": replace(TACTICAL, agenda=(*AGENDA, A.RESOURCES)),
        "LOCAL": force.meeting_kinds["LOCAL"],
        "STRATEGIC": MeetingKind("STRATEGIC", "Strategic tasking", AGENDA, sets_control_strategy=True),
    }
    changes = {"meetings": (*force.meetings, strategic), "meeting_kinds": kinds}
    with open_meeting_desk(replace(force, **changes, cycle_first_day=date(2026, 11, 2))) as opened:
        yield opened


def in_force(desk: MeetingDesk, **changes: Any) -> ControlStrategy:
    """A version in force from the day of MORNING."""
    made = replace(a_strategy(**changes), version=1, decision_ref="DEC-2026-000001")
    with desk.act() as uow:
        uow.add_control_strategy(made)
    return made


def placed(desk: MeetingDesk, task: Task, priority: str = "CS1", *labels: str) -> Task:
    """The task under a priority, with these labels."""
    with desk.act() as uow:
        put = place(uow, task.reference, Placing(priority))
    return desk.on_board(put, labels=frozenset(labels)) if labels else put


def section(pack: Pack, code: A) -> PackSection:
    """One point of the agenda."""
    return next(each for each in pack.sections if each.code == code)


def fed(desk: MeetingDesk, **changes: Any) -> IntelligenceItem:
    """A feed item for Northfell's meeting on the day of MORNING."""
    item = IntelligenceItem(
        reference="",
        key=f"key {changes}",
        kind=ItemKind.FEED,
        source=ItemSource.INTELLIGENCE_MEETING,
        unit="HP",
        text="Two vans were seen",
        classification=Classification.OFFICIAL,
        state=ItemState.FED,
        recorded_by="",
        recorded_at=MORNING,
        for_day=MEETS_AT.date(),
    )
    with desk.act() as uow:
        kept = intelligence.add_item(uow, desk.force, replace(item, **changes))
    assert kept is not None
    return kept


def test_among_equals_control_strategy_work_comes_first_and_a_higher_score_still_before_it(desk: MeetingDesk) -> None:
    in_force(desk)
    plain, controlled = desk.banded(SCHEDULED), desk.banded(SCHEDULED)
    higher = desk.banded(SCHEDULED, alignment=Alignment.CONTROL_STRATEGY)
    placed(desk, controlled)
    found = [item.reference for item in section(desk.pack(), A.NEW_TASKS).items]
    assert found == [higher.reference, controlled.reference, plain.reference], "nothing is barred"


def test_the_pack_says_the_version_each_owner_and_plan_and_counts_by_priority(desk: MeetingDesk) -> None:
    in_force(desk)
    placed(desk, desk.raised())
    desk.banded(SCHEDULED, alignment=Alignment.CONTROL_STRATEGY)
    found = section(desk.pack(), A.CONTROL_STRATEGY)
    assert "CS1 Serious violence: owner Head of Crime, plan PLAN-1" in found.lines
    (table,) = [each for each in found.counts if each.caption.endswith("by priority")]
    assert table.rows == (("CS1 Serious violence", (1, 0, 1)), ("No priority of it named", (1, 0, 1)))


def test_the_share_of_work_is_told_with_raw_counts_cycle_by_cycle(desk: MeetingDesk) -> None:
    in_force(desk)
    desk.clock.advance(-1 * DAY)
    desk.raised()
    desk.banded(SCHEDULED, alignment=Alignment.CONTROL_STRATEGY)
    desk.clock.advance(DAY)
    placed(desk, desk.raised())
    for _ in range(2):
        desk.raised()
    with desk.store.open() as connection:
        found = shares(connection, desk.force, MORNING)
    assert [share_words(each).split(" ", 1)[1] for each in found] == [
        "0 of 0",
        "0 of 0",
        "1 of 2 (50%)",
        "1 of 3 (33%)",
    ]
    (line,) = [each for each in section(desk.pack(), A.CONTROL_STRATEGY).lines if each.startswith("Share")]
    assert line.endswith("1 of 3 (33%)")


def test_a_priority_whose_work_only_enforces_is_warned_of_until_other_work_stands_beside_it(desk: MeetingDesk) -> None:
    in_force(desk)
    placed(desk, desk.raised(), "CS1", "ENFORCEMENT")

    def warnings() -> list[str]:
        lines = section(desk.pack("DIV_N_DAILY"), A.CONTROL_STRATEGY).lines
        return [line for line in lines if line.startswith("WARNING")]

    (line,) = warnings()
    assert line.startswith("WARNING: CS1 Serious violence: its work here only enforces")
    placed(desk, desk.raised(), "CS1", "PREVENTION")
    assert warnings() == []


@pytest.mark.parametrize(("review_on", "is_due"), [(date(2026, 11, 2), True), (date(2026, 11, 3), False)])
def test_the_review_of_the_intelligence_requirement_is_on_the_strategic_agenda_once_due(
    desk: MeetingDesk, review_on: date, is_due: bool
) -> None:
    in_force(desk, review_on=review_on)
    lines = section(desk.pack("PKS_STRATEGIC"), A.INTELLIGENCE).lines
    assert [line.startswith("REVIEW DUE") for line in lines] == ([True] if is_due else [])
    assert section(desk.pack("PKS_DAILY"), A.INTELLIGENCE).lines == ()


def test_the_daily_meeting_sees_what_feeds_its_unit_and_day_and_no_other(desk: MeetingDesk) -> None:
    item = fed(desk)
    fed(desk, unit="DD")
    fed(desk, for_day=date(2026, 11, 3))
    (line,) = section(desk.pack(), A.INTELLIGENCE).lines
    assert line == f"{item.reference} (intelligence meeting) Two vans were seen. To know"


def test_of_a_sensitive_item_the_pack_shows_its_reference_alone(desk: MeetingDesk) -> None:
    item = fed(desk, classification=Classification.OFFICIAL_SENSITIVE)
    (line,) = section(desk.pack(), A.INTELLIGENCE).lines
    assert item.reference in line
    assert "vans" not in line


def test_an_owner_sees_the_tasks_of_a_priority_with_their_states(desk: MeetingDesk) -> None:
    strategy = in_force(desk)
    done = desk.on_board(placed(desk, desk.raised()), progress=100)
    late = placed(desk, desk.raised())
    placed(desk, desk.raised(), "CS2")
    with desk.store.open() as connection:
        first, second = priority_cards(connection, desk.force, strategy, MORNING + 20 * DAY)
    assert [(each.reference, each.status, each.is_overdue) for each in first.tasks] == [
        (late.reference, "Not yet allocated", True),
        (done.reference, "Done, result to come", False),
    ]
    assert len(second.tasks) == 1


def test_open_tasks_are_found_by_priority_level_gap_kind_and_unit(desk: MeetingDesk) -> None:
    in_force(desk)
    one = placed(desk, desk.raised(), "CS1", "PREVENTION")
    other = desk.raised(unit="DD")
    with desk.act() as uow:
        place(uow, other.reference, Placing(nim_level=2, gap="IR1"))
    wanted: list[tuple[dict[str, Any], Task]] = [
        ({"priority": "CS1"}, one),
        ({"kind": "PREVENTION"}, one),
        ({"level": 2}, other),
        ({"gap": "IR1"}, other),
        ({"unit": "DD"}, other),
    ]
    with desk.store.open() as connection:
        for given, task in wanted:
            assert [row["reference"] for row in model_tasks(connection, desk.force, **given)] == [task.reference]
        assert model_tasks(connection, desk.force, priority="CS1", unit="DD") == []
