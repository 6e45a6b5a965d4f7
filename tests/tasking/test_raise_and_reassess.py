"""Raising a task and assessing it again: what the record then holds, what is said of it, and what is refused."""

from dataclasses import replace

import pytest

from store.tables import audit_log, outbox
from tasking import actions
from tasking.errors import RuleBroken, UnknownTask
from tasking.events import TaskRaised, TaskReassessed
from tasking.force import TRIAGE
from tasking.requests import ReassessRequest
from tasking.task import Status
from tasking.thrive import HIGHEST_LEVEL, PriorityBand, RiskContext, ThriveAssessment
from tests.peakshire import (
    BY_BAND,
    DAY,
    HOUR,
    IMMEDIATE,
    MISSING,
    MORNING,
    PRIORITY,
    ROUTINE,
    SCHEDULED,
    Desk,
)

UNSURE = replace(BY_BAND[IMMEDIATE], harm=None)


def test_a_whole_request_becomes_a_triaged_task_with_its_score_in_its_pillar(desk: Desk) -> None:
    task = desk.raised()
    assert (task.status, task.pillar, task.band, task.score) == (Status.TRIAGED, "ROADS", SCHEDULED, 24)
    assert (task.faults, task.owner_ids, task.stands_on) == ((), (), ("HP",))
    assert [line.text for line in task.checklist] == ["Set out cones", "Report back"]
    assert len({line.line_id for line in task.checklist}) == 2
    assert desk.now(task) == task


def test_raising_says_so_once_to_each_handler_and_leaves_one_line_in_the_log(desk: Desk) -> None:
    task = desk.raised()
    assert [(row["event"], row["handler"]) for row in desk.rows(outbox)] == [
        ("TaskRaised", "planner.show_on_board"),
        ("TaskRaised", "escalation.look_now"),
    ]
    assert desk.events() == [TaskRaised(task.task_id)]
    (line,) = desk.rows(audit_log)
    assert (line["action"], line["object_ref"]) == ("task raised", task.reference)
    assert line["changes"]["band"] == [None, "SCHEDULED"]


def test_a_request_with_faults_goes_to_triage_with_the_faults_and_still_gets_its_score(desk: Desk) -> None:
    task = desk.raised(faults=("No pillar is called 'Horses'.",))
    assert (task.pillar, task.status) == (TRIAGE, Status.SUBMITTED)
    assert task.faults == ("No pillar is called 'Horses'.",)
    assert (task.band, task.score) == (SCHEDULED, 24)


@pytest.mark.parametrize("name", HIGHEST_LEVEL)
def test_an_unanswered_level_sends_the_task_to_triage_unscored_and_says_which(desk: Desk, name: str) -> None:
    task = desk.raised(assessment=replace(BY_BAND[IMMEDIATE], **{name: None}))
    assert (task.pillar, task.status, task.band, task.score, task.due_at) == (
        TRIAGE,
        Status.SUBMITTED,
        None,
        None,
        None,
    )
    assert task.faults == (f"Assessment incomplete: {name} was not answered.",)


def test_a_level_off_its_scale_is_a_fault_and_never_a_score(desk: Desk) -> None:
    task = desk.raised(assessment=replace(BY_BAND[ROUTINE], threat=5))
    assert (task.pillar, task.score) == (TRIAGE, None)
    assert task.faults == ("Threat is 5; the scale is 0 to 4.",)


def test_all_faults_stand_on_the_task_not_only_the_first(desk: Desk) -> None:
    task = desk.raised(assessment=replace(UNSURE, risk=9), faults=("The unit is not known.",))
    assert len(task.faults) == 3


def test_a_task_asked_for_in_the_triage_pillar_waits_there(desk: Desk) -> None:
    assert desk.raised(pillar=TRIAGE).status is Status.SUBMITTED


@pytest.mark.parametrize(
    ("band", "length"), [(IMMEDIATE, DAY), (PRIORITY, 3 * DAY), (SCHEDULED, 14 * DAY), (ROUTINE, 28 * DAY)]
)
def test_without_a_date_the_band_says_when_it_is_due(desk: Desk, band: PriorityBand, length: object) -> None:
    task = desk.raised(assessment=BY_BAND[band])
    assert task.due_at is not None
    assert (task.band, task.due_at - task.raised_at) == (band, length)


def test_the_date_asked_for_stands_before_the_bands_own(desk: Desk) -> None:
    assert desk.raised(assessment=BY_BAND[ROUTINE], needed_by=MORNING + HOUR).due_at == MORNING + HOUR


