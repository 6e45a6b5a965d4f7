"""When boards are read: busy ones soon, quiet ones later, at once where asked; no two workers at once, nothing lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import event

from planner_sync.boards import EARLIER_PLAN, PLAN
from planner_sync.polling import CLAIM, WHOLE_LOOK_EVERY, Polling
from store import notebook
from store.database import open_database
from store.tables import board_polls
from tests.peakshire import MORNING, Desk, SetClock, open_desk, tables_in

UNITS = ("DD", "DIV_N", "HP", "PKS")


def provision(desk: Desk, *units: str) -> None:
    with desk.store.open() as connection:
        for unit in units:
            details = {"buckets": {}, "unit": unit}
            notebook.provision(connection, PLAN, unit, f"plan-{unit}", details, desk.clock.now())


def provision_earlier(desk: Desk, unit: str) -> str:
    plan_id = f"plan-{unit}-before"
    with desk.store.open() as connection:
        details = {"buckets": {}, "unit": unit}
        notebook.provision(connection, EARLIER_PLAN, plan_id, plan_id, details, desk.clock.now())
    return plan_id


@pytest.fixture
def desk() -> Iterator[Desk]:
    with open_desk() as fresh:
        provision(fresh, *UNITS)
        yield fresh


class Reader:
    """A worker that reads boards: what it is handed, by plan id, and what it says of them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.polling = Polling(desk.store)

    @property
    def now(self) -> datetime:
        return self.desk.clock.now()

    def due(self) -> list[str]:
        return [board.plan_id for board in self.polling.due(self.now)]

    def reads(self, moved: int = 0, has_immediate: bool = False, whole: bool = False) -> list[str]:
        """Reads everything that is due, with this outcome everywhere."""
        boards = self.polling.due(self.now)
        for board in boards:
            self.polling.read(board, moved, has_immediate, whole, self.now)
        return [board.plan_id for board in boards]

    def wait_of(self, plan_id: str) -> int:
        """Seconds until the plan is due."""
        due_at = {row["plan_id"]: row["due_at"] for row in self.desk.rows(board_polls)}[plan_id]
        return int((due_at - self.now).total_seconds())


def later(desk: Desk, **by: float) -> None:
    desk.clock.advance(timedelta(**by))


def rows_written(desk: Desk, doing: Callable[[], object]) -> int:
    """Rows of board_polls that were written meanwhile."""
    written = 0

    def count(connection: object, cursor: object, statement: str, *rest: object) -> None:
        nonlocal written
        if "board_polls" in statement and statement.startswith(("INSERT", "UPDATE", "DELETE")):
            written += cursor.rowcount  # type: ignore[attr-defined]

    event.listen(desk.store.engine, "after_cursor_execute", count)
    try:
        doing()
    finally:
        event.remove(desk.store.engine, "after_cursor_execute", count)
    return written


def test_a_board_that_was_never_read_is_due_at_once(desk: Desk) -> None:
    assert sorted(Reader(desk).due()) == [f"plan-{unit}" for unit in UNITS]


def test_a_board_made_later_is_due_though_the_others_are_not(desk: Desk) -> None:
    reader = Reader(desk)
    reader.reads()
    provision(desk, "HB")
    assert reader.reads() == ["plan-HB"]


def test_a_board_handed_to_one_worker_is_not_handed_to_another(desk: Desk) -> None:
    assert len(Reader(desk).due()) == len(UNITS)
    assert Reader(desk).due() == []


def test_a_board_whose_reader_died_is_handed_out_again_after_its_claim(desk: Desk) -> None:
    Reader(desk).due()
    later(desk, seconds=CLAIM.total_seconds() - 1)
    assert Reader(desk).due() == []
    later(desk, seconds=1)
    assert len(Reader(desk).due()) == len(UNITS)


def test_workers_that_start_together_never_read_the_same_board(tmp_path: Path) -> None:
    with tables_in(open_database(f"sqlite:///{tmp_path}/tasking.db")) as engine:
        desk, together = Desk(engine, SetClock()), Barrier(2)
        provision(desk, *(f"U{number}" for number in range(30)))

        def one(number: int) -> list[str]:
            together.wait(timeout=10)
            return Reader(desk).due()

        for _ in ("never read", "read before"):
            with ThreadPoolExecutor(2) as pool:
                handed_out = [plan for plans in pool.map(one, range(2)) for plan in plans]
            assert len(handed_out) == len(set(handed_out)) == 30
            desk.clock.advance(CLAIM)


