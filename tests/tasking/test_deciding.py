"""Decisions: by whom, why, about what, once; what follows from them, and what stays on record."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from store.database import open_database
from store.tables import audit_log, decisions
from tasking import climbing
from tasking.decision import Capacity, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import EscalationStatus
from tasking.events import DecisionRecorded, TaskEscalated, TaskReturned
from tasking.resources import ResourceBid
from tests.peakshire import BY_BAND, DAY, HOUR, IMMEDIATE, MORNING, PRIORITY, SetClock, a_proposal, tables_in
from tests.tasking.deciding_force import ASKS, BID, DecidingDesk, deciding_force

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


def test_a_decision_keeps_who_in_what_capacity_why_and_what_was_known(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.on_board(desk.raised(), owner_ids=("owner-1",)))
    made = desk.decide(task, T.ESCALATION_ACCEPT, options=("do nothing", "accept"), dissent="Partners would wait.")
    assert made.decision_ref == "DEC-2026-000001"
    assert (made.decided_by, made.role, made.capacity) == ("chi@peakshire.example", "Duty Inspector", Capacity.DUTY)
    assert (made.unit, made.meeting_ref, made.policy_version) == ("DIV_N", "", "test-1")
    assert (made.snapshot.score, made.snapshot.band, made.snapshot.thrive["harm"]) == (24, "SCHEDULED", 2)
    assert made.snapshot.facts["owners"] == 1
    assert desk.decisions(task) == (made,)
    assert desk.events()[-1] == DecisionRecorded(task.task_id, made.decision_id)


@pytest.mark.parametrize("rationale", ["", "   ", "\n"])
def test_without_a_rationale_nothing_is_decided(desk: DecidingDesk, rationale: str) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match="needs its rationale"):
        desk.decide(task, T.ESCALATION_ACCEPT, rationale=rationale)
    assert desk.last_step(task).status is S.REQUESTED
    assert desk.decisions(task) == ()


def test_an_accepted_escalation_leaves_the_owner_below_accountable(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.on_board(desk.raised(), owner_ids=("owner-1",)))
    made = desk.decide(task, T.ESCALATION_ACCEPT)
    now, step = desk.now(task), desk.last_step(task)
    assert (now.owner_ids, now.stands_on, now.decision_needed) == (("owner-1",), ("HP", "DIV_N"), False)
    assert (step.status, step.decision_ref, step.decided_role) == (S.ACCEPTED, made.decision_ref, "Duty Inspector")


def test_a_declined_escalation_stays_below_and_says_so_to_its_sender(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATION_DECLINE)
    now, step = desk.now(task), desk.last_step(task)
    assert (now.stands_on, now.was_returned, now.decision_needed) == (("HP",), True, False)
    assert step.status is S.DECLINED
    assert TaskReturned(task.task_id, step.escalation_id) in desk.events()


def test_returned_for_information_may_be_asked_for_again(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATION_RETURN)
    assert desk.last_step(task).status is S.RETURNED
    again = desk.escalated(desk.now(task), a_proposal(fact="with more"))
    assert again.stands_on == ("HP", "DIV_N")
    assert [step.status for step in desk.escalations(task)] == [S.RETURNED, S.REQUESTED]


def test_what_is_decided_once_cannot_be_decided_again_and_the_second_is_told_by_whom(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    first = desk.decide(task, T.ESCALATION_DECLINE)
    with pytest.raises(RuleBroken, match=rf"declined by Duty Inspector \({first.decision_ref}\)"):
        desk.decide(task, T.ESCALATION_ACCEPT, role="Duty Superintendent")
    assert len(desk.decisions(task)) == 1


@pytest.mark.parametrize(
    ("role", "meeting", "capacity"),
    [
        ("Duty Inspector", "DIV_N_DAILY 2026-11-02", Capacity.CHAIR),
        ("Duty Sergeant", "DIV_N_DAILY 2026-11-02", Capacity.DEPUTY),
        ("Duty Chief Inspector", "", Capacity.DUTY),
        ("Duty Superintendent", "", Capacity.DUTY),
    ],
)
def test_chair_deputy_and_duty_roles_decide(desk: DecidingDesk, role: str, meeting: str, capacity: Capacity) -> None:
    task = desk.escalated(desk.raised())
    made = desk.decide(task, T.ESCALATION_ACCEPT, role, meeting_ref=meeting)
    assert (made.capacity, made.meeting_ref) == (capacity, meeting)


@pytest.mark.parametrize(
    ("role", "meeting", "words"),
    [
        ("Duty Sergeant", "", "may not decide this for North Division between meetings"),
        ("", "", "Somebody without a role may not decide"),
        ("Analyst", "DIV_N_DAILY 2026-11-02", "These may: Duty Inspector, Duty Sergeant"),
        ("Duty Inspector", "HP_DAILY 2026-11-02", "belongs to Northfell; this is for North Division"),
        ("Duty Inspector", "NOWHERE 2026-11-02", "There is no meeting NOWHERE"),
    ],
)
def test_who_has_no_authority_is_told_who_has(desk: DecidingDesk, role: str, meeting: str, words: str) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match=words):
        desk.decide(task, T.ESCALATION_ACCEPT, role, meeting_ref=meeting)
    assert desk.last_step(task).status is S.REQUESTED


def test_hours_beyond_a_roles_authority_go_up(desk: DecidingDesk) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match=r"20 hours are beyond the authority of Duty Sergeant \(8\)"):
        desk.decide(task, T.RESOURCE, "Duty Sergeant", resources="Patrol", hours=20)
    assert desk.decide(task, T.RESOURCE, "Duty Sergeant", **{**BID, "hours": 8}).hours == 8


def test_going_down_needs_conditions_what_risk_remains_and_a_receiver(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match="on what conditions and what risk remains and who takes it over below"):
        desk.decide(task, T.DE_ESCALATE)
    desk.decide(task, T.DE_ESCALATE, **CONDITIONS)
    step = desk.last_step(task)
    assert (step.status, step.residual_risk, step.receiver) == (
        S.DE_ESCALATED,
        CONDITIONS["residual_risk"],
        CONDITIONS["receiver"],
    )
    assert step.awaits_receipt


def test_what_came_down_is_taken_over_by_its_receiver_once(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.DE_ESCALATE, **CONDITIONS)
    with pytest.raises(RuleBroken, match="given back to somebody else"):
        desk.decide(task, T.RECEIVE, "Owner", decided_by="nobody@peakshire.example")
    desk.decide(task, T.RECEIVE, "Owner", decided_by="sgt@peakshire.example")
    step = desk.last_step(task)
    assert (step.received_by, step.awaits_receipt) == ("sgt@peakshire.example", False)
    with pytest.raises(RuleBroken, match="cannot be return accepted below now"):
        desk.decide(task, T.RECEIVE, "Owner")


def test_the_higher_level_may_keep_what_was_proposed_for_return(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATION_ACCEPT)
    desk.decide(task, T.DE_ESCALATION_PROPOSE, "Owner")
    assert desk.last_step(task).status is S.DE_ESCALATION_PROPOSED
    desk.decide(task, T.RETAIN)
    assert (desk.last_step(task).status, desk.now(task).stands_on) == (S.RETAINED, ("HP", "DIV_N"))


def test_a_person_asks_with_a_reason_and_the_unit_agrees_before_it_goes_up(desk: DecidingDesk) -> None:
    task = desk.raised()
    desk.decide(task, T.ESCALATE, "Owner", **ASKS)
    step = desk.last_step(task)
    if step.status is S.PROPOSED:
        assert desk.now(task).stands_on == ("HP",)
        desk.decide(task, T.ENDORSE, "Duty Sergeant")
    step = desk.last_step(task)
    assert (step.status, desk.now(task).stands_on) == (S.REQUESTED, ("HP", "DIV_N"))
    assert (step.resources_requested, step.asked) == (ASKS["resources"], ASKS["resources"])
    assert step.action_so_far == ASKS["tried"]
    assert step.bid == ResourceBid(*BID.values())
    assert TaskEscalated(task.task_id, step.escalation_id) in desk.events()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({**ASKS, "tried": " "}, "also say what was tried so far$"),
        ({**ASKS, "how_many": None, "ends_at": None}, "also say how many, until when$"),
        (
            {**ASKS, "resources": "\n", "hours": None, "starts_at": None},
            "what is needed, how many hours that is, from when",
        ),
        ({"trigger": "BEYOND_CAPABILITY"}, "what is asked of the next level, what was tried so far$"),
        ({"trigger": "BEYOND_CAPABILITY", "text": "A drone"}, "also say what was tried so far$"),
        ({"trigger": "TENSION_CONFIDENCE"}, "also say what is asked of the next level$"),
    ],
)
def test_asking_up_says_what_is_wanted_and_of_what_is_beyond_the_unit_what_was_tried(
    desk: DecidingDesk, said: dict[str, Any], words: str
) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match=words.replace("$", r"\.$")):
        desk.decide(task, T.ESCALATE, "Owner", **said)
    assert desk.escalations(task) == ()


@pytest.mark.parametrize(
    "said",
    [
        {"trigger": "BEYOND_CAPABILITY", "text": "A drone", "tried": "A search on foot."},
        {"trigger": "TENSION_CONFIDENCE", "text": "A statement to the press"},
    ],
)
def test_what_was_said_in_asking_stands_on_the_escalation(desk: DecidingDesk, said: dict[str, Any]) -> None:
    task = desk.raised()
    made = desk.decide(task, T.ESCALATE, "Owner", **said)
    step = desk.last_step(task)
    assert (step.asked, step.action_so_far, step.bid) == (said["text"], said.get("tried", ""), None)
    assert made.given == {name: words for name, words in said.items() if name != "text"}


@pytest.mark.parametrize("trigger", ["OVERDUE", "NOT_A_TRIGGER"])
def test_a_reason_that_is_not_a_persons_to_give_is_refused(desk: DecidingDesk, trigger: str) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match="A person asks for one of these reasons"):
        desk.decide(task, T.ESCALATE, "Owner", trigger=trigger)
    assert desk.escalations(task) == ()


def test_senders_withdraw_what_is_undecided(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATION_WITHDRAW, "Owner")
    assert (desk.last_step(task).status, desk.now(task).stands_on) == (S.WITHDRAWN, ("HP",))


def test_left_to_a_meeting_it_goes_to_the_next_that_fits(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.clock.advance(2 * HOUR)
    desk.decide(task, T.ESCALATION_TO_MEETING)
    step = desk.last_step(task)
    assert (step.status, step.forum) == (S.TO_MEETING, "DIV_N_DAILY 2026-11-03")
    assert step.decide_by == datetime(2026, 11, 3, 9, 35, tzinfo=UTC)
    desk.decide(task, T.ESCALATION_ACCEPT, meeting_ref="DIV_N_DAILY 2026-11-03")
    assert desk.last_step(task).status is S.ACCEPTED


def test_left_to_a_meeting_of_its_choice(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATION_TO_MEETING, to_meeting="DIV_N_TACTICAL")
    assert desk.last_step(task).forum == "DIV_N_TACTICAL 2026-11-12"


def test_what_has_gone_further_up_is_decided_there_first(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    task = desk.escalated(task, a_proposal("DIV_N", "PKS", fact="further"))
    with pytest.raises(RuleBroken, match="has gone further up, to Peakshire"):
        desk.decide(task, T.ESCALATION_DECLINE, unit="DIV_N")
    assert desk.now(task).stands_on == ("HP", "DIV_N", "PKS")


def test_an_overridden_band_keeps_the_computed_score(desk: DecidingDesk) -> None:
    task = desk.raised()
    desk.decide(task, T.PRIORITY_OVERRIDE, "Duty Sergeant", band="priority")
    now = desk.now(task)
    assert (now.working_band, now.band, now.score) == (PRIORITY, "SCHEDULED", 24)
    with pytest.raises(RuleBroken, match="There is no band URGENT"):
        desk.decide(task, T.PRIORITY_OVERRIDE, "Duty Sergeant", band="URGENT")


def test_a_new_due_time_lies_ahead(desk: DecidingDesk) -> None:
    task = desk.raised()
    desk.decide(task, T.EXTEND, "Duty Sergeant", due_at=MORNING + 3 * DAY)
    assert desk.now(task).due_at == MORNING + 3 * DAY
    with pytest.raises(RuleBroken, match="already passed"):
        desk.decide(task, T.EXTEND, "Duty Sergeant", due_at=MORNING - HOUR)


def test_no_tasking_ends_the_task_with_the_reason(desk: DecidingDesk) -> None:
    task = desk.raised()
    desk.decide(task, T.NO_TASKING, "Duty Sergeant")
    assert not desk.now(task).is_open
    with pytest.raises(RuleBroken, match="not open"):
        desk.decide(task, T.PRIORITY_OVERRIDE, "Duty Sergeant", band="IMMEDIATE")


def test_a_mistake_is_superseded_and_both_stay(desk: DecidingDesk) -> None:
    task = desk.raised()
    wrong = desk.decide(task, T.ALLOCATE, "Duty Sergeant", text="To the day shift")
    right = desk.decide(task, T.ALLOCATE, "Duty Sergeant", text="To the late shift", supersedes=wrong.decision_ref)
    assert [each.text for each in desk.decisions(task)] == ["To the day shift", "To the late shift"]
    assert right.supersedes == wrong.decision_ref
    with pytest.raises(RuleBroken, match="has been superseded already"):
        desk.decide(task, T.ALLOCATE, "Duty Sergeant", text="Once more", supersedes=wrong.decision_ref)
    with pytest.raises(RuleBroken, match="has no decision DEC-1"):
        desk.decide(task, T.ALLOCATE, "Duty Sergeant", text="Once more", supersedes="DEC-1")


def test_written_down_later_shows_both_times_and_the_future_is_refused(desk: DecidingDesk) -> None:
    task = desk.raised()
    made = desk.decide(task, T.ALLOCATE, "Duty Sergeant", text="To the day shift", decided_at=MORNING - HOUR)
    assert (made.decided_at, made.recorded_at) == (MORNING - HOUR, MORNING)
    with pytest.raises(RuleBroken, match="has not come yet"):
        desk.decide(task, T.ALLOCATE, "Duty Sergeant", text="x", decided_at=MORNING + DAY)


def test_a_decision_can_neither_be_changed_nor_deleted_in_the_database(desk: DecidingDesk) -> None:
    desk.decide(desk.raised(), T.ALLOCATE, "Duty Sergeant", text="To the day shift")
    for statement in (decisions.update().values(unit="X"), decisions.delete()):
        with pytest.raises((IntegrityError, OperationalError)), desk.store.open() as connection:
            connection.execute(statement)
    assert [row["unit"] for row in desk.rows(decisions)] == ["HP"]


def test_the_log_names_who_decided_and_holds_no_word_of_the_rationale(desk: DecidingDesk) -> None:
    desk.decide(desk.raised(), T.ALLOCATE, "Duty Sergeant", text="To the day shift", rationale="Zanzibar-marker")
    row = desk.rows(audit_log)[-1]
    assert (row["action"], row["on_behalf_of"]) == ("decision recorded", "chi@peakshire.example")
    assert "Zanzibar-marker" not in str(desk.rows(audit_log))


def test_a_return_by_the_form_is_a_decision_too(desk: DecidingDesk) -> None:
    task = desk.returned(desk.escalated(desk.raised()))
    (made,) = desk.decisions(task)
    assert (made.decision_type, made.capacity, made.decided_by) == (T.DE_ESCALATE, Capacity.FORM, "chair")
    assert desk.last_step(task).decision_ref == made.decision_ref


def test_an_immediate_task_does_not_wait_to_be_endorsed(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised(assessment=BY_BAND[IMMEDIATE]), a_proposal(needs_endorsement=True))
    assert task.stands_on == ("HP", "DIV_N")


def test_what_a_rule_proposes_climbs_when_somebody_of_the_unit_agrees(desk: DecidingDesk) -> None:
    limit = MORNING + 4 * HOUR
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True, decide_by=limit))
    assert (task.stands_on, task.decision_needed) == (("HP",), True)
    desk.clock.advance(2 * HOUR)
    desk.decide(task, T.ENDORSE, "Duty Sergeant")
    step = desk.last_step(task)
    assert desk.now(task).stands_on == ("HP", "DIV_N")
    assert step.decide_by == limit + 2 * HOUR, "the higher level's time begins when it is asked"
    assert [(hop.role, hop.decide_by) for hop in step.hops] == [("Duty Inspector", limit + 2 * HOUR)]


def test_nobody_answers_so_deputy_next_rank_and_level_above_are_asked_and_then_all_are_told(
    desk: DecidingDesk,
) -> None:
    task = desk.escalated(desk.raised(), a_proposal(decide_by=MORNING + HOUR))
    for _ in range(4):
        desk.clock.advance(timedelta(hours=1, minutes=1))
        with desk.act("rule:chase") as uow:
            climbing.chase(uow, desk.force, uow.escalations(task.task_id)[-1])
    step = desk.last_step(task)
    assert [hop.role for hop in step.hops] == ["Duty Inspector", "Duty Chief Inspector", "Duty Superintendent"]
    assert step.alerted_at is not None
    names = [event.name for event in desk.events()]
    assert (names.count("EscalationChased"), names.count("EscalationOverrun")) == (2, 1)
