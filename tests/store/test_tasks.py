"""Tasks, assessments and escalations come out of the database as they went in, whatever people wrote."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import tasks
from store.tables import tasks as task_rows
from tasking import actions
from tasking.errors import UnknownTask
from tasking.escalation import Escalation, EscalationStatus
from tasking.task import Classification, EvidenceLink, Status, Task, TaskText
from tasking.thrive import HIGHEST_LEVEL, Alignment, AssessedRisk, PriorityBand, RiskContext, ThriveAssessment, score
from tests.peakshire import HOUR, MORNING, Desk, a_proposal, a_request, open_desk

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
moments = st.timedeltas(timedelta(days=-3000), timedelta(days=5000)).map(lambda length: MORNING + length)
maybe_moments = st.none() | moments
levels = st.builds(ThriveAssessment, **{name: st.none() | st.integers(0, top) for name, top in HIGHEST_LEVEL.items()})
contexts = st.builds(RiskContext, st.sampled_from(Alignment), st.integers(0, 9), st.frozensets(words, max_size=3))
changes = st.fixed_dictionaries(
    {
        "title": words,
        "text": st.builds(TaskText, words, words, words, words, words),
        "status": st.sampled_from(Status),
        "classification": st.sampled_from(Classification),
        "band_override": st.none() | st.sampled_from(PriorityBand),
        "labels": st.frozensets(words, max_size=4),
        "owner_ids": st.lists(words, max_size=3).map(tuple),
        "links": st.lists(st.builds(EvidenceLink, words, words), max_size=3).map(tuple),
        "faults": st.lists(words, max_size=3).map(tuple),
        "due_at": maybe_moments,
        "completed_at": maybe_moments,
        "asked_up_at": maybe_moments,
        "was_returned": st.booleans(),
    }
)


@settings(max_examples=40, deadline=None)
@given(changes)
def test_a_task_is_read_as_it_was_saved(changed: dict[str, Any]) -> None:
    with open_desk() as desk:
        task = replace(desk.raised(), **changed)
        with desk.act() as uow:
            saved = uow.save_task(task)
        assert saved == replace(task, version=1)
        assert desk.now(task) == saved
        with desk.act() as uow:
            assert uow.task_by_reference(task.reference) == saved


@settings(max_examples=40, deadline=None)
@given(levels, contexts, moments)
def test_an_assessment_is_read_as_it_was_kept(assessment: ThriveAssessment, context: RiskContext, at: datetime) -> None:
    risk = AssessedRisk("a" * 32, assessment, context, "INITIAL", at, score(assessment, context))
    with open_desk() as desk, desk.act() as uow:
        uow.add_assessment("t", risk)
        assert uow.assessments("t") == (risk,)


def test_an_escalation_is_read_as_it_was_kept_and_changed_in_its_place(desk: Desk) -> None:
    task = desk.raised()
    with desk.act() as uow:
        first = actions.escalate(uow, desk.force, task.task_id, a_proposal(decide_by=MORNING + HOUR))
        later = Escalation(**{**as_dict(first), "escalation_id": "later", "fact": "other"})
        uow.put_escalation(later)
        changed = replace(first, status=EscalationStatus.RETURNED, returned_at=MORNING, conditions="Zebra")
        uow.put_escalation(changed)
    assert desk.escalations(task) == (changed, later)
    with desk.store.open() as connection:
        assert tasks.read_escalation(connection, first.escalation_id) == changed


def as_dict(escalation: Escalation) -> dict[str, Any]:
    return {name: getattr(escalation, name) for name in Escalation.__dataclass_fields__}


def test_what_is_not_there_is_said_to_be_unknown_without_repeating_what_was_asked(desk: Desk) -> None:
    with desk.store.open() as connection:
        with pytest.raises(UnknownTask):
            tasks.read_task(connection, "nothing")
        with pytest.raises(UnknownTask):
            tasks.read_escalation(connection, "nothing")
        with pytest.raises(UnknownTask) as told:
            tasks.read_task_by_reference(connection, "words that a person typed")
        assert "typed" not in str(told.value)


def test_the_columns_for_queries_say_what_the_task_says(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), priority=1, progress=100, pillar="RURAL")
    (row,) = desk.rows(task_rows)
    assert (row["reference"], row["unit"], row["pillar"]) == (task.reference, "HP", "RURAL")
    assert (row["status"], row["is_open"], row["band"]) == ("COMPLETED", False, "IMMEDIATE")
    assert (row["raised_at"], row["due_at"], row["version"]) == (task.raised_at, task.due_at, 1)


def test_open_tasks_are_those_with_work_to_do_oldest_first_though_saved_in_another_order(desk: Desk) -> None:
    late = desk.raised()
    desk.clock.advance(-HOUR)
    early, done = desk.raised(), desk.raised()
    desk.on_board(done, progress=100)
    with desk.store.open() as connection:
        assert [task.task_id for task in tasks.read_open_tasks(connection)] == [early.task_id, late.task_id]
        assert len(tasks.read_all_tasks(connection)) == 3


def test_two_tasks_never_share_a_reference(desk: Desk) -> None:
    desk.raised()
    with pytest.raises(Exception, match="UNIQUE"), desk.act() as uow:
        actions.raise_task(uow, desk.force, a_request("T-1001"))


def test_a_due_time_given_in_another_zone_is_the_same_moment_when_read(desk: Desk) -> None:
    summer = datetime(2027, 7, 1, 9, 0, tzinfo=timezone(timedelta(hours=1)))
    task: Task = desk.raised(needed_by=summer)
    assert desk.now(task).due_at == datetime(2027, 7, 1, 8, 0, tzinfo=UTC)
    assert desk.rows(task_rows)[0]["due_at"] == summer


def test_open_tasks_are_counted_with_every_unit_they_stand_with() -> None:
    with open_desk() as desk:
        desk.escalated(desk.raised())
        desk.raised()
        desk.on_board(desk.raised(unit="DD"), progress=100)
        with desk.store.open() as connection:
            assert tasks.units_with_open_tasks(connection) == {"HP": 2, "DIV_N": 1}


def test_what_a_meeting_was_to_decide_includes_what_is_only_proposed() -> None:
    with open_desk() as desk:
        desk.escalated(desk.raised(), a_proposal(needs_endorsement=True, forum="DIV_N_DAILY 2026-11-02"))
        desk.escalated(desk.raised(), a_proposal(forum="DIV_N_DAILY 2026-11-02"))
        desk.escalated(desk.raised(), a_proposal(forum="DIV_N_DAILY 2026-11-03"))
        with desk.store.open() as connection:
            waiting = tasks.awaiting_forum(connection, "DIV_N_DAILY 2026-11-02")
    assert [step.status for step in waiting] == [EscalationStatus.PROPOSED, EscalationStatus.REQUESTED]
