"""How far a role may decide: hours, the band of a task, kinds of decision. Beyond it the level above is asked."""

from collections.abc import Iterator
from typing import Any

import pytest

from store.database import open_database
from tasking.authority import authority_words
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.meetings import Authority
from tests.peakshire import BY_BAND, DAY, IMMEDIATE, MORNING, PRIORITY, SCHEDULED, SetClock, tables_in
from tests.tasking.deciding_force import ASKS, BID, DecidingDesk, deciding_force

T = DecisionType
SERGEANT, INSPECTOR = "Duty Sergeant", "Duty Inspector"


def limited(role: str, **limits: Any) -> dict[str, Authority]:
    return {role: Authority(role, **limits)}


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


@pytest.mark.parametrize(
    ("limits", "decision", "given", "words"),
    [
        (
            {"may_not": (T.TRANSFER_MAA,)},
            T.TRANSFER_MAA,
            {"text": "For the council"},
            "This decision (for the most appropriate agency) is beyond the authority of Duty Sergeant",
        ),
        (
            {"highest_band": SCHEDULED},
            T.EXTEND,
            {"due_at": MORNING + DAY},
            "A task in band PRIORITY is beyond the authority of Duty Sergeant (up to SCHEDULED)",
        ),
        (
            {"highest_band": PRIORITY},
            T.PRIORITY_OVERRIDE,
            {"band": "immediate"},
            "A task in band IMMEDIATE is beyond the authority of Duty Sergeant (up to PRIORITY)",
        ),
        ({"most_hours": 8}, T.RESOURCE, BID, "20 hours are beyond the authority of Duty Sergeant (8)"),
    ],
)
def test_a_decision_beyond_authority_is_refused_and_says_which_level_to_ask(
    desk: DecidingDesk, limits: dict[str, Any], decision: DecisionType, given: dict[str, Any], words: str
) -> None:
    desk.force = deciding_force(authorities=limited(SERGEANT, **limits))
    task = desk.raised(assessment=BY_BAND[PRIORITY])
    with pytest.raises(RuleBroken) as refused:
        desk.decide(task, decision, SERGEANT, **given)
    assert str(refused.value) == f"{words}: ask the level above, North Division, to decide."
    assert desk.decisions(task) == ()
    desk.force = deciding_force(authorities={})
    assert desk.decide(task, decision, SERGEANT, **given).authority == "no limit"


def test_up_to_its_limits_a_role_decides_and_they_stand_beside_the_decision(desk: DecidingDesk) -> None:
    limits = {"most_hours": 20, "highest_band": PRIORITY, "may_not": (T.TRANSFER_MAA, T.NO_TASKING)}
    desk.force = deciding_force(authorities=limited(SERGEANT, **limits))
    made = desk.decide(desk.raised(assessment=BY_BAND[PRIORITY]), T.RESOURCE, SERGEANT, **BID)
    assert made.authority == (
        "at most 20 hours; up to Priority; may not decide: for the most appropriate agency, no tasking"
    )


def test_asking_the_level_above_is_never_beyond_authority(desk: DecidingDesk) -> None:
    desk.force = deciding_force(
        authorities=limited(SERGEANT, most_hours=1, highest_band=SCHEDULED, may_not=(T.NO_TASKING,))
    )
    task = desk.raised(assessment=BY_BAND[IMMEDIATE])
    desk.decide(task, T.ESCALATE, SERGEANT, **ASKS)
    assert desk.now(task).stands_on == ("HP", "DIV_N")


def test_at_the_top_another_role_is_asked(desk: DecidingDesk) -> None:
    desk.force = deciding_force(authorities=limited("Duty Superintendent", may_not=(T.NO_TASKING,)))
    task = desk.raised(unit="PKS")
    with pytest.raises(RuleBroken, match="ask a role of Peakshire with wider authority to decide"):
        desk.decide(task, T.NO_TASKING, "Duty Superintendent")


def test_whose_hours_are_limited_says_how_many_of_a_bid_are_granted(desk: DecidingDesk) -> None:
    desk.force = deciding_force(authorities=limited(INSPECTOR, most_hours=10))
    task = desk.raised()
    desk.decide(task, T.ESCALATE, SERGEANT, **{**ASKS, "trigger": "BEYOND_CAPABILITY"})
    with pytest.raises(RuleBroken, match="say how many hours Duty Inspector grants"):
        desk.decide(task, T.ESCALATION_ACCEPT)
    with pytest.raises(RuleBroken, match=r"11 hours are beyond .* ask the level above, Peakshire, to decide"):
        desk.decide(task, T.ESCALATION_ACCEPT, hours=11)
    assert desk.decide(task, T.ESCALATION_ACCEPT, hours=10).hours == 10


@pytest.mark.parametrize(
    ("role", "words"), [("", ""), ("Analyst", "no limit"), (SERGEANT, "at most 8 hours"), (INSPECTOR, "no limit")]
)
def test_a_role_without_an_entry_has_no_limit_and_a_form_names_none(role: str, words: str) -> None:
    assert authority_words(deciding_force(), role) == words
