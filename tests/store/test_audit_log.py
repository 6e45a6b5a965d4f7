"""The audit log: whatever is changed, taken out, put in or put in another order is found; free text is not in it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, select, update
from tampering import change_one_byte, last_number, swap, undone, without_guards

from store import audit_log, chain
from store.chain import Fault
from store.tables import audit_log as rows
from store.tables import chain_heads, decisions
from tasking.audit import AuditKind
from tests.peakshire import HOUR, MORNING, Desk

LONDON_SUMMER = timezone(timedelta(hours=1))


def written(connection: Connection, **changes: Any) -> None:
    """One line more."""
    line: dict[str, Any] = {
        "at": MORNING,
        "actor": "ann",
        "source": "test",
        "action": "changed",
        "object_ref": "T-1001",
        "changes": {"progress": (0, 50)},
        "correlation_id": "c-1",
    }
    audit_log.append(connection, **{**line, **changes})


@pytest.fixture
def log(desk: Desk) -> Desk:
    """A desk whose log has five lines, and whose database lets itself be tampered with."""
    with desk.store.open() as connection:
        for number in range(5):
            written(connection, at=MORNING + number * HOUR, changes={"progress": (number, number + 1)})
        without_guards(connection, rows)
    return desk


@pytest.fixture
def day(desk: Desk) -> Desk:
    """A desk whose log has what a day's work leaves there, and whose database lets itself be tampered with."""
    task = desk.returned(desk.escalated(desk.raised(title="Lärm in der Straße", faults=("No pillar 'Horses'.",))))
    desk.on_board(task, progress=50, owner_ids=("owner-1",))
    desk.store.consulted("bea", "page", task.reference)
    desk.store.disclosed("chair", "pack", task.reference, "Peakshire Council")
    with desk.act("rule:OVERDUE") as uow:
        uow.audit("asked", task.reference, {"quote": ('"', "\\"), "n": (1.5, None)}, on_behalf_of="ann")
    with desk.store.open() as connection:
        without_guards(connection, rows)
    return desk


def first_broken(desk: Desk) -> int | None:
    with desk.store.open() as connection:
        return audit_log.first_broken_row(connection)


