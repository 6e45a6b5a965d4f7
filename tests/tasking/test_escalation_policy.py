"""When the policy wants a task to climb: each trigger at its very limit, once for one fact, else silent."""

from datetime import UTC, datetime, timedelta

import pytest

from tasking.escalation import EscalationStatus
from tasking.escalation_policy import (
    EscalationPolicy,
    Proposal,
    first_status,
    propose,
)
from tasking.task import Task, TaskText
from tasking.thrive import BANDS, PriorityBand, RiskContext, ThriveAssessment
from tasking.triggers import CONDITIONS, Case, Rule, in_words
from tests.peakshire import (
    ASK,
    BY_BAND,
    DAY,
    HOUR,
    IMMEDIATE,
    MINUTE,
    MISSING,
    MORNING,
    PRIORITY,
    ROUTINE,
    SCHEDULED,
    Desk,
    a_proposal,
    limits,
    small_policy,
)

INSTANT = timedelta(microseconds=1)
BLANK = ThriveAssessment(*[None] * 6)


def proposed(desk: Desk, task: Task, *triggers: str) -> Proposal | None:
    """What the policy, or these triggers of it alone, would do with the task now."""
    with desk.act() as uow:
        case = Case(uow.task(task.task_id), uow.assessments(task.task_id), uow.escalations(task.task_id))
    return propose(small_policy(*triggers), desk.force, case, desk.clock.now())


def climbed(desk: Desk, task: Task, *triggers: str) -> Task:
    """The task after the policy's proposal was carried out; there has to be one."""
    proposal = proposed(desk, task, *triggers)
    assert proposal is not None
    return desk.escalated(task, proposal)


def test_a_new_task_that_nothing_is_wrong_with_stays_where_it_is(desk: Desk) -> None:
    assert proposed(desk, desk.raised()) is None


# Not accepted


@pytest.mark.parametrize("band", PriorityBand)
def test_a_task_nobody_takes_up_climbs_exactly_when_its_bands_time_is_over(desk: Desk, band: PriorityBand) -> None:
    task = desk.raised(assessment=BY_BAND[band])
    desk.clock.advance(BANDS[band].accept_within - INSTANT)
    assert proposed(desk, task, "NOT_ACCEPTED") is None
    desk.clock.advance(INSTANT)
    proposal = proposed(desk, task, "NOT_ACCEPTED")
    assert proposal is not None
    assert (proposal.trigger, proposal.from_unit, proposal.to_unit) == ("NOT_ACCEPTED", "HP", "DIV_N")
    assert (proposal.decide_by, proposal.policy_version) == (desk.clock.now() + HOUR, "test-1")


def test_an_owner_alone_has_not_taken_it_up_but_a_tick_or_a_start_has(desk: Desk) -> None:
    owned, ticked, started = (desk.on_board(desk.raised(), owner_ids=("owner-1",)) for _ in range(3))
    desk.on_board(ticked, ticks={ticked.checklist[0].line_id: True})
    desk.on_board(started, progress=50)
    desk.clock.advance(DAY)
    assert [bool(proposed(desk, task, "NOT_ACCEPTED")) for task in (owned, ticked, started)] == [True, False, False]


def test_a_task_without_a_band_is_not_measured_by_any_bands_time(desk: Desk) -> None:
    task = desk.raised(assessment=BLANK)
    desk.clock.advance(100 * DAY)
    assert proposed(desk, task, "NOT_ACCEPTED", "OVERDUE") is None


def test_the_band_that_a_person_set_is_the_one_whose_time_counts(desk: Desk) -> None:
    task = desk.on_board(desk.raised(assessment=BY_BAND[ROUTINE]), priority=1)
    desk.clock.advance(HOUR)
    assert proposed(desk, task, "NOT_ACCEPTED") is not None


def test_a_band_that_the_rule_leaves_out_is_not_watched(desk: Desk) -> None:
    task = desk.raised()
    with desk.act() as uow:
        case = Case(uow.task(task.task_id), uow.assessments(task.task_id), ())
    policy = EscalationPolicy("p", (Rule("NOT_ACCEPTED", "NEXT", True, {IMMEDIATE: HOUR}),))
    assert propose(policy, desk.force, case, MORNING + 90 * DAY) is None


# Overdue


