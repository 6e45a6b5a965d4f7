"""What a decision may not do: end what a higher level holds, name no meeting of ours, leave hours unsaid."""

from collections.abc import Iterator
from typing import Any

import pytest

from store.database import open_database
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import EscalationStatus
from tasking.meetings import Authority
from tests.peakshire import DAY, MORNING, SetClock, a_proposal, tables_in
from tests.tasking.deciding_force import DecidingDesk, deciding_force

T, S = DecisionType, EscalationStatus
CONDITIONS: dict[str, Any] = {
    "conditions": "Ask again after two more reports.",
    "residual_risk": "A repeat at the weekend.",
    "receiver": "sgt@peakshire.example",
}


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


@pytest.mark.parametrize("given", [{"conditions": " "}, {"residual_risk": "\n"}, {"receiver": "\t"}])
def test_blanks_are_no_conditions_no_risk_and_no_receiver(desk: DecidingDesk, given: dict[str, str]) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match="also say"):
        desk.decide(task, T.DE_ESCALATE, **CONDITIONS | given)


@pytest.mark.parametrize(
    ("decision", "given"),
    [
        (T.NO_TASKING, {}),
        (T.PRIORITY_OVERRIDE, {"band": "ROUTINE"}),
        (T.EXTEND, {"due_at": MORNING + 3 * DAY}),
    ],
)
def test_what_a_higher_level_holds_no_lower_one_ends_or_changes(
    desk: DecidingDesk, decision: DecisionType, given: dict[str, Any]
) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATION_ACCEPT)
    with pytest.raises(RuleBroken, match="is with North Division, which decides this"):
        desk.decide(task, decision, "Duty Sergeant", unit="HP", **given)
    desk.decide(task, decision, "Duty Inspector", **given)
    assert desk.decisions(task)[-1].unit == "DIV_N"


def test_a_wrong_word_about_a_step_is_put_right_in_kind_and_the_step_stays(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    wrong = desk.decide(task, T.ESCALATION_DECLINE, rationale="There is no capasity.")
    right = desk.decide(task, T.ESCALATION_DECLINE, rationale="There is no capacity.", supersedes=wrong.decision_ref)
    assert (right.unit, right.escalation_id) == (wrong.unit, wrong.escalation_id)
    assert desk.last_step(task).status is S.DECLINED
    assert [each.name for each in desk.events()].count("TaskReturned") == 1


def test_no_lower_level_puts_right_what_a_higher_one_decided(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    made = desk.decide(task, T.ESCALATION_DECLINE)
    with pytest.raises(RuleBroken, match="was decided by North Division: no lower level corrects it"):
        desk.decide(task, T.TASK_CREATE, "Duty Sergeant", unit="HP", text="Do it", supersedes=made.decision_ref)


@pytest.mark.parametrize(
    "meeting",
    ["DIV_N_DAILY", "DIV_N_DAILY 2031-02-30", "DIV_N_TACTICAL 2026-11-03", "DIV_N_DAILY at Smythe's, 14 Mill Lane"],
)
def test_a_meeting_that_the_calendar_does_not_have_decides_nothing(desk: DecidingDesk, meeting: str) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match="The calendar has no"):
        desk.decide(task, T.ESCALATION_ACCEPT, meeting_ref=meeting)


def test_a_meetings_reference_is_kept_as_the_calendar_has_it(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    made = desk.decide(task, T.ESCALATION_ACCEPT, meeting_ref=" DIV_N_DAILY  2026-11-02 ")
    assert made.meeting_ref == "DIV_N_DAILY 2026-11-02"


def test_who_has_limits_says_how_many_hours_are_granted(desk: DecidingDesk) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match="also say how many hours"):
        desk.decide(task, T.RESOURCE, "Duty Sergeant", resources="400 hours of patrol")
    desk.force = deciding_force(authorities={"Duty Inspector": Authority("Duty Inspector", 40)})
    task = desk.escalated(desk.now(task), a_proposal(trigger="BEYOND_RESOURCES"))
    with pytest.raises(RuleBroken, match="say how many hours Duty Inspector grants"):
        desk.decide(task, T.ESCALATION_ACCEPT)
    desk.decide(task, T.ESCALATION_ACCEPT, hours=40)


def test_nothing_was_decided_before_it_was_asked(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match="before it was asked for"):
        desk.decide(task, T.ESCALATION_ACCEPT, decided_at=MORNING - DAY)


def test_what_is_asked_of_the_next_level_is_short_and_everything_has_an_end(desk: DecidingDesk) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match="at most 500 characters"):
        desk.decide(task, T.ESCALATE, "Owner", trigger="TENSION_CONFIDENCE", rationale="x" * 501)
    with pytest.raises(RuleBroken, match="The resources is longer than 4000"):
        desk.decide(task, T.RESOURCE, "Duty Sergeant", resources="x" * 4001, hours=1)


def test_what_the_form_gave_back_is_taken_over_by_the_lower_units_chair(desk: DecidingDesk) -> None:
    task = desk.returned(desk.escalated(desk.raised()))
    assert (desk.last_step(task).receiver, desk.last_step(task).awaits_receipt) == ("Duty Inspector", True)
    desk.decide(task, T.RECEIVE, "Duty Inspector")
    assert not desk.last_step(task).awaits_receipt