def test_an_empty_log_and_one_as_it_was_written_fit(desk: Desk, log: Desk) -> None:
    assert first_broken(log) is None
    lines = log.rows(rows)
    assert lines[0]["prev_hash"] == "0" * 64
    assert [line["prev_hash"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]


def test_an_empty_log_fits(desk: Desk) -> None:
    assert first_broken(desk) is None


@pytest.mark.parametrize(
    "change",
    [
        {"at": MORNING + timedelta(microseconds=1)},
        {"actor": "bea"},
        {"source": "other"},
        {"action": "looked at"},
        {"object_ref": "T-1002"},
        {"changes": {"progress": [2, 4]}},
        {"correlation_id": "c-2"},
        {"prev_hash": "f" * 64},
        {"hash": "f" * 64},
        {"kind": "CONSULTATION"},
        {"kind": None},
        {"on_behalf_of": "bea"},
        {"recipient": "bea"},
    ],
    ids=lambda change: " ".join(map(str, next(iter(change.items()))))[:20],
)
def test_a_change_of_any_column_of_a_line_is_found_at_that_line(log: Desk, change: dict[str, Any]) -> None:
    with log.store.open() as connection:
        connection.execute(update(rows).where(rows.c.number == 3).values(**change))
    assert first_broken(log) == 3


@pytest.mark.parametrize(("taken", "found_at"), [(1, 2), (3, 4), (4, 5), (5, 5)])
def test_a_line_taken_out_is_found_at_the_next_and_the_newest_is_missed(log: Desk, taken: int, found_at: int) -> None:
    with log.store.open() as connection:
        connection.execute(delete(rows).where(rows.c.number == taken))
    assert first_broken(log) == found_at


def copy_at_the_end(connection: Connection, line: dict[str, Any]) -> None:
    connection.execute(insert(rows).values(**{**line, "number": 6}))


def own_hash_at_the_end(connection: Connection, line: dict[str, Any]) -> None:
    forged = {key: line[key] for key in line if key not in ("number", "hash")} | {"actor": "mallory"}
    connection.execute(insert(rows).values(**forged, number=6, hash=chain.hash_of(rows, forged)))


def well_chained_at_the_end(connection: Connection, line: dict[str, Any]) -> None:
    newest = connection.execute(select(rows.c.hash).where(rows.c.number == 5)).scalar_one()
    forged = {key: line[key] for key in line if key not in ("number", "hash")} | {"prev_hash": newest}
    connection.execute(insert(rows).values(**forged, number=6, hash=chain.hash_of(rows, forged)))


@pytest.mark.parametrize("put_in", [copy_at_the_end, own_hash_at_the_end, well_chained_at_the_end])
def test_a_line_put_in_is_found_even_with_a_hash_of_its_own(
    log: Desk, put_in: Callable[[Connection, dict[str, Any]], None]
) -> None:
    with log.store.open() as connection:
        put_in(connection, dict(connection.execute(select(rows).where(rows.c.number == 3)).mappings().one()))
    assert first_broken(log) == 6


def test_two_lines_that_changed_places_are_found(log: Desk) -> None:
    with log.store.open() as connection:
        for one, other in combinations(range(1, 6), 2):
            with undone(connection):
                swap(connection, rows, one, other)
                assert audit_log.first_broken_row(connection) == one
        assert audit_log.first_broken_row(connection) is None


def test_a_thousand_random_edits_of_single_bytes_are_all_found(day: Desk) -> None:
    random = Random(20261102)
    missed = []
    with day.store.open() as connection:
        for _ in range(1000):
            with undone(connection):
                edit = change_one_byte(connection, rows, random)
                if audit_log.first_broken_row(connection) is None:
                    missed.append(edit)
        assert missed == []
        assert audit_log.first_broken_row(connection) is None


def test_every_edit_of_a_byte_of_the_heads_is_found(day: Desk) -> None:
    random = Random(7)
    with day.store.open() as connection:
        for _ in range(150):
            with undone(connection):
                edit = change_one_byte(connection, chain_heads, random)
                broken = [chain.first_break(connection, table) for table in (rows, decisions)]
                faults = {each.fault for each in broken if each}
                assert faults, edit
                assert faults <= {Fault.HEAD, Fault.ADDED, Fault.CUT_OFF}, edit


def test_every_run_of_lines_that_is_deleted_is_found_also_at_the_end_and_all_of_them(day: Desk) -> None:
    with day.store.open() as connection:
        last = last_number(connection, rows)
        for first, upto in combinations(range(1, last + 2), 2):
            with undone(connection):
                connection.execute(delete(rows).where(rows.c.number >= first, rows.c.number < upto))
                found = chain.first_break(connection, rows)
                assert found is not None
                assert found.fault is (Fault.CUT_OFF if upto > last else Fault.MISPLACED)


def test_lines_cut_off_are_still_missed_when_the_service_has_written_on(log: Desk) -> None:
    with log.store.open() as connection:
        connection.execute(delete(rows).where(rows.c.number > 3))
        written(connection)
    assert first_broken(log) == 6


def test_a_line_forged_at_the_end_does_not_stop_the_service_and_is_still_found(log: Desk) -> None:
    with log.store.open() as connection:
        well_chained_at_the_end(connection, dict(connection.execute(select(rows)).mappings().first() or {}))
        written(connection)
    assert first_broken(log) == 7
    assert [line["number"] for line in log.rows(rows)] == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_collected_is_told_from_what_is_altered_looked_at_and_given_away(desk: Desk) -> None:
    task = desk.raised()
    desk.on_board(task, progress=50)
    desk.store.consulted("bea", "page", task.reference)
    desk.store.disclosed("chair", "pack", task.reference, "Peakshire Council")
    lines = desk.rows(rows)
    assert [line["kind"] for line in lines] == [
        AuditKind.COLLECTION,
        AuditKind.ALTERATION,
        AuditKind.CONSULTATION,
        AuditKind.DISCLOSURE,
    ]
    assert [(line["actor"], line["source"], line["object_ref"]) for line in lines[2:]] == [
        ("bea", "page", task.reference),
        ("chair", "pack", task.reference),
    ]
    assert [line["recipient"] for line in lines] == [None, None, None, "Peakshire Council"]
    assert all(line["at"] == MORNING and line["correlation_id"] for line in lines)


def test_the_person_for_whom_a_rule_acts_is_named(desk: Desk) -> None:
    with desk.act("rule:OVERDUE") as uow:
        uow.audit("asked", "T-1001", {}, on_behalf_of="ann@peakshire.example")
    (line,) = desk.rows(rows)
    assert (line["actor"], line["on_behalf_of"]) == ("rule:OVERDUE", "ann@peakshire.example")


@pytest.mark.parametrize(
    "at",
    [
        MORNING,
        MORNING + timedelta(microseconds=1),
        datetime(2027, 7, 1, 9, 30, tzinfo=LONDON_SUMMER),
        datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
    ],
    ids=["whole", "microseconds", "another zone", "the hour that comes twice"],
)
def test_times_come_back_as_the_same_moment_and_the_chain_holds(desk: Desk, at: datetime) -> None:
    with desk.store.open() as connection:
        written(connection, at=at)
        written(connection, at=at)
    assert first_broken(desk) is None
    assert desk.rows(rows)[0]["at"] == at


def test_every_kind_of_value_that_the_record_has_keeps_the_chain_whole(desk: Desk) -> None:
    task = desk.raised()
    values = {name: (None, getattr(task, name)) for name in type(task).__dataclass_fields__}
    odd = {
        "quote": ('"', "\\"),
        "letters": ("é", "水"),
        "set": (frozenset({"b", "a"}), frozenset()),
        "nested": ({}, {"1": [()]}),
    }
    with desk.store.open() as connection:
        written(connection, changes=values | odd)
    assert first_broken(desk) is None
    line = desk.rows(rows)[-1]["changes"]
    assert line["set"] == [["a", "b"], []]
    assert line["status"] == [None, "TRIAGED"]


def test_what_people_wrote_is_in_the_log_only_as_a_hash_that_proves_it(desk: Desk) -> None:
    marker = "Zebra"
    task = desk.raised(title=marker, submitted_by=marker, checklist=(marker,), faults=(marker,))
    desk.on_board(task, title=f"{marker} crossing", ticks={task.checklist[0].line_id: True})
    with desk.store.open() as connection:
        values = {
            name: (None, getattr(task, name)) for name in ("title", "text", "submitted_by", "checklist", "faults")
        }
        written(connection, changes=values)
    lines = desk.rows(rows)
    assert marker not in str(lines)
    before, after = lines[1]["changes"]["title"]
    assert before.startswith("sha256:")
    assert before != after
    assert before == lines[2]["changes"]["title"][1]
    assert lines[2]["changes"]["title"][0] is None
