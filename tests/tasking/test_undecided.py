"""What nobody has decided: who has to answer, by when, what asking further means, what a late answer cannot undo."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from store.database import open_database
from tasking import climbing
from tasking.decision import Capacity, DecisionType
from tasking.errors import RuleBroken, StaleTask
from tasking.escalation import Escalation, EscalationStatus
from tasking.events import EscalationOverrun, EscalationProposed
from tasking.holding import cancel_meeting
from tasking.task import Task
from tests.peakshire import BY_BAND, DAY, HOUR, IMMEDIATE, MINUTE, MORNING, PRIORITY, SetClock, a_proposal, tables_in
from tests.tasking.deciding_force import ASKS, DecidingDesk, deciding_force

T, S = DecisionType, EscalationStatus
BACK: dict[str, Any] = {"conditions": "Ask again.", "residual_risk": "Some.", "receiver": "sgt@peakshire.example"}


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def further(**changes: Any) -> Any:
    """The division's wish to go on to the force, to which somebody of the division has still to agree."""
    return a_proposal("DIV_N", "PKS", fact="further", needs_endorsement=True, **changes)


def proposed_further(desk: DecidingDesk, accepted: bool) -> Task:
    task = desk.escalated(desk.raised())
    if accepted:
        desk.decide(task, T.ESCALATION_ACCEPT)
    return desk.escalated(desk.now(task), further())


# A proposal belongs to the unit that made it


@pytest.mark.parametrize(("accepted", "decision"), [(True, T.DE_ESCALATE), (False, T.ESCALATION_DECLINE)])
def test_what_a_level_only_proposed_goes_when_it_gives_the_task_back_and_those_below_may_ask_again(
    desk: DecidingDesk, accepted: bool, decision: DecisionType
) -> None:
    task = proposed_further(desk, accepted)
    desk.decide(task, decision, **(BACK if decision is T.DE_ESCALATE else {}))
    assert desk.last_step(task).status is S.WITHDRAWN
    assert (desk.now(task).stands_on, desk.now(task).decision_needed) == (("HP",), False)
    desk.clock.advance(MINUTE)
    desk.decide(task, T.ESCALATE, "Duty Sergeant", **ASKS)
    assert desk.now(task).stands_on == ("HP", "DIV_N")


def test_what_a_level_only_proposed_goes_when_the_senders_take_the_task_back(desk: DecidingDesk) -> None:
    task = proposed_further(desk, accepted=False)
    desk.decide(task, T.ESCALATION_WITHDRAW, "Duty Sergeant", unit="HP")
    assert [step.status for step in desk.escalations(task)] == [S.WITHDRAWN, S.WITHDRAWN]
    assert (desk.now(task).stands_on, desk.now(task).decision_needed) == (("HP",), False)


def test_nobody_agrees_to_a_proposal_from_where_the_task_no_longer_stands(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True))
    stale = replace(desk.last_step(task), from_unit="DIV_N", to_unit="PKS")
    with pytest.raises(RuleBroken, match="was to go up from North Division and stands with Northfell now"):
        endorsed(desk, task, stale)
    assert desk.now(task).stands_on == ("HP",)


def test_nobody_agrees_to_a_proposal_about_a_task_that_is_done(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True))
    desk.on_board(task, progress=100)
    with pytest.raises(RuleBroken, match="is not open, so it cannot go up: withdraw the proposal"):
        desk.decide(task, T.ENDORSE, "Duty Sergeant")
    desk.decide(task, T.ESCALATION_WITHDRAW, "Duty Sergeant")
    assert desk.now(task).stands_on == ("HP",)


def endorsed(desk: DecidingDesk, task: Task, step: Escalation) -> None:
    with desk.act() as uow:
        climbing.endorse(uow, desk.force, uow.task(task.task_id), step, "sgt@peakshire.example")


# By when, once it is agreed to


