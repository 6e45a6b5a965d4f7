"""People and equipment: granted whole, in part or not at all, on record, with a task for whoever provides them."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from store import tasks
from store.database import open_database
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import EscalationStatus
from tasking.events import TaskRaised
from tasking.resources import Allocation, ResourceBid, granted_words
from tasking.restricted import RESTRICTED_LABEL, is_restricted
from tasking.task import Classification, Task
from tasking.thrive import RiskContext
from tests.peakshire import BY_BAND, DAY, HOUR, IMMEDIATE, MISSING, MORNING, SetClock, a_proposal, tables_in
from tests.tasking.deciding_force import ASKS, BID, DecidingDesk, deciding_force

T = DecisionType
WHOLE = ResourceBid(**{"what": BID["resources"], **{name: each for name, each in BID.items() if name != "resources"}})


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def asked(desk: DecidingDesk, **changes: Any) -> Task:
    """A task of Northfell's for which people were asked of North Division."""
    task = desk.raised(**changes)
    desk.decide(task, T.ESCALATE, "Duty Sergeant", **ASKS)
    return desk.now(task)


def all_tasks(desk: DecidingDesk) -> list[Task]:
    with desk.store.open() as connection:
        return sorted(tasks.read_all_tasks(connection), key=lambda task: task.reference)


def test_a_bid_accepted_without_figures_is_granted_whole_and_stands_beside_what_was_asked(desk: DecidingDesk) -> None:
    made = desk.decide(asked(desk), T.ESCALATION_ACCEPT)
    assert made.allocation == Allocation(WHOLE, "DIV_N", "HP", WHOLE, "T-1002")
    assert desk.decisions(all_tasks(desk)[0])[-1].allocation == made.allocation, "it is kept as it was made"
    assert granted_words(made.allocation) == (
        "Granted whole: 2 in number, 20 hours, from Tue 3 Nov 08:30, until Thu 5 Nov 08:30. Provided by task T-1002."
    )


@pytest.mark.parametrize(
    "cut", [{"how_many": 1}, {"hours": 19.5}, {"ends_at": MORNING + 2 * DAY}, {"starts_at": MORNING + 2 * DAY}]
)
def test_less_than_was_asked_is_granted_in_part_and_both_are_kept(desk: DecidingDesk, cut: dict[str, Any]) -> None:
    made = desk.decide(asked(desk), T.ESCALATION_ACCEPT, **cut)
    assert made.allocation is not None
    assert (made.allocation.granted, made.allocation.asked) == (replace(WHOLE, **cut), WHOLE)
    assert made.allocation.is_part
    assert "Granted in part: " in granted_words(made.allocation)
    assert "Asked: 2 in number, 20 hours" in granted_words(made.allocation)


def test_as_much_as_was_asked_at_another_time_is_not_a_part(desk: DecidingDesk) -> None:
    later: dict[str, Any] = {"starts_at": MORNING + 2 * DAY, "ends_at": MORNING + 4 * DAY}
    made = desk.decide(asked(desk), T.ESCALATION_ACCEPT, **later)
    assert made.allocation is not None
    assert not made.allocation.is_part


def test_a_bid_that_is_declined_has_its_reason_and_allots_nothing(desk: DecidingDesk) -> None:
    task = asked(desk)
    made = desk.decide(task, T.ESCALATION_DECLINE, rationale="No crew is free before Sunday.")
    assert (made.allocation, made.rationale) == (None, "No crew is free before Sunday.")
    assert desk.last_step(task).status is EscalationStatus.DECLINED
    assert len(all_tasks(desk)) == 1


def test_the_unit_that_grants_has_a_task_for_providing_it_as_pressing_as_the_other(desk: DecidingDesk) -> None:
    task = asked(desk, assessment=BY_BAND[IMMEDIATE])
    made = desk.decide(task, T.ESCALATION_ACCEPT)
    _, provides = all_tasks(desk)
    assert (provides.unit, provides.stands_on, provides.pillar) == ("DIV_N", ("DIV_N",), task.pillar)
    assert provides.title == "North Division: Provide Two officers on Friday for T-1001"
    assert (provides.working_band, provides.due_at) == (IMMEDIATE, BID["starts_at"])
    assert made.decision_ref in provides.text.why_now
    assert TaskRaised(provides.task_id) in desk.events()


