"""Going back to an earlier version of the tables, and forward again: nothing comes to mean what it never meant."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.util import CommandError
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from store.database import SCHEMA_VERSION, migrate, opened
from store.tables import escalations, tasks
from tasking.task import TaskText
from tests.peakshire import HOUR, MORNING, SetClock, a_proposal
from tests.store.test_audit_migration import move
from tests.tasking.deciding_force import DecidingDesk, deciding_force


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A database of this version."""
    with opened(f"sqlite:///{tmp_path}/tasking.db") as fresh:
        migrate(fresh)
        yield fresh


def statuses(engine: Engine) -> list[tuple[str, str]]:
    with engine.begin() as connection:
        query = "SELECT status, json_extract(document, '$.status') FROM escalations ORDER BY number"
        return [(row[0], row[1]) for row in connection.execute(text(query))]


def test_what_is_only_proposed_is_taken_back_on_the_way_down_and_never_read_as_standing_above(engine: Engine) -> None:
    desk = DecidingDesk(engine, SetClock(), deciding_force())
    proposed = desk.escalated(desk.raised(), a_proposal(needs_endorsement=True))
    desk.escalated(desk.raised())
    move(engine, command.downgrade, "0003")
    assert statuses(engine) == [("WITHDRAWN", "WITHDRAWN"), ("REQUESTED", "REQUESTED")]
    migrate(engine)
    assert statuses(engine) == [("WITHDRAWN", "WITHDRAWN"), ("REQUESTED", "REQUESTED")]
    assert desk.now(proposed).stands_on == ("HP",)


def test_the_way_back_before_kinds_is_refused_once_the_log_has_them_and_nothing_is_changed(engine: Engine) -> None:
    desk = DecidingDesk(engine, SetClock(), deciding_force())
    desk.raised()
    with pytest.raises(CommandError, match=r"rows of the audit log say what kind .* keep this version"):
        move(engine, command.downgrade, "0002")
    with engine.begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == SCHEMA_VERSION
        assert connection.execute(text("SELECT count(*) FROM decisions")).scalar() == 0


def test_rows_from_before_are_given_when_they_were_done_and_came_up(engine: Engine) -> None:
    desk = DecidingDesk(engine, SetClock(), deciding_force())
    done = desk.on_board(desk.raised(), progress=100)
    desk.clock.advance(HOUR)
    desk.escalated(desk.raised())
    desk.escalated(desk.raised(), a_proposal(needs_endorsement=True))
    move(engine, command.downgrade, "0005")
    migrate(engine)
    found = {row["task_id"]: row["completed_at"] for row in desk.rows(tasks)}
    assert found.pop(done.task_id) == MORNING == datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
    assert set(found.values()) == {None}
    assert [row["came_at"] for row in desk.rows(escalations)] == [MORNING + HOUR, None]


def test_the_guards_of_assessments_and_packs_come_and_go_with_their_version(engine: Engine) -> None:
    DecidingDesk(engine, SetClock(), deciding_force()).raised()
    with pytest.raises(IntegrityError, match="never changed"), engine.begin() as connection:
        connection.execute(text("DELETE FROM assessments"))
    move(engine, command.downgrade, "0005")
    with engine.begin() as connection:
        assert connection.execute(text("DELETE FROM assessments")).rowcount == 1


def test_tasks_from_before_are_found_by_words_of_their_place_and_actions_too(engine: Engine) -> None:
    desk = DecidingDesk(engine, SetClock(), deciding_force())
    task = desk.raised(text=TaskText(place="Café Lane"))
    move(engine, command.downgrade, "0013")
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM task_words WHERE word IN ('cafe', 'cones')"))
    migrate(engine)
    with engine.begin() as connection:
        query = text("SELECT word FROM task_words WHERE task_id = :task AND word IN ('cafe', 'cones')")
        assert sorted(connection.execute(query, {"task": task.task_id}).scalars()) == ["cafe", "cones"]
    assert desk.on_board(task, title="Lighthouse").title == "Lighthouse"