def test_a_floor_decides_the_due_time_too(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[ROUTINE], context=RiskContext(flags=MISSING))
    assert (task.score, task.band, task.due_at) == (7, IMMEDIATE, MORNING + DAY)
    assert task.flags == MISSING


def test_the_first_assessment_is_kept_with_what_it_was_scored_by(desk: Desk) -> None:
    task = desk.raised()
    with desk.act() as uow:
        (risk,) = uow.assessments(task.task_id)
    assert (risk.trigger, risk.assessed_at, risk.assessment) == ("INITIAL", MORNING, BY_BAND[SCHEDULED])
    assert risk.result is not None
    assert sum(risk.result.components.values()) == risk.result.score == 24


def test_an_unfinished_assessment_is_kept_as_it_was_answered(desk: Desk) -> None:
    task = desk.raised(assessment=UNSURE)
    with desk.act() as uow:
        (risk,) = uow.assessments(task.task_id)
    assert (risk.assessment, risk.result) == (UNSURE, None)


def test_assessing_again_changes_band_score_and_flags_and_keeps_the_earlier_assessment(desk: Desk) -> None:
    task = desk.raised()
    desk.clock.advance(HOUR)
    changed = desk.reassessed(task, BY_BAND[PRIORITY], MISSING)
    assert (changed.band, changed.score, changed.flags) == (IMMEDIATE, 47, MISSING)
    assert (changed.reference, changed.title, changed.due_at) == (task.reference, task.title, task.due_at)
    with desk.act() as uow:
        first, second = uow.assessments(task.task_id)
    assert (first.assessment, first.assessed_at) == (BY_BAND[SCHEDULED], MORNING)
    assert (second.trigger, second.assessed_at) == ("RE_THRIVE", MORNING + HOUR)
    assert desk.events()[-1] == TaskReassessed(task.task_id)


def test_a_flag_is_gone_when_the_newest_assessment_does_not_set_it(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[ROUTINE], context=RiskContext(flags=MISSING))
    changed = desk.reassessed(task, BY_BAND[ROUTINE])
    assert (changed.flags, changed.band) == (frozenset(), ROUTINE)


@pytest.mark.parametrize("assessment", [UNSURE, replace(UNSURE, harm=7), ThriveAssessment(*[None] * 6)])
def test_an_incomplete_assessment_cannot_replace_a_whole_one(desk: Desk, assessment: ThriveAssessment) -> None:
    task = desk.raised()
    with pytest.raises(RuleBroken, match=task.reference):
        desk.reassessed(task, assessment)
    with desk.act() as uow:
        assert len(uow.assessments(task.task_id)) == 1
    assert desk.now(task) == task


def test_a_task_that_is_done_is_not_assessed_again(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), progress=100)
    with pytest.raises(RuleBroken, match="not open"):
        desk.reassessed(task, BY_BAND[IMMEDIATE])


def test_a_reference_is_found_however_it_is_written_and_an_unknown_one_is_said_to_be(desk: Desk) -> None:
    task = desk.raised()
    for written in (f" {task.reference.lower()} ", task.reference):
        request = ReassessRequest(written, BY_BAND[PRIORITY], RiskContext(), "bea", MORNING, "New facts")
        with desk.act() as uow:
            assert actions.reassess(uow, desk.force, request).task_id == task.task_id
    with desk.act() as uow, pytest.raises(UnknownTask):
        uow.task_by_reference("T-1")


def test_the_first_whole_assessment_gives_the_usual_due_time_and_takes_the_fault_off(desk: Desk) -> None:
    task = desk.raised(assessment=UNSURE, faults=("The unit is not known.",))
    assert task.due_at is None
    changed = desk.reassessed(task, BY_BAND[PRIORITY])
    assert changed.due_at == desk.clock.now() + 3 * DAY
    assert changed.faults == ("The unit is not known.",)


def test_a_band_that_a_person_set_gives_way_when_risk_rises_above_it(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[SCHEDULED])
    lowered = desk.on_board(task, priority=9)
    assert lowered.working_band is ROUTINE
    assert desk.reassessed(lowered, BY_BAND[IMMEDIATE]).working_band is IMMEDIATE


def test_a_band_that_a_person_raised_stands_while_risk_stays_below_it(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[ROUTINE])
    raised = desk.on_board(task, priority=1)
    assert desk.reassessed(raised, BY_BAND[PRIORITY]).working_band is IMMEDIATE
