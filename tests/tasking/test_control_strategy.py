"""The control strategy: only the strategic meeting sets it, every version stays, and its tasks know their priority."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from store.database import open_database
from store.tables import control_strategies
from tasking.control_strategy import Placing, in_force, kinds_of_work, only_enforces, place, strategy_now
from tasking.decision import Decision, DecisionType
from tasking.errors import RuleBroken
from tasking.strategy import Candidate, ControlStrategy
from tasking.task import Task
from tests.peakshire import DAY, MORNING, SetClock, tables_in
from tests.tasking.deciding_force import DecidingDesk
from tests.tasking.strategic_force import MEETING, TODAY, a_strategy, strategic_force

SET = DecisionType.CONTROL_STRATEGY_SET


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    """A desk of the force with a strategic meeting."""
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), strategic_force())


def set_by(desk: DecidingDesk, paper: Task, strategy: ControlStrategy | None, **given: Any) -> Decision:
    """The strategic meeting decides."""
    said = {"role": "Deputy Chief Constable", "meeting_ref": MEETING} | given
    return desk.decide(paper, SET, strategy=strategy, **said)


def versions(desk: DecidingDesk) -> tuple[ControlStrategy, ...]:
    """All on record."""
    with desk.act() as uow:
        return uow.control_strategies()


def test_the_strategic_meeting_sets_the_strategy_and_the_version_names_its_decision(desk: DecidingDesk) -> None:
    paper = desk.raised(unit="PKS")
    made = set_by(desk, paper, a_strategy())
    (kept,) = versions(desk)
    assert (kept.version, kept.decision_ref, kept.meeting_ref, kept.set_at) == (1, made.decision_ref, MEETING, MORNING)
    assert [each.decision_ref for each in desk.decisions(paper)] == [made.decision_ref]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"meeting_ref": "", "role": "Duty Superintendent"}, "Only the strategic meeting"),
        ({"meeting_ref": "PKS_DAILY 2026-11-02", "role": "Duty Inspector"}, "decide it at PKS_STRATEGIC"),
        ({"role": "Duty Inspector"}, "may not decide at"),
    ],
)
def test_anybody_else_is_refused_and_nothing_is_kept(desk: DecidingDesk, given: dict[str, str], words: str) -> None:
    paper = desk.raised(unit="PKS")
    with pytest.raises(RuleBroken, match=words):
        set_by(desk, paper, a_strategy(), **given)
    assert versions(desk) == ()
    assert desk.decisions(paper) == ()


def test_without_the_priorities_the_decision_is_not_taken(desk: DecidingDesk) -> None:
    with pytest.raises(RuleBroken, match="tasking strategy set"):
        set_by(desk, desk.raised(unit="PKS"), None)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"priorities": ()}, "at least one priority"),
        ({"candidates": a_strategy().candidates[1:]}, "Say why CS1 was taken"),
        ({"candidates": (*a_strategy().candidates, Candidate("Bikes", False, " "))}, "'Bikes' was taken or left"),
        ({"candidates": (*a_strategy().candidates, Candidate("X", True, "Y", "CS9"))}, "no priority has that code"),
        ({"priorities": (*a_strategy().priorities, a_strategy().priorities[0])}, "CS1 is there twice"),
        ({"in_force_from": date(2026, 11, 1)}, "begins today or later"),
        ({"in_force_until": date(2026, 11, 1)}, "cannot end before"),
    ],
)
def test_a_strategy_that_is_not_whole_is_refused_with_what_it_lacks(
    desk: DecidingDesk, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(RuleBroken, match=words):
        set_by(desk, desk.raised(unit="PKS"), a_strategy(**changes))
    assert versions(desk) == ()


def test_every_version_stays_and_the_database_refuses_to_change_one(desk: DecidingDesk) -> None:
    paper = desk.raised(unit="PKS")
    set_by(desk, paper, a_strategy())
    set_by(desk, paper, a_strategy(review_on=date(2027, 3, 1)))
    assert [each.version for each in versions(desk)] == [1, 2]
    for change in (update(control_strategies).values(document={}), delete(control_strategies)):
        with pytest.raises(DatabaseError, match="never changed"), desk.act() as uow:
            uow.connection.execute(change)


def test_the_newest_version_that_has_begun_and_not_ended_is_in_force() -> None:
    first = a_strategy(version=1)
    second = a_strategy(version=2, in_force_from=date(2026, 12, 1), in_force_until=date(2026, 12, 31))
    both = (first, second)
    assert in_force(both, date(2026, 11, 1)) is None
    assert in_force(both, TODAY) is first
    assert in_force(both, date(2026, 11, 30)) is first
    assert in_force(both, date(2026, 12, 1)) is second
    assert in_force(both, date(2026, 12, 31)) is second
    assert in_force(both, date(2027, 1, 1)) is None


def test_a_task_is_put_under_a_priority_of_the_version_in_force_and_taken_off_again(desk: DecidingDesk) -> None:
    set_by(desk, desk.raised(unit="PKS"), a_strategy())
    task = desk.raised()
    with desk.act() as uow:
        put = place(uow, task.reference, Placing(priority="CS2", nim_level=2, gap="IR1"))
    assert (put.control_priority, put.control_version, put.nim_level, put.intelligence_gap) == ("CS2", 1, 2, "IR1")
    with desk.act() as uow:
        off = place(uow, task.reference, Placing(priority=""))
    assert (off.control_priority, off.control_version, off.intelligence_gap) == ("", None, "IR1")


@pytest.mark.parametrize(
    ("placing", "words"),
    [
        (Placing(priority="CS9"), "no priority CS9: there are CS1, CS2"),
        (Placing(gap="IR9"), "no intelligence gap IR9: there are IR1"),
        (Placing(nim_level=4), "1, 2 or 3"),
    ],
)
def test_a_code_that_the_strategy_does_not_have_is_refused(desk: DecidingDesk, placing: Placing, words: str) -> None:
    set_by(desk, desk.raised(unit="PKS"), a_strategy())
    task = desk.raised()
    with pytest.raises(RuleBroken, match=words), desk.act() as uow:
        place(uow, task.reference, placing)


def test_before_it_begins_no_strategy_is_in_force(desk: DecidingDesk) -> None:
    set_by(desk, desk.raised(unit="PKS"), a_strategy(in_force_from=date(2026, 11, 3)))
    with desk.act() as uow:
        assert strategy_now(uow) is None
    desk.clock.advance(DAY)
    with desk.act() as uow:
        assert strategy_now(uow) is not None


def test_the_kind_of_work_is_read_from_the_four_labels(desk: DecidingDesk) -> None:
    task = replace(desk.raised(), labels=frozenset({"ENFORCEMENT", "PREVENTION", "VAWG"}))
    assert kinds_of_work(task) == ("PREVENTION", "ENFORCEMENT")


def test_work_only_enforces_where_enforcement_is_all_that_its_labels_say(desk: DecidingDesk) -> None:
    task = desk.raised()
    enforcing, preventing = (replace(task, labels=frozenset({kind})) for kind in ("ENFORCEMENT", "PREVENTION"))
    assert only_enforces([enforcing, task])
    assert not only_enforces([enforcing, preventing])
    assert not only_enforces([task])
    assert not only_enforces([])
