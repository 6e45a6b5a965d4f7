"""Giving a task to another owner in the record."""

import pytest

from tasking.errors import RuleBroken
from tasking.reassigning import reassign
from tasking.task import Status, Task
from tests.peakshire import Desk


def given(desk: Desk, reference: str, owner: str) -> Task:
    with desk.act("dee") as uow:
        return reassign(uow, reference, owner)


def test_the_new_owner_is_the_only_one_and_the_task_counts_as_allocated(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("amy", "bob"))
    assert given(desk, task.reference, "carl").owner_ids == ("carl",)
    assert given(desk, desk.raised().reference, "carl").status is Status.ALLOCATED


def test_a_task_may_be_left_without_an_owner_for_now(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("amy",))
    assert given(desk, task.reference, "").owner_ids == ()


def test_who_owns_it_alone_already_is_not_given_it_and_one_of_two_may_be_left_alone_with_it(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), owner_ids=("amy",))
    with pytest.raises(RuleBroken, match="theirs alone already"):
        given(desk, task.reference, "amy")
    shared = desk.on_board(desk.raised(), owner_ids=("amy", "bob"))
    assert given(desk, shared.reference, "amy").owner_ids == ("amy",)


def test_a_task_that_is_done_is_given_to_nobody(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), progress=100)
    with pytest.raises(RuleBroken, match="is not open"):
        given(desk, task.reference, "amy")
