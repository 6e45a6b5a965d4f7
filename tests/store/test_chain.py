"""The chain as any append-only table can have it: numbers, hashes, columns that came later, and a head."""

import json
from datetime import timedelta, timezone

import pytest
from sqlalchemy import JSON, Column, Connection, Integer, MetaData, String, Table, delete, insert, text, update
from tampering import undone

from store import chain
from store.chain import FIRST_HASH, Break, Fault, Head
from store.read_once import forget
from store.stored_rows import exact_rows
from store.tables import UtcDateTime, chain_heads
from tests.peakshire import HOUR, MORNING

rulings = Table(
    "rulings",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("ruled_at", UtcDateTime, nullable=False),
    Column("document", JSON, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("forum", String(20), info={"since": "later"}),
)


@pytest.fixture
def three(connection: Connection) -> Connection:
    """A chain of three rows."""
    rulings.create(connection)
    for number in range(3):
        values = {"ruled_at": MORNING + number * HOUR, "document": {"of": [number, "é"]}, "forum": "daily"}
        assert chain.append(connection, rulings, values) == number + 1
    return connection


def broken(connection: Connection) -> Break | None:
    return chain.first_break(connection, rulings)


def test_rows_are_numbered_and_chained_and_the_head_says_where_they_end(three: Connection) -> None:
    rows = three.execute(rulings.select()).all()
    assert [row.prev_hash for row in rows] == [FIRST_HASH, rows[0].hash, rows[1].hash]
    assert chain.head(three, rulings) == Head(3, rows[2].hash)
    assert broken(three) is None


def test_a_chain_without_rows_is_whole_and_ends_at_nothing(connection: Connection) -> None:
    rulings.create(connection)
    assert (broken(connection), chain.head(connection, rulings)) == (None, Head(0, FIRST_HASH))


def test_two_chains_in_one_database_do_not_know_of_one_another(three: Connection) -> None:
    other = rulings.to_metadata(MetaData(), name="others")
    other.create(three)
    assert chain.append(three, other, {"ruled_at": MORNING, "document": {}}) == 1
    assert (chain.first_break(three, other), broken(three)) == (None, None)


def test_rows_hashed_before_a_column_came_still_fit_and_may_not_be_given_a_value_there(three: Connection) -> None:
    chain.append(three, rulings, {"ruled_at": MORNING, "document": {}})
    without = {"ruled_at": MORNING, "document": {}, "prev_hash": "0"}
    assert chain.hash_of(rulings, without) == chain.hash_of(rulings, without | {"forum": None})
    assert broken(three) is None
    three.execute(update(rulings).where(rulings.c.number == 4).values(forum="weekly"))
    assert broken(three) == Break(4, Fault.CHANGED)


def test_a_value_taken_out_of_a_column_that_came_later_is_found(three: Connection) -> None:
    three.execute(update(rulings).where(rulings.c.number == 2).values(forum=None))
    assert broken(three) == Break(2, Fault.CHANGED)


def test_a_time_is_hashed_as_the_moment_it_is() -> None:
    local = MORNING.astimezone(timezone(timedelta(hours=1)))
    assert chain.hash_of(rulings, {"ruled_at": local}) == chain.hash_of(rulings, {"ruled_at": MORNING})


@pytest.mark.parametrize(
    ("stored", "other"),
    [
        ("document", '{"of":[1, "\\u00e9"]}'),
        ("document", '{"of": [1, "\\u00E9"]}'),
        ("document", '{"of": [2], "of": [1, "\\u00e9"]}'),
        ("document", "not JSON"),
        ("ruled_at", "2026-11-02T09:30:00.000000"),
        ("ruled_at", "2026-11-02 09:30:00"),
        ("forum", b"daily"),
        ("forum", 5),
    ],
)
def test_bytes_that_mean_the_same_or_nothing_are_a_change_all_the_same(
    three: Connection, stored: str, other: object
) -> None:
    three.execute(text(f"UPDATE rulings SET {stored} = :other WHERE number = 2"), {"other": other})
    assert broken(three) == Break(2, Fault.CHANGED)


def test_rows_that_are_gone_put_in_or_moved_are_told_apart(three: Connection) -> None:
    newest = three.execute(rulings.select().where(rulings.c.number == 3)).mappings().one()
    with undone(three):
        three.execute(delete(rulings).where(rulings.c.number == 2))
        assert broken(three) == Break(3, Fault.MISPLACED)
    with undone(three):
        three.execute(delete(rulings).where(rulings.c.number > 1))
        assert broken(three) == Break(2, Fault.CUT_OFF)
    with undone(three):
        three.execute(delete(rulings))
        assert broken(three) == Break(1, Fault.CUT_OFF)
    with undone(three):
        forged = {**newest, "prev_hash": newest["hash"]}
        three.execute(insert(rulings).values(**forged | {"number": 4, "hash": chain.hash_of(rulings, forged)}))
        assert broken(three) == Break(4, Fault.ADDED)
    with undone(three):
        three.execute(update(rulings).where(rulings.c.number == 3).values(number=33))
        assert broken(three) == Break(33, Fault.MISPLACED)
    assert broken(three) is None


@pytest.mark.parametrize("values", [{"rows": 3, "hash": "f" * 64}, {"name": "ruling"}, {"hash": ""}])
def test_a_head_that_was_changed_is_found(three: Connection, values: dict[str, object]) -> None:
    three.execute(update(chain_heads).values(**values))
    assert broken(three) == Break(3, Fault.HEAD)


def test_a_head_that_was_deleted_is_found_and_not_healed_by_what_is_written_next(three: Connection) -> None:
    three.execute(delete(chain_heads))
    assert broken(three) == Break(3, Fault.HEAD)
    forget(three, (chain_heads, rulings))  # as the next transaction finds it
    assert chain.append(three, rulings, {"ruled_at": MORNING, "document": {}}) == 4
    assert broken(three) == Break(4, Fault.MISPLACED)


def test_every_fault_is_said_in_words_with_its_row() -> None:
    for fault in Fault:
        assert "7" in Break(7, fault).words


def test_a_hash_noted_elsewhere_is_found_while_the_chain_is_the_same(three: Connection) -> None:
    noted = chain.head(three, rulings).hash
    chain.append(three, rulings, {"ruled_at": MORNING, "document": {}})
    assert chain.stands(three, rulings, noted)
    assert not chain.stands(three, rulings, "f" * 64)


def test_on_a_database_that_keeps_types_only_json_is_compared_by_its_text(
    three: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(three.dialect, "name", "another")
    assert [row["document"] for _, row in exact_rows(three, rulings) if row] == [{"of": [n, "é"]} for n in range(3)]
    three.execute(text("UPDATE rulings SET document = :it WHERE number = 2"), {"it": json.dumps({"of": [1]}, indent=1)})
    assert [row is None for _, row in exact_rows(three, rulings)] == [False, True, False]