@pytest.mark.parametrize(
    ("band", "grace"), [(IMMEDIATE, 0 * DAY), (PRIORITY, 0 * DAY), (SCHEDULED, 2 * DAY), (ROUTINE, 7 * DAY)]
)
def test_an_overdue_task_climbs_exactly_when_its_bands_grace_is_over(
    desk: Desk, band: PriorityBand, grace: timedelta
) -> None:
    task = desk.raised(assessment=BY_BAND[band], needed_by=MORNING + HOUR)
    desk.clock.advance(HOUR + grace - INSTANT)
    assert proposed(desk, task, "OVERDUE") is None
    desk.clock.advance(INSTANT)
    proposal = proposed(desk, task, "OVERDUE")
    assert proposal is not None
    assert (proposal.to_unit, proposal.decide_by) == ("DIV_N", desk.clock.now() + DAY)


def test_a_task_without_a_due_date_is_never_overdue(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), due_at=None)
    desk.clock.advance(400 * DAY)
    assert proposed(desk, task, "OVERDUE") is None


def test_the_same_due_date_fires_once_and_a_new_one_again(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[IMMEDIATE], needed_by=MORNING + HOUR)
    desk.clock.advance(2 * HOUR)
    task = desk.returned(climbed(desk, task, "OVERDUE"))
    desk.clock.advance(DAY)
    assert proposed(desk, task, "OVERDUE") is None
    task = desk.on_board(task, due_at=desk.clock.now() + HOUR)
    assert proposed(desk, task, "OVERDUE") is None
    desk.clock.advance(HOUR)
    assert proposed(desk, task, "OVERDUE") is not None


# Risk risen

LOW = ThriveAssessment(1, 2, 2, 0, 1, 0)  # 20 points


@pytest.mark.parametrize(("points", "climbs"), [(14, False), (15, True)])
def test_risk_has_risen_from_the_points_that_the_policy_names_on(desk: Desk, points: int, climbs: bool) -> None:
    risen = ThriveAssessment(1, 2, 2, 1, 4, 0) if points == 14 else ThriveAssessment(1, 3, 3, 0, 1, 0)
    task = desk.reassessed(desk.raised(assessment=LOW), risen)
    assert task.score is not None
    assert task.score - 20 >= points
    assert (task.score - 20 < 15) is not climbs
    assert bool(proposed(desk, task, "RISK_RISEN")) is climbs


def test_becoming_immediate_is_a_rise_however_few_the_points(desk: Desk) -> None:
    task = desk.reassessed(desk.raised(assessment=LOW), LOW, frozenset({"CRITICAL_INCIDENT"}))
    proposal = proposed(desk, task, "RISK_RISEN")
    assert proposal is not None
    assert proposal.reason == "Risk has risen: score 20 to 20, SCHEDULED to IMMEDIATE."
    assert proposal.decide_by == MORNING + HOUR


def test_staying_immediate_or_falling_is_no_rise(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[IMMEDIATE])
    assert proposed(desk, desk.reassessed(task, BY_BAND[IMMEDIATE]), "RISK_RISEN") is None
    assert proposed(desk, desk.reassessed(task, BY_BAND[ROUTINE]), "RISK_RISEN") is None


def test_a_first_whole_assessment_after_an_unfinished_one_is_not_a_rise(desk: Desk) -> None:
    task = desk.reassessed(desk.raised(assessment=BLANK), BY_BAND[IMMEDIATE])
    assert proposed(desk, task, "RISK_RISEN") is None


def test_a_rise_fires_once_stays_quiet_after_the_return_and_the_next_rise_fires_again(desk: Desk) -> None:
    task = desk.reassessed(desk.raised(assessment=BY_BAND[ROUTINE]), BY_BAND[PRIORITY])
    task = desk.returned(climbed(desk, task, "RISK_RISEN"))
    desk.clock.advance(HOUR)
    assert proposed(desk, task, "RISK_RISEN") is None
    task = desk.reassessed(task, BY_BAND[IMMEDIATE])
    assert proposed(desk, task, "RISK_RISEN") is not None


# High-risk missing


def missing(desk: Desk, **changes: object) -> Task:
    return desk.raised(assessment=BY_BAND[ROUTINE], context=RiskContext(flags=MISSING), **changes)


def test_a_high_risk_missing_person_goes_to_the_force_level_at_once(desk: Desk) -> None:
    proposal = proposed(desk, missing(desk))
    assert proposal is not None
    assert (proposal.trigger, proposal.from_unit, proposal.to_unit) == ("MISSING_HIGH", "HP", "PKS")
    assert (proposal.notifies_at_once, proposal.decide_by) == (True, MORNING + HOUR)


