"""Tasks linked by people: both know it and why, the log calls it what the law does, and mistakes are told."""

import pytest

from store.tables import audit_log
from tasking.errors import RuleBroken
from tasking.linking import link_tasks
from tasking.task import Task
from tests.peakshire import HOUR, MORNING, Desk


def link(desk: Desk, task: Task, other: Task, why: str = "The same vehicle") -> tuple[Task, Task]:
    with desk.act() as uow:
        return link_tasks(uow, task.reference, other.reference, why)


def test_both_tasks_know_each_other_since_when_and_why(desk: Desk) -> None:
    first, second = link(desk, desk.raised(), desk.raised(unit="DD"))
    assert (first.linked, second.linked) == ({second.task_id}, {first.task_id})
    assert (first.linked_at, first.moved_at) == (MORNING, MORNING)
    assert first.link_reasons == (f"{second.reference}: The same vehicle",)
    assert desk.now(first) == first


def test_the_log_calls_it_a_combination_and_does_not_hold_what_was_typed(desk: Desk) -> None:
    first, second = link(desk, desk.raised(), desk.raised(), "Zebra crossing")
    lines = [row for row in desk.rows(audit_log) if row["action"] == "linked"]
    assert [line["kind"] for line in lines] == ["COMBINATION"] * 2
    assert lines[0]["changes"]["with"] == [None, second.reference]
    assert lines[0]["changes"]["linked"] == [[], [second.task_id]]
    assert "Zebra" not in str([dict(line) for line in lines])
    assert [line["object_ref"] for line in lines] == [first.reference, second.reference]


def test_linking_them_again_changes_nothing(desk: Desk) -> None:
    first, second = link(desk, desk.raised(), desk.raised())
    rows = len(desk.rows(audit_log))
    desk.clock.advance(HOUR)
    assert link(desk, second, first, "Once more") == (second, first)
    assert len(desk.rows(audit_log)) == rows


def test_a_third_task_joins_without_the_others_being_lost(desk: Desk) -> None:
    first, second, third = desk.raised(), desk.raised(), desk.raised()
    link(desk, first, second)
    link(desk, third, first)
    assert desk.now(first).linked == {second.task_id, third.task_id}
    assert desk.now(second).linked == {first.task_id}


@pytest.mark.parametrize(
    ("other", "why", "words"),
    [
        ("itself", "The same vehicle", "cannot be linked with itself"),
        ("done", "The same vehicle", "is not open, so it cannot be linked"),
        ("open", "  ", "Say why"),
        ("open", "x" * 501, "longer than 500 characters"),
    ],
)
def test_what_cannot_be_linked_is_told_why_and_nothing_changes(desk: Desk, other: str, why: str, words: str) -> None:
    task = desk.raised()
    others = {"itself": task, "done": desk.on_board(desk.raised(), progress=100), "open": desk.raised()}
    with pytest.raises(RuleBroken, match=words):
        link(desk, task, others[other], why)
    assert desk.now(task).linked == frozenset()
