"""The inbox: each response once, as it came; stopped ones only counted; what is held is shown until it is settled."""

from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from store import inbox
from store.inbox import InboxRow, InboxState
from store.tables import arrivals, held_items, stop_counts
from tests.peakshire import HOUR, MORNING, Desk


def added(connection: Connection, response_id: str = "1", **changes: Any) -> InboxRow:
    values: dict[str, Any] = {
        "form": "raise_task",
        "response_id": response_id,
        "reference": "T-1001",
        "state": InboxState.RECEIVED,
        "encoding": "wire",
        "answers": {"r1": "Speeding, é 水", "r2": '["a","b"]'},
        "responder": "ann@peakshire.example",
        "submitted_at": MORNING,
        "received_at": MORNING + HOUR,
        "correlation_id": "c-1",
    }
    return inbox.add(connection, **{**values, **changes})


def test_a_response_is_kept_as_it_came_and_found_by_its_form_and_number(connection: Connection) -> None:
    row = added(connection)
    assert inbox.find(connection, "raise_task", "1") == inbox.read(connection, row.inbox_id) == row
    assert (row.answers, row.submitted_at) == ({"r1": "Speeding, é 水", "r2": '["a","b"]'}, MORNING)
    assert (row.state, row.reasons, row.task_id) == (InboxState.RECEIVED, (), None)


def test_the_same_number_at_another_form_is_another_response(connection: Connection) -> None:
    added(connection)
    assert inbox.find(connection, "reassess", "1") is None
    added(connection, form="reassess")


def test_the_same_response_cannot_stand_in_the_inbox_twice(connection: Connection) -> None:
    added(connection)
    with pytest.raises(IntegrityError):
        added(connection, reference="T-1002")


def test_what_became_of_a_response_is_noted_and_it_no_longer_waits(connection: Connection) -> None:
    first, second, third = (added(connection, str(number)) for number in range(3))
    assert inbox.ids_received(connection) == [first.inbox_id, second.inbox_id, third.inbox_id]
    inbox.finish(connection, first.inbox_id, InboxState.DONE, (), "task-1")
    inbox.finish(connection, second.inbox_id, InboxState.REJECTED, ["No such task.", "No reason."])
    assert inbox.ids_received(connection) == [third.inbox_id]
    assert inbox.read(connection, first.inbox_id).task_id == "task-1"
    (refused,) = inbox.rejected(connection)
    assert (refused.inbox_id, refused.reasons) == (second.inbox_id, ("No such task.", "No reason."))
    assert refused.answers == second.answers


def test_each_way_in_is_noted_once_for_each_item(connection: Connection, desk: Desk) -> None:
    row = added(connection).inbox_id
    assert inbox.note_arrival(connection, row, "list", "item 7", MORNING)
    assert not inbox.note_arrival(connection, row, "list", "item 7", MORNING + HOUR)
    assert inbox.note_arrival(connection, row, "list", "item 8", MORNING)
    assert inbox.note_arrival(connection, row, "workbook", "item 7", MORNING)
    found = connection.execute(arrivals.select()).mappings().all()
    assert [(each["door"], each["item"], each["arrived_at"]) for each in found] == [
        ("list", "item 7", MORNING),
        ("list", "item 8", MORNING),
        ("workbook", "item 7", MORNING),
    ]


def test_stopped_responses_are_counted_by_day_and_reply_and_nothing_else_is_kept(connection: Connection) -> None:
    for day, code in (
        ("2026-11-02", "COVERT"),
        ("2026-11-02", "COVERT"),
        ("2026-11-02", "LIVE_RISK"),
        ("2026-11-03", "COVERT"),
    ):
        inbox.count_stop(connection, day, code)
    assert sorted(connection.execute(stop_counts.select()).all()) == [
        ("2026-11-02", "COVERT", 2),
        ("2026-11-02", "LIVE_RISK", 1),
        ("2026-11-03", "COVERT", 1),
    ]
    assert set(stop_counts.c.keys()) == {"day", "reply_code", "times"}


def test_an_item_is_held_once_with_its_reason_until_it_is_understood(connection: Connection) -> None:
    assert inbox.hold(connection, "list", "item 7", "The column is missing.", {"a": 1}, MORNING)
    assert not inbox.hold(connection, "list", "item 7", "The column is missing.", {"a": 1}, MORNING + HOUR)
    assert inbox.hold(connection, "workbook", "item 7", "No number.", None, MORNING)
    assert [(row["door"], row["reason"], row["content"]) for row in inbox.held(connection)] == [
        ("list", "The column is missing.", {"a": 1}),
        ("workbook", "No number.", None),
    ]
    inbox.release(connection, "list", "item 7", MORNING + HOUR)
    assert [row["door"] for row in inbox.held(connection)] == ["workbook"]


def test_an_item_that_cannot_be_understood_again_is_held_again(connection: Connection) -> None:
    inbox.hold(connection, "list", "item 7", "The column is missing.", None, MORNING)
    inbox.release(connection, "list", "item 7", MORNING + HOUR)
    assert inbox.hold(connection, "list", "item 7", "No number.", {"b": 2}, MORNING + 2 * HOUR)
    (row,) = inbox.held(connection)
    assert (row["reason"], row["content"], row["held_at"]) == ("No number.", {"b": 2}, MORNING + 2 * HOUR)
    assert len(connection.execute(held_items.select()).all()) == 1


def test_releasing_what_was_never_held_does_nothing(connection: Connection) -> None:
    inbox.release(connection, "list", "item 7", MORNING)
    assert inbox.held(connection) == []


def test_the_counts_tell_states_arrivals_and_stops(connection: Connection) -> None:
    rows = [added(connection, str(number)) for number in range(3)]
    inbox.finish(connection, rows[0].inbox_id, InboxState.DONE)
    inbox.note_arrival(connection, rows[0].inbox_id, "list", "7", MORNING)
    for _ in range(2):
        inbox.count_stop(connection, "2026-11-02", "COVERT")
    assert inbox.counts(connection) == {"DONE": 1, "RECEIVED": 2, "arrivals": 1, "stop_count": 2}
