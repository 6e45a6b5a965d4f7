"""The database itself keeps what is only ever added as it was written: no statement changes or deletes a row of it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from store import packs as kept
from store.append_only import guards, unguards
from store.database import migrate, opened
from store.schema import metadata
from store.tables import assessments, audit_log, packs
from tests.peakshire import MORNING, Desk

STATEMENTS = (
    "UPDATE audit_log SET actor = 'mallory'",
    "UPDATE audit_log SET number = 9 WHERE number = 1",
    "DELETE FROM audit_log",
    "INSERT OR REPLACE INTO audit_log SELECT * FROM audit_log WHERE number = 1",
    "UPDATE OR REPLACE audit_log SET number = 2 WHERE number = 1",
)


def triggers(engine: Engine) -> dict[str, str]:
    """The database's triggers by name."""
    with engine.begin() as connection:
        found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    return {name: sql for name, sql in found}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_to_change_or_delete_a_line_of_the_log(desk: Desk, statement: str) -> None:
    for _ in range(2):
        desk.raised()
    before = desk.rows(audit_log)
    with pytest.raises(IntegrityError, match="rows of audit_log are never changed"), desk.store.open() as connection:
        connection.execute(text(statement))
    assert desk.rows(audit_log) == before


def test_a_migrated_database_has_the_same_guards_as_one_made_from_the_tables(tmp_path: Path) -> None:
    with (
        opened(f"sqlite:///{tmp_path}/migrated.db") as migrated,
        opened(f"sqlite:///{tmp_path}/made.db") as made,
    ):
        migrate(migrated)
        metadata.create_all(made)
        assert triggers(migrated) == triggers(made)
        assert {"audit_log_no_update", "audit_log_no_delete", "audit_log_no_replace"} <= triggers(made).keys()


def test_guards_of_another_database_are_said_in_its_own_words_or_not_at_all() -> None:
    told = [str(each.statement) for each in guards("audit_log", "postgresql")]
    assert [each.split(" ON ")[0] for each in told[1:]] == [
        "CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE",
        "CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE",
    ]
    assert len(unguards("audit_log", "postgresql")) == 2
    assert (guards("audit_log", "oracle"), unguards("audit_log", "oracle")) == ((), ())


@pytest.mark.parametrize("statement", ["UPDATE assessments SET task_id = 'x'", "DELETE FROM assessments"])
def test_an_assessment_is_never_changed_or_deleted(desk: Desk, statement: str) -> None:
    desk.raised()
    before = desk.rows(assessments)
    with pytest.raises(IntegrityError, match="rows of assessments are never changed"), desk.store.open() as connection:
        connection.execute(text(statement))
    assert desk.rows(assessments) == before


@pytest.mark.parametrize(
    "statement",
    ["UPDATE packs SET hash = ''", "DELETE FROM packs", "INSERT OR REPLACE INTO packs SELECT * FROM packs"],
)
def test_a_frozen_pack_is_never_changed_or_deleted(desk: Desk, statement: str) -> None:
    with desk.store.open() as connection:
        kept.add(connection, "p-1", "HP_DAILY 2026-11-02", "HP_DAILY", MORNING, "ann", {})
    before = desk.rows(packs)
    with pytest.raises(IntegrityError, match="rows of packs are never changed"), desk.store.open() as connection:
        connection.execute(text(statement))
    assert desk.rows(packs) == before