@pytest.mark.parametrize(("moved", "has_immediate"), [(1, False), (7, True), (0, True)])
def test_a_busy_board_is_read_again_after_twenty_seconds(desk: Desk, moved: int, has_immediate: bool) -> None:
    reader = Reader(desk)
    for _ in range(4):
        assert len(reader.reads(moved, has_immediate)) == len(UNITS)
        later(desk, seconds=19)
        assert reader.due() == []
        later(desk, seconds=1)


def test_a_quiet_board_waits_twice_as_long_each_time_up_to_five_minutes(desk: Desk) -> None:
    reader, waits = Reader(desk), []
    for _ in range(7):
        reader.reads()
        waits.append(reader.wait_of("plan-HP"))
        later(desk, seconds=waits[-1])
    assert waits == [20, 40, 80, 160, 300, 300, 300]


def test_an_earlier_plan_waits_up_to_fifteen_minutes(desk: Desk) -> None:
    earlier, reader, waits = provision_earlier(desk, "HP"), Reader(desk), []
    for _ in range(8):
        reader.reads()
        waits.append(reader.wait_of(earlier))
        later(desk, seconds=900)
    assert waits == [20, 40, 80, 160, 320, 640, 900, 900]


def test_work_on_an_earlier_plan_brings_it_back_to_twenty_seconds(desk: Desk) -> None:
    earlier, reader = provision_earlier(desk, "HP"), Reader(desk)
    for moved, wait in ((0, 20), (0, 40), (1, 20), (0, 40)):
        reader.reads(moved)
        assert reader.wait_of(earlier) == wait
        later(desk, seconds=wait)


def test_a_board_that_cannot_be_read_waits_as_graph_says(desk: Desk) -> None:
    reader = Reader(desk)
    for board in reader.polling.due(reader.now):
        reader.polling.failed(board, 7.5, reader.now)
    later(desk, seconds=7.4)
    assert reader.due() == []
    later(desk, seconds=0.1)
    assert len(reader.reads()) == len(UNITS)
    assert reader.wait_of("plan-HP") == 20, "Graph's wish says nothing of how quiet the board is"


def test_a_board_that_cannot_be_read_and_nobody_knows_until_when_waits_longer_each_time(desk: Desk) -> None:
    reader, waits = Reader(desk), []
    for _ in range(6):
        for board in reader.polling.due(reader.now):
            reader.polling.failed(board, None, reader.now)
        waits.append(reader.wait_of("plan-HP"))
        later(desk, seconds=waits[-1])
    assert waits == [20, 40, 80, 160, 300, 300]


def test_boards_longest_overdue_come_first_and_those_never_read_before_them(desk: Desk) -> None:
    reader = Reader(desk)
    order = ["plan-PKS", "plan-DD", "plan-HP", "plan-DIV_N"]
    boards = {board.plan_id: board for board in reader.polling.due(reader.now)}
    for plan in order:
        reader.polling.read(boards[plan], 1, False, False, reader.now)
        later(desk, seconds=1)
    provision(desk, "HB")
    later(desk, minutes=1)
    assert reader.due() == ["plan-HB", *order]


def test_a_plan_that_nothing_stands_for_any_more_is_not_handed_out(desk: Desk) -> None:
    reader = Reader(desk)
    reader.reads()
    with desk.store.open() as connection:
        notebook.provision(connection, PLAN, "HP", "plan-of-today", {"buckets": {}}, desk.clock.now())
    later(desk, hours=1)
    assert sorted(reader.due()) == ["plan-DD", "plan-DIV_N", "plan-PKS", "plan-of-today"]


def test_a_unit_that_is_asked_for_is_due_at_once_with_its_earlier_plans_and_no_other(desk: Desk) -> None:
    earlier, reader = provision_earlier(desk, "HP"), Reader(desk)
    reader.reads(whole=True)
    later(desk, seconds=1)
    assert Polling(desk.store).ask("HP", desk.clock.now()) == 2
    boards = reader.polling.due(reader.now)
    assert sorted(board.plan_id for board in boards) == ["plan-HP", earlier]
    assert all(reader.polling.wants_whole_look(board, reader.now) for board in boards)