@pytest.mark.parametrize(
    ("waited", "cancelled", "forum"),
    [
        (HOUR / 2, False, "DIV_N_DAILY 2026-11-02"),
        (HOUR / 2, True, "DIV_N_DAILY 2026-11-03"),
        (3 * DAY, False, "DIV_N_DAILY 2026-11-06"),
    ],
)
def test_agreed_to_late_it_goes_before_the_next_meeting_of_that_kind_and_not_one_that_is_over(
    desk: DecidingDesk, waited: Any, cancelled: bool, forum: str
) -> None:
    at = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
    proposal = a_proposal(needs_endorsement=True, forum="DIV_N_DAILY 2026-11-02", decide_by=at + 20 * MINUTE)
    task = desk.escalated(desk.raised(), proposal)
    if cancelled:
        with desk.act() as uow:
            cancel_meeting(uow, desk.force, "DIV_N_DAILY", at, "Snow.")
        assert (desk.last_step(task).status, desk.last_step(task).forum) == (S.PROPOSED, "DIV_N_DAILY 2026-11-03")
    desk.clock.advance(waited + HOUR * (waited > DAY))
    desk.decide(task, T.ENDORSE, "Duty Sergeant")
    step = desk.last_step(task)
    assert (step.forum, step.status) == (forum, S.REQUESTED)
    assert step.decide_by == datetime.fromisoformat(f"{forum[-10:]}T09:35+00:00")


def test_agreed_to_where_no_such_meeting_is_to_come_the_duty_role_has_a_day(desk: DecidingDesk) -> None:
    proposal = a_proposal(needs_endorsement=True, forum="DIV_N_OLD 2026-11-02", decide_by=MORNING + HOUR)
    task = desk.escalated(desk.raised(), proposal)
    desk.force = replace(desk.force, meetings=tuple(each for each in desk.force.meetings if each.unit != "DIV_N"))
    desk.decide(task, T.ENDORSE, "Duty Sergeant")
    step = desk.last_step(task)
    assert (step.forum, step.decide_by, step.hops[0].role) == ("", MORNING + DAY, "Duty Inspector")


@pytest.mark.parametrize("meeting", ["DIV_N_DAILY 2026-12-02", "DIV_N_TACTICAL 2026-12-10"])
def test_nothing_is_left_to_a_meeting_more_than_four_weeks_ahead(desk: DecidingDesk, meeting: str) -> None:
    task = desk.escalated(desk.raised())
    with pytest.raises(RuleBroken, match="is more than 28 days ahead: name an earlier meeting, or decide it now"):
        desk.decide(task, T.ESCALATION_TO_MEETING, to_meeting=meeting)
    desk.decide(task, T.ESCALATION_TO_MEETING, to_meeting="DIV_N_DAILY 2026-11-30")
    assert desk.last_step(task).status is S.TO_MEETING


@pytest.mark.parametrize("band", [IMMEDIATE, PRIORITY])
def test_a_task_of_a_high_band_waits_for_the_second_daily_meeting_at_the_latest(desk: DecidingDesk, band: Any) -> None:
    task = desk.escalated(desk.raised(assessment=BY_BAND[band]))
    with pytest.raises(RuleBroken, match=r"second daily meeting \(DIV_N_DAILY 2026-11-03\): name one until then"):
        left_to(desk, task, datetime(2026, 11, 4, 9, 35, tzinfo=UTC))
    left_to(desk, task, datetime(2026, 11, 3, 9, 35, tzinfo=UTC))
    assert desk.last_step(task).status is S.TO_MEETING


def left_to(desk: DecidingDesk, task: Task, until: datetime) -> None:
    said, step = {"decided_by": "chi@peakshire.example"}, desk.last_step(task)
    with desk.act() as uow:
        now, step = climbing.as_it_stands(uow, step)
        climbing.send_to_meeting(uow, now, step, "DIV_N_DAILY", until, force=desk.force, **said)


# Asking further is a decision