def test_the_flag_counts_even_where_the_assessment_is_unfinished(desk: Desk) -> None:
    task = desk.raised(assessment=BLANK, context=RiskContext(flags=MISSING))
    proposal = proposed(desk, task)
    assert proposal is not None
    assert (proposal.to_unit, proposal.decide_by) == ("PKS", MORNING + HOUR), "as long as the lowest band would"


def test_a_high_risk_missing_person_does_not_wait_for_a_division_that_is_deciding(desk: Desk) -> None:
    task = desk.escalated(desk.raised(assessment=BY_BAND[ROUTINE]))
    task = desk.reassessed(task, BY_BAND[ROUTINE], MISSING)
    proposal = proposed(desk, task)
    assert proposal is not None
    assert (proposal.from_unit, proposal.to_unit) == ("DIV_N", "PKS")
    assert desk.escalated(task, proposal).stands_on == ("HP", "DIV_N", "PKS")


def test_the_flag_fires_once_and_a_repeated_assessment_with_it_says_nothing_new(desk: Desk) -> None:
    task = desk.returned(climbed(desk, missing(desk), "MISSING_HIGH"))
    desk.clock.advance(HOUR)
    task = desk.reassessed(task, BY_BAND[ROUTINE], MISSING)
    assert proposed(desk, task, "MISSING_HIGH") is None


def test_a_flag_taken_back_before_anybody_looked_fires_nothing(desk: Desk) -> None:
    task = desk.reassessed(missing(desk), BY_BAND[ROUTINE])
    assert proposed(desk, task, "MISSING_HIGH") is None


def test_a_person_found_and_missing_again_is_told_again(desk: Desk) -> None:
    task = desk.returned(climbed(desk, missing(desk), "MISSING_HIGH"))
    desk.clock.advance(HOUR)
    task = desk.reassessed(task, BY_BAND[ROUTINE])
    assert proposed(desk, task, "MISSING_HIGH") is None
    desk.clock.advance(HOUR)
    task = desk.reassessed(task, BY_BAND[ROUTINE], MISSING)
    assert proposed(desk, task, "MISSING_HIGH") is not None


def test_a_task_of_the_force_level_itself_has_nowhere_higher_to_go(desk: Desk) -> None:
    assert proposed(desk, missing(desk, unit="PKS")) is None


# Asked for on the board


def test_a_person_asks_by_label_and_the_next_level_decides(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), labels=frozenset({ASK}))
    proposal = proposed(desk, task)
    assert proposal is not None
    assert (proposal.trigger, proposal.to_unit, proposal.decide_by) == ("ASKED_BY_LABEL", "DIV_N", MORNING + DAY)
    assert first_status(proposal, SCHEDULED) is EscalationStatus.REQUESTED


def test_a_label_taken_off_in_time_asks_for_nothing(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), labels=frozenset({ASK}))
    assert proposed(desk, desk.on_board(task, labels=frozenset())) is None


def test_asking_again_after_a_return_is_a_new_fact(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), labels=frozenset({ASK}))
    task = desk.returned(climbed(desk, task))
    desk.clock.advance(MINUTE)
    task = desk.on_board(task, labels=frozenset({ASK}))
    assert proposed(desk, task) is not None


def test_only_the_level_that_has_to_decide_may_ask_further_up(desk: Desk) -> None:
    task = desk.escalated(desk.raised())
    desk.clock.advance(MINUTE)
    below = desk.on_board(task, "HP", labels=frozenset({ASK}))
    assert proposed(desk, below) is None
    desk.on_board(task, "HP", labels=frozenset())
    there = desk.on_board(task, "DIV_N", labels=frozenset({ASK}))
    proposal = proposed(desk, there)
    assert proposal is not None
    assert (proposal.from_unit, proposal.to_unit) == ("DIV_N", "PKS")


def test_asking_at_the_highest_level_leads_nowhere(desk: Desk) -> None:
    task = desk.escalated(desk.raised(), a_proposal(to_unit="PKS"))
    assert proposed(desk, desk.on_board(task, "PKS", labels=frozenset({ASK}))) is None


# All together


def test_no_rule_goes_over_the_head_of_a_level_that_has_to_decide(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[ROUTINE], needed_by=MORNING + HOUR)
    task = desk.escalated(task)
    task = desk.reassessed(task, BY_BAND[IMMEDIATE])
    desk.clock.advance(30 * DAY)
    assert proposed(desk, task) is None


