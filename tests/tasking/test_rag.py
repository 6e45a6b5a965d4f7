"""RAG: how a task stands, at each border of the policing notes' section 3.4, and always with words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasking.rag import RAG_WORDS, Rag, rag_of, rag_reason
from tasking.task import ChecklistLine, Classification, Status, Task, TaskText
from tasking.thrive import PriorityBand

MONDAY = datetime(2027, 1, 4, 9, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
INSTANT = timedelta(microseconds=1)
IMMEDIATE, PRIORITY, SCHEDULED, ROUTINE = PriorityBand

FRESH = Task(
    task_id="t",
    reference="T-1",
    title="Patrol the square",
    unit="HP",
    pillar="ROADS",
    status=Status.TRIAGED,
    classification=Classification.OFFICIAL,
    text=TaskText(),
    wanted="",
    stands_on=("HP",),
    faults=(),
    band=PRIORITY,
    score=50,
    band_override=None,
    flags=frozenset(),
    labels=frozenset(),
    owner_ids=(),
    progress=0,
    checklist=(),
    links=(),
    form="raise",
    response_id="1",
    submitted_by="pc@peakshire.example",
    submitted_at=MONDAY,
    raised_at=MONDAY,
    due_at=MONDAY + 72 * HOUR,
)
STARTED = replace(FRESH, status=Status.IN_PROGRESS, accepted_at=MONDAY + HOUR, progress=50)


def test_a_fresh_task_and_one_that_is_being_worked_on_are_on_track() -> None:
    assert rag_of(FRESH, MONDAY) is Rag.GREEN
    assert rag_of(STARTED, MONDAY + DAY) is Rag.GREEN
    assert rag_reason(STARTED, MONDAY + DAY) == "On track"


def test_a_task_turns_red_the_moment_after_its_time_to_be_accepted_has_run_out() -> None:
    assert rag_of(FRESH, MONDAY + 4 * HOUR) is Rag.GREEN
    assert rag_of(FRESH, MONDAY + 4 * HOUR + INSTANT) is Rag.RED
    assert rag_reason(FRESH, MONDAY + 5 * HOUR) == "Not accepted in time"


def test_the_band_that_a_person_set_counts() -> None:
    calm = replace(FRESH, band_override=ROUTINE)
    assert rag_of(calm, MONDAY + 5 * HOUR) is Rag.GREEN
    assert rag_of(replace(calm, band_override=IMMEDIATE), MONDAY + 2 * HOUR) is Rag.RED


def test_a_weekend_does_not_make_a_scheduled_task_late() -> None:
    friday = MONDAY + 4 * DAY
    task = replace(FRESH, band=SCHEDULED, raised_at=friday, due_at=friday + 14 * DAY)
    assert rag_of(task, friday + 3 * DAY) is Rag.GREEN
    assert rag_of(task, friday + 3 * DAY + INSTANT) is Rag.RED


def test_accepted_and_then_left_lying_is_red_once_the_first_action_is_late() -> None:
    accepted = replace(FRESH, accepted_at=MONDAY + HOUR, status=Status.ACCEPTED)
    assert rag_of(accepted, MONDAY + DAY) is Rag.GREEN
    assert rag_of(accepted, MONDAY + DAY + INSTANT) is Rag.RED
    assert rag_reason(accepted, MONDAY + 25 * HOUR) == "Nothing done in time"
    ticked = replace(accepted, checklist=(ChecklistLine("1", "Knock", is_done=True),))
    assert rag_of(ticked, MONDAY + DAY + INSTANT) is Rag.GREEN


def test_past_due_is_red_and_due_now_is_not_yet() -> None:
    assert rag_of(STARTED, MONDAY + 72 * HOUR) is Rag.AMBER
    assert rag_of(STARTED, MONDAY + 72 * HOUR + INSTANT) is Rag.RED
    assert rag_reason(STARTED, MONDAY + 4 * DAY) == "Past its due time"


def test_an_escalation_undecided_past_its_limit_is_red() -> None:
    assert rag_of(STARTED, MONDAY + DAY, undecided=True) is Rag.RED
    assert rag_reason(STARTED, MONDAY + DAY, undecided=True) == "Escalation not decided in time"


def test_three_quarters_of_its_time_gone_is_amber_and_a_moment_before_is_not() -> None:
    assert rag_of(STARTED, MONDAY + 54 * HOUR - INSTANT) is Rag.GREEN
    assert rag_of(STARTED, MONDAY + 54 * HOUR) is Rag.AMBER


def test_accepted_late_stays_amber_and_at_the_last_moment_is_in_time() -> None:
    in_time = replace(STARTED, accepted_at=MONDAY + 4 * HOUR)
    assert rag_of(in_time, MONDAY + 5 * HOUR) is Rag.GREEN
    late = replace(STARTED, accepted_at=MONDAY + 4 * HOUR + MINUTE)
    assert rag_of(late, MONDAY + 5 * HOUR) is Rag.AMBER
    assert rag_reason(late, MONDAY + 5 * HOUR) == "Accepted late"


def test_blocked_is_amber_but_late_comes_first() -> None:
    blocked = replace(STARTED, labels=frozenset({"BLOCKED"}))
    assert rag_reason(blocked, MONDAY + DAY) == "Blocked"
    assert rag_of(blocked, MONDAY + DAY) is Rag.AMBER
    assert rag_of(blocked, MONDAY + 4 * DAY) is Rag.RED


@pytest.mark.parametrize(
    ("status", "rag"), [(Status.COMPLETED, Rag.BLUE), (Status.WITHDRAWN, Rag.GREY)], ids=["completed", "withdrawn"]
)
def test_what_is_over_is_never_late(status: Status, rag: Rag) -> None:
    assert rag_of(replace(FRESH, status=status), MONDAY + 30 * DAY, undecided=True) is rag


def test_without_a_band_or_a_due_time_there_is_nothing_to_be_late_for() -> None:
    assert rag_of(replace(FRESH, band=None, due_at=None), MONDAY + 30 * DAY) is Rag.GREEN


def test_no_colour_stands_alone() -> None:
    assert set(RAG_WORDS) == set(Rag)
    assert len(set(RAG_WORDS.values())) == len(Rag)