def test_asking_does_not_put_a_board_behind_others_that_are_overdue_for_less_long(desk: Desk) -> None:
    reader = Reader(desk)
    boards = {board.plan_id: board for board in reader.polling.due(reader.now)}
    for plan in ("plan-HP", "plan-DD"):
        reader.polling.read(boards[plan], 1, False, False, reader.now)
        later(desk, seconds=1)
    later(desk, seconds=30)
    reader.polling.ask("HP", reader.now)
    assert reader.due() == ["plan-HP", "plan-DD"]


def test_all_boards_can_be_asked_for(desk: Desk) -> None:
    reader = Reader(desk)
    reader.reads()
    later(desk, seconds=1)
    assert reader.polling.ask(None, reader.now) == len(UNITS)
    assert len(reader.due()) == len(UNITS)


def test_a_unit_without_a_board_can_not_be_asked_for(desk: Desk) -> None:
    reader = Reader(desk)
    reader.reads()
    assert reader.polling.ask("NOWHERE", reader.now) == 0
    assert reader.due() == []


def test_asking_for_a_board_while_it_is_being_read_is_not_lost(desk: Desk) -> None:
    reader = Reader(desk)
    boards = reader.polling.due(reader.now)
    later(desk, seconds=2)
    Polling(desk.store).ask("HP", reader.now)
    later(desk, seconds=2)
    for board in boards:
        reader.polling.read(board, 0, False, True, reader.now)
    (again,) = reader.polling.due(reader.now)
    assert again.unit == "HP"
    assert reader.polling.wants_whole_look(again, reader.now)


def test_who_reads_too_slowly_does_not_undo_what_the_next_worker_noted(desk: Desk) -> None:
    slow, quick = Reader(desk), Reader(desk)
    boards = slow.polling.due(slow.now)
    later(desk, seconds=CLAIM.total_seconds())
    quick.reads(moved=1)
    for board in boards:
        slow.polling.read(board, 0, False, True, slow.now)
    assert quick.wait_of("plan-HP") == 20
    later(desk, seconds=20)
    quick.reads()
    assert quick.wait_of("plan-HP") == 40, "it counts from what the quick one found"


def test_buckets_and_labels_are_looked_at_every_five_minutes(desk: Desk) -> None:
    reader, looks = Reader(desk), []
    for _ in range(40):
        for board in reader.polling.due(reader.now):
            whole = reader.polling.wants_whole_look(board, reader.now)
            if whole and board.unit == "HP":
                looks.append((reader.now - MORNING).total_seconds())
            reader.polling.read(board, 1, False, whole, reader.now)
        later(desk, seconds=20)
    assert looks == [0, WHOLE_LOOK_EVERY.total_seconds(), 2 * WHOLE_LOOK_EVERY.total_seconds()]


def test_a_whole_look_that_failed_is_made_up_for(desk: Desk) -> None:
    reader = Reader(desk)
    for board in reader.polling.due(reader.now):
        reader.polling.failed(board, 20, reader.now)
    later(desk, seconds=20)
    boards = reader.polling.due(reader.now)
    assert len(boards) == len(UNITS)
    assert all(reader.polling.wants_whole_look(board, reader.now) for board in boards)


def test_every_board_can_be_had_whatever_its_time_and_who_has_it(desk: Desk) -> None:
    other, reader = Reader(desk), Reader(desk)
    other.reads(whole=True)
    provision(desk, "HB")
    boards = reader.polling.every(reader.now)
    assert len(boards) == len(UNITS) + 1
    assert all(reader.polling.wants_whole_look(board, reader.now) for board in boards)
    for board in boards:
        reader.polling.read(board, 0, False, True, reader.now)
    assert [reader.wait_of("plan-HP"), reader.wait_of("plan-HB")] == [40, 20]


def test_a_poll_writes_for_the_boards_that_were_due_and_for_no_other(desk: Desk) -> None:
    reader = Reader(desk)
    provision(desk, *(f"U{number}" for number in range(56)))
    assert rows_written(desk, reader.reads) == 2 * 60, "at the first poll all are due"
    assert rows_written(desk, reader.reads) == 0
    later(desk, seconds=1)
    reader.polling.ask("HP", reader.now)
    assert rows_written(desk, lambda: reader.reads(moved=5)) == 2
