"""One transaction: task, assessment, escalation, audit and outbox are kept together, or nothing is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from store import tasks
from store.schema import metadata
from store.tables import audit_log, outbox
from tasking import actions, board_actions
from tasking.errors import StaleTask
from tasking.requests import BoardChanges, ReassessRequest, ReturnRequest
from tasking.task import Task
from tasking.thrive import RiskContext
from tests.peakshire import BY_BAND, HOUR, IMMEDIATE, MORNING, Desk, a_proposal, a_request


class Unplugged(Exception):
    """The database went away."""


def raises(desk: Desk, task: Task) -> None:
    with desk.act() as uow:
        actions.raise_task(uow, desk.force, a_request(uow.next_reference()))


def reassesses(desk: Desk, task: Task) -> None:
    request = ReassessRequest(task.reference, BY_BAND[IMMEDIATE], RiskContext(), "bea", MORNING, "New facts")
    with desk.act() as uow:
        actions.reassess(uow, desk.force, request)


def changes(desk: Desk, task: Task) -> None:
    with desk.act() as uow:
        board_actions.record_board_changes(uow, desk.force, task.task_id, "HP", BoardChanges(progress=100))


def goes_further_up(desk: Desk, task: Task) -> None:
    asked = a_proposal("DIV_N", "PKS", trigger="ASKED_BY_LABEL")
    with desk.act() as uow:
        actions.escalate(uow, desk.force, task.task_id, asked)


def comes_back(desk: Desk, task: Task) -> None:
    request = ReturnRequest(
        task.reference, "Risk is lower", "Patrol daily", "A repeat", "Duty Inspector", "chair", MORNING
    )
    with desk.act() as uow:
        actions.de_escalate(uow, desk.force, request)


def is_deleted(desk: Desk, task: Task) -> None:
    with desk.act() as uow:
        board_actions.record_deleted_on_board(uow, desk.force, task.task_id, "HP")


def breaks_off(desk: Desk) -> None:
    """Does everything that raising a task needs and then fails, before the commit."""
    with desk.act() as uow:
        actions.raise_task(uow, desk.force, a_request(uow.next_reference()))
        raise Unplugged


DEEDS: list[Callable[[Desk, Task], None]] = [raises, reassesses, changes, goes_further_up, comes_back, is_deleted]


@contextmanager
def unplugged_at_write(desk: Desk, number: int) -> Iterator[list[str]]:
    """Lets the writes before this one through (1 is the first) and breaks on it; gives the writes seen so far."""
    seen: list[str] = []

    def count(*call: Any) -> None:
        statement = call[2]
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            seen.append(statement)
            if len(seen) == number:
                raise Unplugged(statement)

    event.listen(desk.store.engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(desk.store.engine, "before_cursor_execute", count)


def everything(desk: Desk) -> dict[str, Any]:
    return {table.name: desk.rows(table) for table in metadata.sorted_tables}


@pytest.mark.parametrize("deed", DEEDS)
def test_a_deed_cut_off_at_any_of_its_writes_leaves_no_trace(desk: Desk, deed: Callable[[Desk, Task], None]) -> None:
    task = desk.escalated(desk.raised())
    before = everything(desk)
    for number in range(1, 20):
        with unplugged_at_write(desk, number) as seen:
            try:
                deed(desk, task)
            except Unplugged:
                assert everything(desk) == before
                continue
        break
    assert len(seen) == number - 1 >= 2
    after = everything(desk)
    decides = deed in (comes_back, goes_further_up)
    assert len(after["audit_log"]) == len(before["audit_log"]) + (2 if decides else 1), "the decision too"
    assert len(after["outbox"]) > len(before["outbox"])


def test_an_error_after_all_writes_takes_them_all_back(desk: Desk) -> None:
    before = everything(desk)
    with pytest.raises(Unplugged):
        breaks_off(desk)
    assert everything(desk) == before


def test_the_work_queue_hears_of_what_was_promised_only_after_the_commit(desk: Desk) -> None:
    heard: list[list[int]] = []

    def hear(ids: Any) -> None:
        assert [row["outbox_id"] for row in desk.rows(outbox)] == list(ids)
        heard.append(list(ids))

    desk.store.on_promised = hear
    with pytest.raises(Unplugged):
        breaks_off(desk)
    assert heard == []
    desk.raised()
    assert [len(ids) for ids in heard] == [2]
    with desk.act() as uow:
        uow.audit("looked", "T-1001", {})
    assert len(heard) == 1


def test_all_rows_of_one_transaction_carry_its_moment_actor_and_correlation_id(desk: Desk) -> None:
    with desk.store.act("ann", "forms", "corr-7") as uow:
        desk.clock.advance(HOUR)
        actions.raise_task(uow, desk.force, a_request(uow.next_reference()))
    (line,), promises = desk.rows(audit_log), desk.rows(outbox)
    assert (line["at"], line["actor"], line["source"], line["correlation_id"]) == (MORNING, "ann", "forms", "corr-7")
    assert {(row["created_at"], row["due_at"], row["correlation_id"]) for row in promises} == {
        (MORNING, MORNING, "corr-7")
    }


def test_who_saves_what_somebody_else_has_changed_since_is_told_and_loses_nothing_of_theirs(desk: Desk) -> None:
    read = desk.raised()
    theirs = desk.on_board(read, owner_ids=("owner-1",))
    with pytest.raises(StaleTask, match=read.reference), desk.act() as uow:
        uow.save_task(read)
    assert desk.now(read) == theirs


def test_each_save_counts_the_version_on_by_one(desk: Desk) -> None:
    task = desk.raised()
    assert [task.version, desk.on_board(task, progress=50).version, desk.on_board(task, progress=100).version] == [
        0,
        1,
        2,
    ]


def test_references_count_up_and_one_that_was_committed_is_never_given_again(desk: Desk) -> None:
    first, second = desk.raised().reference, desk.raised().reference
    with desk.act() as uow:
        unused = uow.next_reference()
    assert [first, second, unused, desk.raised().reference] == ["T-1001", "T-1002", "T-1003", "T-1004"]


def test_a_reference_that_was_rolled_back_was_told_to_nobody_and_comes_again(desk: Desk) -> None:
    last = desk.raised().reference
    with pytest.raises(Unplugged):
        breaks_off(desk)
    assert (last, desk.raised().reference) == ("T-1001", "T-1002")


def test_each_prefix_has_a_series_of_its_own(desk: Desk) -> None:
    with desk.store.open() as connection:
        given = [tasks.next_reference(connection, prefix) for prefix in ("T", "R", "T", "R")]
        assert given == ["T-1001", "R-1001", "T-1002", "R-1002"]
        assert tasks.next_reference(connection, "X", first=7) == "X-7"


def test_ids_are_32_digits_and_differ(desk: Desk) -> None:
    with desk.act() as uow:
        ids = {uow.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(len(each) == 32 and int(each, 16) >= 0 for each in ids)