def test_by_the_label_of_a_board_a_level_takes_on_what_it_had_to_decide_and_that_is_on_record(
    desk: DecidingDesk,
) -> None:
    task = desk.escalated(desk.raised())
    desk.escalated(task, a_proposal("DIV_N", "PKS", trigger="ASKED_BY_LABEL"))
    first, (made,) = desk.escalations(task)[0], desk.decisions(task)
    assert (first.status, first.decision_ref, first.decided_by) == (S.ACCEPTED, made.decision_ref, made.decided_by)
    assert (made.decision_type, made.capacity, made.unit) == (T.ESCALATION_ACCEPT, Capacity.UNIT, "DIV_N")
    assert (made.decided_by, made.rationale) == (
        "board of North Division",
        "By asking further, North Division has taken it on.",
    )


def test_a_person_who_asks_further_is_named_as_who_took_it_on(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, T.ESCALATE, **ASKS)
    made = {each.decision_type: each for each in desk.decisions(task)}
    assert set(made) == {T.ESCALATE, T.ESCALATION_ACCEPT}
    assert (made[T.ESCALATION_ACCEPT].decided_by, made[T.ESCALATION_ACCEPT].role) == (
        "chi@peakshire.example",
        "Duty Inspector",
    )
    assert desk.escalations(task)[0].status is S.ACCEPTED


def test_what_is_only_proposed_to_go_further_has_not_been_taken_on_until_somebody_agrees(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.escalated(desk.raised()), further(trigger="BEYOND_RESOURCES"))
    assert [step.status for step in desk.escalations(task)] == [S.REQUESTED, S.PROPOSED]
    assert desk.decisions(task) == ()
    desk.decide(task, T.ENDORSE, unit="DIV_N")
    assert [step.status for step in desk.escalations(task)] == [S.ACCEPTED, S.REQUESTED]
    assert {each.decision_type for each in desk.decisions(task)} == {T.ESCALATION_ACCEPT, T.ENDORSE}


# Asking again


def asked_again(desk: DecidingDesk, task: Task) -> None:
    step = desk.last_step(task)
    with desk.act("rule:chase") as uow:
        climbing.chase(uow, desk.force, step)


@pytest.mark.parametrize("ask", [lambda uow, desk, step: climbing.chase(uow, desk.force, step), None])
def test_whoever_asks_again_cannot_undo_what_was_decided_since_they_looked(desk: DecidingDesk, ask: Any) -> None:
    task = desk.escalated(desk.raised(), a_proposal(decide_by=MORNING + HOUR))
    as_seen = desk.last_step(task)
    desk.decide(task, T.ESCALATION_DECLINE)
    with pytest.raises(RuleBroken, match="already declined, so nobody else is asked"), desk.act("rule:chase") as uow:
        ask(uow, desk, as_seen) if ask else climbing.overrun(uow, as_seen)
    assert (desk.last_step(task).status, desk.now(task).stands_on) == (S.DECLINED, ("HP",))


def test_asking_again_and_deciding_at_once_only_one_of_them_gets_through(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised(), a_proposal(decide_by=MORNING + HOUR))
    as_seen = desk.last_step(task)
    asked_again(desk, task)
    with pytest.raises(StaleTask), desk.act("chair") as uow:
        climbing.accept(uow, task, as_seen)
    assert desk.last_step(task).status is S.REQUESTED


def test_what_is_only_proposed_is_asked_of_the_duty_roles_of_its_own_level_and_then_of_chair_and_manager(
    desk: DecidingDesk,
) -> None:
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True))
    for _ in range(2):
        desk.clock.advance(DAY)
        asked_again(desk, task)
    step = desk.last_step(task)
    assert [(hop.role, hop.decide_by) for hop in step.hops] == [("Duty Sergeant", MORNING + 2 * DAY)]
    assert desk.events()[-1] == EscalationOverrun(task.task_id, step.escalation_id, "HP")
    assert EscalationProposed(task.task_id, step.escalation_id) in desk.events()


def test_once_it_is_agreed_to_the_higher_level_starts_with_a_clean_sheet(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True, decide_by=MORNING + HOUR))
    for _ in range(2):
        asked_again(desk, task)
    desk.decide(task, T.ENDORSE, "Duty Sergeant")
    step = desk.last_step(task)
    assert ([hop.role for hop in step.hops], step.alerted_at) == (["Duty Inspector"], None)