def test_what_was_known_when_the_task_came_back_stays_quiet_and_what_comes_later_does_not(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[IMMEDIATE], needed_by=MORNING + 3 * HOUR)
    desk.clock.advance(2 * HOUR)
    task = desk.returned(desk.escalated(task))
    assert proposed(desk, task) is None
    desk.clock.advance(HOUR)
    later = proposed(desk, task)
    assert later is not None
    assert later.trigger == "OVERDUE"


def test_what_became_true_at_the_very_moment_of_the_return_was_known_to_the_chair(desk: Desk) -> None:
    task = desk.escalated(desk.raised(assessment=BY_BAND[IMMEDIATE], needed_by=MORNING + 2 * HOUR))
    desk.clock.advance(2 * HOUR)
    desk.returned(task)
    desk.clock.advance(HOUR)
    assert proposed(desk, task, "OVERDUE") is None


def test_the_first_rule_that_fits_is_used(desk: Desk) -> None:
    task = desk.on_board(missing(desk, needed_by=MORNING), labels=frozenset({ASK}))
    desk.clock.advance(DAY)
    order = ["MISSING_HIGH", "NOT_ACCEPTED", "OVERDUE", "ASKED_BY_LABEL"]
    assert [getattr(proposed(desk, task, *order[start:]), "trigger", None) for start in range(4)] == order


def test_a_task_that_is_done_stays_where_it_is_and_climbs_again_only_when_opened(desk: Desk) -> None:
    task = desk.on_board(desk.raised(assessment=BY_BAND[IMMEDIATE], needed_by=MORNING), progress=100)
    desk.clock.advance(DAY)
    assert proposed(desk, task) is None
    assert proposed(desk, desk.on_board(task, progress=50)) is not None


ANY_RULE = {
    trigger: Rule(
        trigger, "FORCE", True, limits(DAY, DAY, DAY, DAY), limits(DAY, DAY, DAY, DAY), 1, level=1, within=DAY
    )
    for trigger in CONDITIONS
}


def test_no_reason_holds_a_word_that_people_wrote(desk: Desk) -> None:
    words = {"title": "Zebra", "submitted_by": "zebra@peakshire.example", "wanted": "Zebra"}
    every_flag = MISSING | {"CRITICAL_INCIDENT", "CHILD_EXPLOITATION"}
    for trigger in CONDITIONS:
        task = missing(desk, **words, needed_by=MORNING, text=TaskText(place="Zebra"))
        task = desk.on_board(desk.reassessed(task, BY_BAND[PRIORITY], every_flag), labels=frozenset({ASK}))
        with desk.act() as uow:
            case = Case(uow.task(task.task_id), uow.assessments(task.task_id), (), frozenset({"DD"}))
        found = propose(EscalationPolicy("test-1", (ANY_RULE[trigger],)), desk.force, case, MORNING + 30 * DAY)
        assert found is not None, trigger
        assert "zebra" not in repr(found).casefold()


def test_a_proposal_is_made_by_the_clock_that_is_given_and_changes_nothing(desk: Desk) -> None:
    task = desk.raised()
    with desk.act() as uow:
        case = Case(task, uow.assessments(task.task_id), ())
    early, late = (propose(small_policy(), desk.force, case, MORNING + days * DAY) for days in (0, 2))
    assert (early is None, late is None) == (True, False)
    assert desk.now(task) == task


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (HOUR, "1 hour"),
        (4 * HOUR, "4 hours"),
        (DAY, "1 day"),
        (72 * HOUR, "3 days"),
        (36 * HOUR, "36 hours"),
        (90 * MINUTE, "90 minutes"),
        (timedelta(seconds=45), "45 seconds"),
        (timedelta(0), "0 seconds"),
    ],
)
def test_lengths_of_time_are_said_as_people_say_them(length: timedelta, words: str) -> None:
    assert in_words(length) == words


def test_an_hour_in_the_night_when_clocks_change_is_an_hour(desk: Desk) -> None:
    desk.clock.at = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    task = desk.raised(assessment=BY_BAND[IMMEDIATE])
    desk.clock.advance(HOUR - INSTANT)
    assert proposed(desk, task, "NOT_ACCEPTED") is None
    desk.clock.advance(INSTANT)
    assert proposed(desk, task, "NOT_ACCEPTED") is not None
