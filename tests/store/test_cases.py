"""What the policy looks at is read with the tasks: linked units, and tasks of the same problem where they matter."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from store.cases import read_case, read_cases
from tasking.board_actions import withdraw
from tasking.linking import link_tasks
from tasking.task import TaskText
from tests.peakshire import DAY, HOUR, Desk, a_proposal, open_desk

MONTH = timedelta(days=28)


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as opened:
        yield opened


def earlier(desk: Desk, within: timedelta | None = MONTH) -> dict[str, set[str]]:
    """For each open task the others of the same problem, as the sweep reads them."""
    with desk.store.open() as connection:
        cases = read_cases(connection, desk.clock.now(), within)
    return {case.task.task_id: {each.task_id for each in case.earlier} - {case.task.task_id} for case in cases}


def test_each_case_has_the_units_that_its_task_is_linked_with(desk: Desk) -> None:
    first, second, third = desk.raised(), desk.raised(unit="DD"), desk.raised()
    with desk.act() as uow:
        link_tasks(uow, first.reference, second.reference, "The same vehicle")
    with desk.store.open() as connection:
        units = {case.task.task_id: case.linked_units for case in read_cases(connection, desk.clock.now(), None)}
    assert units == {first.task_id: {"DD"}, second.task_id: {"HP"}, third.task_id: frozenset()}


def test_tasks_of_the_same_unit_pillar_and_place_belong_to_the_case_and_no_others(desk: Desk) -> None:
    first, second = desk.raised(), desk.raised(text=TaskText(place="MILL LANE"))
    others = [desk.raised(unit="DD"), desk.raised(pillar="RURAL"), desk.raised(text=TaskText(place="Elsewhere"))]
    gone = desk.raised()
    with desk.act() as uow:
        withdraw(uow, gone.task_id, "Raised by mistake.")
    found = earlier(desk)
    assert (found[first.task_id], found[second.task_id]) == ({second.task_id}, {first.task_id})
    assert [found[other.task_id] for other in others] == [set()] * 3


def test_where_the_policy_does_not_ask_for_it_nothing_is_looked_up(desk: Desk) -> None:
    desk.raised(), desk.raised()
    assert set(map(frozenset, earlier(desk, None).values())) == {frozenset()}


def test_a_task_that_nobody_has_moved_lately_is_not_looked_up_by_the_clock_but_by_name(desk: Desk) -> None:
    first, second = desk.raised(), desk.raised()
    desk.clock.advance(DAY + HOUR)
    desk.on_board(second, progress=10)
    found = earlier(desk)
    assert (found[first.task_id], found[second.task_id]) == (set(), {first.task_id})
    with desk.store.open() as connection:
        case = read_case(connection, first.task_id, desk.clock.now(), MONTH)
    assert second.task_id in {each.task_id for each in case.earlier}


def test_an_old_task_counts_from_when_it_was_completed(desk: Desk) -> None:
    old = desk.raised()
    desk.clock.advance(100 * DAY)
    desk.on_board(old, progress=100)
    desk.clock.advance(27 * DAY)
    new = desk.raised()
    assert earlier(desk) == {new.task_id: {old.task_id}}


def test_a_completed_task_belongs_to_the_cases_while_somebody_has_to_decide_about_it(desk: Desk) -> None:
    undecided, proposed = desk.escalated(desk.raised()), desk.raised()
    desk.escalated(proposed, a_proposal(needs_endorsement=True))
    settled = desk.returned(desk.escalated(desk.raised()))
    for task in (undecided, proposed, settled, desk.raised()):
        desk.on_board(task, progress=100)
    with desk.store.open() as connection:
        cases = read_cases(connection, desk.clock.now(), None)
    assert [(case.task.task_id, len(case.escalations), case.assessments) for case in cases] == [
        (undecided.task_id, 1, ()),
        (proposed.task_id, 1, ()),
    ]
