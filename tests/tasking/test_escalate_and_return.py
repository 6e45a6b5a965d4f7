"""Going up and coming down: one record, a step kept for each move, the owner below accountable all the while."""

from dataclasses import replace

import pytest

from store.tables import audit_log
from tasking.errors import RuleBroken
from tasking.escalation import EscalationStatus
from tasking.events import TaskEscalated, TaskReturned
from tests.peakshire import ASK, BY_BAND, HOUR, IMMEDIATE, MORNING, PRIORITY, SCHEDULED, Desk, a_proposal

UP_AGAIN = a_proposal("DIV_N", "PKS", fact="further")
ASKED_FURTHER = replace(UP_AGAIN, trigger="ASKED_BY_LABEL")


def test_an_escalated_task_stands_on_both_boards_and_keeps_its_owner_and_reference(desk: Desk) -> None:
    before = desk.on_board(desk.raised(), owner_ids=("owner-1",))
    task = desk.escalated(before)
    assert task.stands_on == ("HP", "DIV_N")
    assert (task.unit, task.top_unit, task.reference) == ("HP", "DIV_N", before.reference)
    assert (task.owner_ids, task.status) == (("owner-1",), before.status)
    assert task.service_labels == {"BAND_SCHEDULED", "ESCALATED", "DECISION_NEEDED"}


def test_the_step_keeps_why_by_whom_from_where_and_under_which_policy(desk: Desk) -> None:
    task = desk.raised()
    desk.reassessed(task, BY_BAND[PRIORITY])
    desk.clock.advance(HOUR)
    desk.escalated(task, a_proposal(decide_by=MORNING + 2 * HOUR))
    (step,) = desk.escalations(task)
    assert (step.status, step.trigger, step.fact) == (EscalationStatus.REQUESTED, "OVERDUE", "due")
    assert (step.from_unit, step.to_unit, step.policy_version) == ("HP", "DIV_N", "test-1")
    assert (step.requested_by, step.requested_at) == ("rule:test", MORNING + HOUR)
    assert (step.decide_by, step.reason) == (MORNING + 2 * HOUR, "It is past its due time.")
    assert (step.score_before, step.score_then, step.band_then) == (24, 47, PRIORITY)
    assert desk.events()[-1] == TaskEscalated(task.task_id, step.escalation_id)


def test_the_step_keeps_the_last_two_scores_of_many(desk: Desk) -> None:
    task = desk.raised()
    for band in (IMMEDIATE, PRIORITY):
        desk.reassessed(task, BY_BAND[band])
    desk.escalated(task)
    (step,) = desk.escalations(task)
    assert (step.score_before, step.score_then) == (88, 47)


def test_the_step_keeps_the_band_that_people_worked_by(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), priority=3)
    desk.escalated(task)
    (step,) = desk.escalations(task)
    assert (step.band_then, step.score_then, step.score_before) == (PRIORITY, 24, None)


def test_the_request_on_the_board_is_answered_by_the_climb_so_its_label_goes(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), labels=frozenset({ASK, "BLOCKED"}))
    assert desk.escalated(task).labels == {"BLOCKED"}


def test_a_task_cannot_climb_twice_to_the_same_unit(desk: Desk) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match=task.reference):
        desk.escalated(task)
    assert len(desk.escalations(task)) == 1
    assert desk.now(task) == task


def test_a_task_that_is_done_or_gone_does_not_climb(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), progress=100)
    with pytest.raises(RuleBroken):
        desk.escalated(task)
    assert desk.escalations(task) == ()


def test_asking_further_up_takes_the_task_on_at_the_level_that_asks(desk: Desk) -> None:
    task = desk.escalated(desk.escalated(desk.raised()), ASKED_FURTHER)
    lower, higher = desk.escalations(task)
    assert (lower.status, higher.status) == (EscalationStatus.ACCEPTED, EscalationStatus.REQUESTED)
    assert task.stands_on == ("HP", "DIV_N", "PKS")


def test_a_rule_that_goes_further_up_decides_nothing_for_the_level_it_passes(desk: Desk) -> None:
    task = desk.escalated(desk.escalated(desk.raised()), UP_AGAIN)
    assert [step.status for step in desk.escalations(task)] == [EscalationStatus.REQUESTED] * 2