def test_the_flags_of_a_task_stay_with_it_and_its_band_goes_to_the_one_that_provides(desk: DecidingDesk) -> None:
    task = asked(desk, context=RiskContext(flags=MISSING))
    desk.decide(task, T.ESCALATION_ACCEPT)
    _, provides = all_tasks(desk)
    assert (provides.flags, provides.working_band) == (frozenset(), desk.now(task).working_band)


def test_what_a_unit_grants_itself_makes_no_other_task(desk: DecidingDesk) -> None:
    made = desk.decide(desk.raised(), T.RESOURCE, "Duty Inspector", **BID)
    assert made.allocation == Allocation(WHOLE, "HP", "HP")
    assert len(all_tasks(desk)) == 1


def test_a_higher_level_that_has_the_task_grants_what_was_asked_of_it(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATION_ACCEPT)
    made = desk.decide(task, T.RESOURCE, **BID)
    assert made.allocation == Allocation(WHOLE, "DIV_N", "HP", None, "T-1002")


def test_what_people_wrote_of_a_sensitive_task_is_not_in_the_one_that_provides(desk: DecidingDesk) -> None:
    task = desk.raised(classification=Classification.OFFICIAL_SENSITIVE)
    desk.decide(task, T.ESCALATE, "Duty Sergeant", **ASKS)
    desk.decide(task, T.ESCALATION_ACCEPT)
    _, provides = all_tasks(desk)
    assert BID["resources"] not in f"{provides.title} {provides.text}"
    assert provides.classification is Classification.OFFICIAL_SENSITIVE


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_provides_for_a_task_that_is_kept_to_its_link_is_as_restricted_and_has_none_of_its_words(
    desk: DecidingDesk, when: str
) -> None:
    """Whether the label was there while it was asked for, or came after."""
    task, label = desk.raised(), frozenset({RESTRICTED_LABEL})
    if when == "before":
        task = desk.on_board(task, labels=label)
    desk.decide(task, T.ESCALATE, "Duty Sergeant", **ASKS)
    if when == "after":
        desk.on_board(task, labels=label)
    desk.decide(task, T.ESCALATION_ACCEPT)
    _, provides = all_tasks(desk)
    assert is_restricted(desk.force, provides)
    assert BID["resources"] not in f"{provides.title} {provides.text}"


def test_a_correction_changes_what_is_granted_and_raises_no_second_task(desk: DecidingDesk) -> None:
    task = asked(desk)
    first = desk.decide(task, T.ESCALATION_ACCEPT, hours=10)
    words_only = desk.decide(task, T.ESCALATION_ACCEPT, supersedes=first.decision_ref)
    assert words_only.allocation == first.allocation, "what it does not say stays as it was"
    last = desk.decide(task, T.ESCALATION_ACCEPT, hours=15, supersedes=words_only.decision_ref)
    assert last.allocation is not None
    assert (last.allocation.granted.hours, last.allocation.provided_by) == (15, "T-1002")
    assert len(all_tasks(desk)) == 2


@pytest.mark.parametrize("lacks", ["starts_at", "ends_at"])
def test_people_are_granted_from_when_and_until_when(desk: DecidingDesk, lacks: str) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match="also say from when and until when"):
        desk.decide(task, T.RESOURCE, **{**BID, lacks: None})
    assert desk.decisions(task) == ()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"how_many": 0}, "How many people or things must be 1 to 1000"),
        ({"how_many": 1001}, "How many people or things must be 1 to 1000"),
        ({"ends_at": MORNING + DAY}, "comes after the time from which"),
        ({"hours": -1.0}, "Hours must be more than 0"),
    ],
)
def test_figures_that_cannot_be_meant_are_refused(desk: DecidingDesk, given: dict[str, Any], words: str) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match=words):
        desk.decide(task, T.ESCALATE, "Duty Sergeant", **{**ASKS, **given})
    with pytest.raises(RuleBroken, match=words):
        desk.decide(task, T.RESOURCE, **{**BID, **given})


def test_an_end_before_the_start_that_was_asked_for_is_refused(desk: DecidingDesk) -> None:
    task = asked(desk)
    with pytest.raises(RuleBroken, match="granted comes after the time from which"):
        desk.decide(task, T.ESCALATION_ACCEPT, ends_at=MORNING + HOUR)
    assert len(all_tasks(desk)) == 1


def test_an_escalation_without_a_bid_allots_nothing(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised(), a_proposal())
    assert desk.decide(task, T.ESCALATION_ACCEPT).allocation is None
