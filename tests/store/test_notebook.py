"""The notebook: cursors, what was provisioned, notices told once, cards handed over once."""

from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from store import notebook
from store.tables import notices
from tests.peakshire import HOUR, MORNING, Desk


def test_a_poller_goes_on_where_it_had_got_to_and_starts_anew_when_told_to(connection: Connection) -> None:
    assert notebook.cursor(connection, "intake") is None
    notebook.move_cursor(connection, "intake", "token-1", MORNING)
    notebook.move_cursor(connection, "other", "token-9", MORNING)
    notebook.move_cursor(connection, "intake", "token-2" * 400, MORNING)
    assert notebook.cursor(connection, "intake") == "token-2" * 400
    notebook.forget_cursor(connection, "intake")
    assert (notebook.cursor(connection, "intake"), notebook.cursor(connection, "other")) == (None, "token-9")


def reads_half_a_page(desk: Desk) -> None:
    with desk.store.open() as connection:
        notebook.move_cursor(connection, "intake", "token-2", MORNING)
        raise ConnectionError("the second half never came")


def test_a_cursor_moves_only_with_the_commit_of_what_was_read(desk: Desk) -> None:
    with desk.store.open() as connection:
        notebook.move_cursor(connection, "intake", "token-1", MORNING)
    with pytest.raises(ConnectionError):
        reads_half_a_page(desk)
    with desk.store.open() as connection:
        assert notebook.cursor(connection, "intake") == "token-1"


def test_what_was_provisioned_is_kept_by_kind_and_key_and_the_newest_id_counts(connection: Connection) -> None:
    notebook.provision(connection, "plan", "HP", "plan-1", {"buckets": {"ROADS": "b1"}}, MORNING)
    notebook.provision(connection, "plan", "HP", "plan-2", {"buckets": {}}, MORNING + HOUR)
    notebook.provision(connection, "plan", "DD", "plan-3", {}, MORNING)
    notebook.provision(connection, "group", "HP", "group-1", {}, MORNING)
    found = notebook.provisioned_rows(connection, "plan")
    assert {key: (row["graph_id"], row["details"]) for key, row in found.items()} == {
        "HP": ("plan-2", {"buckets": {}}),
        "DD": ("plan-3", {}),
    }


def test_a_trouble_is_told_once_while_it_lasts_with_its_newest_words(connection: Connection) -> None:
    told = [notebook.raise_notice(connection, "board of HP", f"words {n}", MORNING + n * HOUR) for n in range(3)]
    assert told == [True, False, False]
    (notice,) = notebook.open_notices(connection)
    assert (notice["text"], notice["raised_at"]) == ("words 2", MORNING)


def test_the_end_of_a_trouble_is_told_once_and_its_return_is_told_anew(connection: Connection) -> None:
    notebook.raise_notice(connection, "board of HP", "cannot be read", MORNING)
    notebook.raise_notice(connection, "board of DD", "cannot be read", MORNING)
    assert [notebook.clear_notice(connection, "board of HP", MORNING + HOUR) for _ in range(2)] == [True, False]
    assert [row["subject"] for row in notebook.open_notices(connection)] == ["board of DD"]
    assert notebook.raise_notice(connection, "board of HP", "again", MORNING + 2 * HOUR)
    kept = connection.execute(notices.select().where(notices.c.subject == "board of HP")).mappings().all()
    assert [(row["text"], row["cleared_at"]) for row in kept] == [
        ("cannot be read", MORNING + HOUR),
        ("again", None),
    ]


def posted(connection: Connection, outbox_id: int) -> None:
    values: dict[str, Any] = {"channel": "HP_DAILY", "kind": "escalated", "task_id": "t", "sent_again": False}
    notebook.note_post(connection, outbox_id=outbox_id, posted_at=MORNING, **values)


def test_a_delivery_hands_over_one_card_and_no_second_can_be_noted(connection: Connection) -> None:
    assert notebook.post_of(connection, 5) is None
    posted(connection, 5)
    posted(connection, 4)
    found = notebook.post_of(connection, 5)
    assert found is not None
    assert (found["channel"], found["posted_at"]) == ("HP_DAILY", MORNING)
    assert [row["outbox_id"] for row in notebook.all_posts(connection)] == [5, 4]
    with pytest.raises(IntegrityError):
        posted(connection, 5)