def test_a_return_says_who_why_and_on_what_conditions_and_clears_the_higher_board(desk: Desk) -> None:
    task = desk.escalated(desk.on_board(desk.raised(), owner_ids=("owner-1",)))
    desk.clock.advance(HOUR)
    back = desk.returned(task)
    (step,) = desk.escalations(task)
    assert (step.status, step.returned_by, step.returned_at) == (EscalationStatus.DE_ESCALATED, "chair", MORNING + HOUR)
    assert (step.return_reason, step.conditions) == ("Risk is lower", "Patrol daily")
    assert (step.residual_risk, step.receiver, step.awaits_receipt) == ("A repeat", "Duty Inspector", True)
    assert (back.stands_on, back.owner_ids, back.status) == (("HP",), ("owner-1",), task.status)
    assert back.service_labels == {"BAND_SCHEDULED", "RETURNED"}
    assert TaskReturned(task.task_id, step.escalation_id) in desk.events()[-2:]
    assert "returned with conditions" in [row["action"] for row in desk.rows(audit_log)]


@pytest.mark.parametrize(
    ("blank", "words"),
    [
        ({"reason": ""}, "say why the risk is lower"),
        ({"conditions": " \n"}, "say on what conditions"),
        ({"residual_risk": "\t"}, "say what risk remains"),
        ({"receiver": " "}, "say who takes it over below"),
        ({"reason": "", "receiver": ""}, "say why the risk is lower and who takes it over below"),
    ],
)
def test_going_down_needs_a_reason_conditions_the_risk_that_remains_and_a_receiver(
    desk: Desk, blank: dict[str, str], words: str
) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match=words):
        desk.returned(task, **blank)
    assert desk.now(task) == task
    assert desk.escalations(task)[0].is_standing


def test_a_task_that_never_went_up_cannot_come_down_nor_twice(desk: Desk) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match="has not been escalated"):
        desk.returned(task)
    desk.returned(desk.escalated(task))
    with pytest.raises(RuleBroken, match="has not been escalated"):
        desk.returned(task)


def test_the_highest_level_gives_back_first_and_the_one_below_still_has_to_decide(desk: Desk) -> None:
    task = desk.returned(desk.escalated(desk.escalated(desk.raised()), UP_AGAIN))
    assert task.stands_on == ("HP", "DIV_N")
    assert task.decision_needed
    assert [step.status for step in desk.escalations(task)] == [
        EscalationStatus.REQUESTED,
        EscalationStatus.DE_ESCALATED,
    ]
    task = desk.returned(task)
    assert (task.stands_on, task.decision_needed) == (("HP",), False)


def test_after_a_return_by_a_level_that_had_taken_it_on_nobody_has_to_decide(desk: Desk) -> None:
    task = desk.returned(desk.escalated(desk.escalated(desk.raised()), ASKED_FURTHER))
    assert (task.stands_on, task.decision_needed) == (("HP", "DIV_N"), False)


def test_a_returned_task_may_go_up_again_and_is_then_no_longer_shown_as_returned(desk: Desk) -> None:
    task = desk.escalated(desk.returned(desk.escalated(desk.raised())), a_proposal(fact="another"))
    assert (task.stands_on, task.was_returned) == (("HP", "DIV_N"), False)
    task = desk.returned(task)
    assert [step.status for step in desk.escalations(task)] == [EscalationStatus.DE_ESCALATED] * 2


def test_the_log_shows_every_step_without_a_word_that_people_wrote(desk: Desk) -> None:
    task = desk.returned(desk.escalated(desk.raised(title="Zebra words")), "Because of Zebra", "Zebra conditions")
    lines = desk.rows(audit_log)
    assert [line["action"] for line in lines] == [
        "task raised",
        "escalated: OVERDUE",
        "returned with conditions",
        "decision recorded",
    ]
    assert {line["object_ref"] for line in lines} == {task.reference}
    assert "Zebra" not in str(lines)


def test_an_assessment_while_the_task_is_up_leaves_it_where_it_stands(desk: Desk) -> None:
    task = desk.escalated(desk.raised())
    assert desk.reassessed(task, BY_BAND[SCHEDULED]).stands_on == ("HP", "DIV_N")
