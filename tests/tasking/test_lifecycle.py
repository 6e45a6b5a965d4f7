"""The lifecycle table is whole, and whatever people do on a board, the record's status says what the board shows."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasking.force import TRIAGE
from tasking.task import MAY_BECOME, Status, Task, may_become
from tests.peakshire import MINUTE, Desk, open_desk

OPEN = {Status.SUBMITTED, Status.TRIAGED, Status.ALLOCATED, Status.ACCEPTED, Status.IN_PROGRESS}


def test_every_status_has_a_line_and_names_only_statuses() -> None:
    assert set(MAY_BECOME) == set(Status)
    assert all(set(others) <= set(Status) for others in MAY_BECOME.values())


def test_every_status_can_be_reached_from_a_new_task() -> None:
    reached, new = set(), {Status.SUBMITTED}
    while new:
        reached |= new
        new = set().union(*(MAY_BECOME[status] for status in new)) - reached
    assert reached == set(Status)


def test_only_a_withdrawn_task_is_at_its_end_and_nothing_becomes_submitted_again() -> None:
    assert [status for status, others in MAY_BECOME.items() if not others] == [Status.WITHDRAWN]
    assert not any(Status.SUBMITTED in others for others in MAY_BECOME.values())
    assert all(may_become(status, status) for status in Status)


def test_every_open_task_may_be_withdrawn_and_completed_in_one_step() -> None:
    assert all({Status.WITHDRAWN, Status.COMPLETED} <= MAY_BECOME[status] for status in OPEN)


steps = st.one_of(
    st.sampled_from([0, 50, 100]).map(lambda progress: {"progress": progress}),
    st.sampled_from([(), ("owner-1",), ("owner-2", "owner-1")]).map(lambda owners: {"owner_ids": owners}),
    st.sampled_from(["ROADS", TRIAGE]).map(lambda pillar: {"pillar": pillar}),
    st.booleans().map(lambda done: {"first_line": done}),
)


@settings(max_examples=120, deadline=None)
@given(st.booleans(), st.lists(steps, min_size=3, max_size=9))
def test_after_any_clicks_on_the_board_the_status_says_what_the_board_shows(
    in_triage: bool, clicks: list[dict[str, Any]]
) -> None:
    with open_desk() as desk:
        task = desk.raised(pillar=TRIAGE if in_triage else "ROADS")
        for click in clicks:
            desk.clock.advance(MINUTE)
            if "first_line" in click:
                task = desk.on_board(task, ticks={task.checklist[0].line_id: click["first_line"]})
            else:
                task = desk.on_board(task, **click)
            assert_status_is_what_is_shown(task)


def assert_status_is_what_is_shown(task: Task) -> None:
    if task.progress == 100:
        assert task.status is Status.COMPLETED
    elif task.progress > 0:
        assert task.status is Status.IN_PROGRESS
    elif task.owner_ids:
        assert task.status is (Status.ACCEPTED if task.accepted_at else Status.ALLOCATED)
    else:
        assert task.status in (Status.SUBMITTED, Status.TRIAGED)
    assert (task.completed_at is None) == (task.status is not Status.COMPLETED)
    assert task.is_open == (task.status in OPEN)
    if task.owner_ids:
        assert task.allocated_at is not None
    if task.progress or any(line.is_done for line in task.checklist):
        assert task.accepted_at is not None


@pytest.mark.parametrize("status", Status)
def test_a_task_is_open_until_it_is_completed_or_withdrawn(desk: Desk, status: Status) -> None:
    assert replace(desk.raised(), status=status).is_open == (status not in (Status.COMPLETED, Status.WITHDRAWN))
