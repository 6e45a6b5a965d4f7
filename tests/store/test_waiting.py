"""What waits is found by indexes: no look reads all that there ever was."""

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from store import decisions, tasks, waiting
from store.tables import escalations
from tasking import climbing
from tests.peakshire import DAY, HOUR, MINUTE, MORNING, Desk, a_proposal

WHOLE = re.compile(r"SCAN (tasks|escalations|decisions|assessments|packs)(?! USING)")


def plans(desk: Desk, look: Any) -> list[str]:
    """How SQLite goes about each query of this look."""
    asked: list[tuple[str, Any]] = []
    with desk.store.open() as connection:
        event.listen(connection, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
        look(connection)
        return [
            str(row[3])
            for query, values in list(asked)
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)
        ]


LOOKS: dict[str, Any] = {
    "what came up": lambda connection: waiting.came_up(connection, "DIV_N", MORNING),
    "what is undecided at a unit": lambda connection: waiting.undecided_at(connection, "DIV_N"),
    "what is undecided of what is done": waiting.undecided_of_done,
    "the tasks of a digest": lambda connection: waiting.tasks_of(connection, ["HP"], MORNING, MORNING),
    "what awaits its result": lambda connection: tasks.read_completed_tasks(connection, MORNING, ["x"]),
    "how much awaits its result": lambda connection: tasks.completed_before(connection, MORNING),
    "what has ended": lambda connection: tasks.read_ended_tasks(connection, MORNING, ["x"], ["HP"]),
    "what waits for a meeting": lambda connection: tasks.awaiting_forum(connection, "HP_DAILY 2026-11-02"),
    "decisions to be reviewed": decisions.to_be_reviewed,
    "decisions written down since": lambda connection: decisions.recorded_since(connection, MORNING, "HP"),
    "decisions of a period": lambda connection: decisions.between(connection, MORNING, MORNING + DAY),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_no_look_reads_a_whole_table(desk: Desk, look: Any) -> None:
    found = plans(desk, look)
    assert found
    assert [line for line in found if WHOLE.match(line)] == []


def test_what_came_up_is_counted_from_when_it_came_before_the_unit(desk: Desk) -> None:
    desk.escalated(desk.raised())
    task = desk.raised()
    with desk.act() as uow:
        step = climbing.propose_to_climb(uow, desk.force, task.task_id, a_proposal(needs_endorsement=True))

    def since(moment: Any) -> int:
        with desk.store.open() as connection:
            return waiting.came_up(connection, "DIV_N", moment)

    assert since(MORNING) == 1, "what is only proposed has not come up"
    desk.clock.advance(HOUR)
    with desk.act() as uow:
        climbing.endorse(uow, desk.force, uow.task(task.task_id), step, "sgt@peakshire.example")
    assert (since(MORNING), since(MORNING + MINUTE), since(MORNING + 2 * HOUR)) == (2, 1, 0)


def test_counting_what_came_up_reads_no_escalation_that_is_over(desk: Desk) -> None:
    desk.escalated(desk.raised())
    with desk.store.open() as connection:
        (row,) = (dict(row) for row in connection.execute(escalations.select()).mappings())
        many = [row | {"number": 10 + n, "escalation_id": f"e{n}", "document": {}} for n in range(50)]
        connection.execute(escalations.insert(), many)
        assert waiting.came_up(connection, "DIV_N", MORNING) == 51, "no document is opened for it"


def test_what_was_done_long_ago_is_counted_and_not_read(desk: Desk) -> None:
    for _ in range(2):
        desk.on_board(desk.raised(), progress=100)
    desk.clock.advance(DAY)
    recent = desk.on_board(desk.raised(), progress=100)
    with desk.store.open() as connection:
        found = tasks.read_completed_tasks(connection, MORNING + HOUR)
        assert [task.reference for task in found] == [recent.reference]
        assert tasks.completed_before(connection, MORNING + HOUR) == {"HP": 2}


def test_a_task_taken_up_again_is_not_done_any_more(desk: Desk) -> None:
    task = desk.on_board(desk.raised(), progress=100)
    with desk.store.open() as connection:
        tasks.save_task(connection, replace(tasks.read_task(connection, task.task_id), completed_at=None), MORNING)
        assert tasks.read_completed_tasks(connection, MORNING - DAY) == []


def test_tasks_are_read_by_however_many_references(desk: Desk) -> None:
    task = desk.raised()

    def read(connection: Connection) -> list[str]:
        wanted = [f"X-{number}" for number in range(1200)] + [task.reference]
        return [each.reference for each in tasks.read_tasks_by_references(connection, wanted)]

    with desk.store.open() as connection:
        assert read(connection) == [task.reference]
        assert connection.execute(text("SELECT count(*) FROM tasks")).scalar() == 1
