"""Commissioned analysis has terms and a due time, and is answered only with a product or the word none."""

from collections.abc import Iterator

import pytest

from reporting.analysis import analysis_queue
from store.database import open_database
from tasking import analysis
from tasking.decision import DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.task import Status, Task
from tests.peakshire import DAY, HOUR, MORNING, SetClock, tables_in
from tests.tasking.deciding_force import DecidingDesk, deciding_force, deciding_policy


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    """A desk on an empty record."""
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def commissioned(desk: DecidingDesk, terms: str = "Who rides there, and when?", role: str = "Duty Inspector") -> Task:
    """An analysis due in two days."""
    task = desk.raised()
    request = DecisionRequest(
        task.reference,
        DecisionType.ANALYSIS_COMMISSION,
        "insp@peakshire.example",
        role,
        "We do not know.",
        text=terms,
        meeting_ref="HP_DAILY 2026-11-02",
    )
    with desk.act(request.decided_by) as uow:
        return analysis.commission(uow, desk.force, deciding_policy(), request, MORNING + 2 * DAY)


def answered(desk: DecidingDesk, task: Task, product: str, why: str = "") -> Task:
    """The task after this answer."""
    with desk.act("analyst@peakshire.example") as uow:
        return analysis.answer(uow, task.reference, product, why)


def queued(desk: DecidingDesk) -> list[str]:
    """References in the queue."""
    with desk.store.open() as connection:
        return [row.reference for row in analysis_queue(connection, desk.force, desk.clock.now())]


def test_commissioning_is_a_decision_with_terms_and_due_time_and_stands_in_the_queue(desk: DecidingDesk) -> None:
    task = commissioned(desk)
    (decision,) = desk.decisions(task)
    assert (decision.decision_type, decision.text) == (DecisionType.ANALYSIS_COMMISSION, task.terms_of_reference)
    assert task.due_at == MORNING + 2 * DAY
    assert queued(desk) == [task.reference]


def test_without_terms_or_without_authority_nothing_is_commissioned(desk: DecidingDesk) -> None:
    with pytest.raises(RuleBroken, match="terms of reference"):
        commissioned(desk, terms=" ")
    with pytest.raises(RuleBroken, match="may not decide"):
        commissioned(desk, role="Constable")
    assert queued(desk) == []


@pytest.mark.parametrize(("product", "why"), [("", ""), (" ", "because"), ("none", ""), ("None", " ")])
def test_neither_product_nor_none_with_a_reason_is_no_answer(desk: DecidingDesk, product: str, why: str) -> None:
    task = commissioned(desk)
    with pytest.raises(RuleBroken, match="or none and why"):
        answered(desk, task, product, why)
    assert queued(desk) == [task.reference]


@pytest.mark.parametrize(("product", "why"), [("https://peakshire.example/AN-1", ""), ("None", "No data was kept.")])
def test_a_product_or_none_with_its_reason_completes_it(desk: DecidingDesk, product: str, why: str) -> None:
    done = answered(desk, commissioned(desk), product, why)
    assert (done.status, done.completed_at) == (Status.COMPLETED, MORNING)
    assert "RESULT_NEEDED" not in done.service_labels
    assert queued(desk) == []
    with pytest.raises(RuleBroken, match="answered already"):
        answered(desk, done, "AN-2")


def test_one_that_a_board_says_is_done_still_wants_its_result_until_it_is_answered(desk: DecidingDesk) -> None:
    task = commissioned(desk)
    desk.clock.advance(HOUR)
    ticked = desk.on_board(task, progress=100)
    assert "RESULT_NEEDED" in ticked.service_labels
    assert queued(desk) == [task.reference]
    assert "RESULT_NEEDED" not in answered(desk, ticked, "AN-1").service_labels


def test_a_task_that_nobody_commissioned_has_nothing_to_answer(desk: DecidingDesk) -> None:
    with pytest.raises(RuleBroken, match="no commissioned analysis"):
        answered(desk, desk.raised(), "AN-1")
