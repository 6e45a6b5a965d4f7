"""What pieces of work of one transaction read alike is read once, and is never older than what they wrote."""

from sqlalchemy import event

from store import meetings, notebook
from tasking.meetings import MeetingRecord, MeetingState
from tests.peakshire import MORNING, Desk

DAILY = "HP_DAILY 2027-01-04"


def test_a_transaction_asks_once_which_meetings_are_cancelled_and_the_next_one_asks_again(desk: Desk) -> None:
    asked: list[str] = []
    event.listen(desk.store.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for _ in range(2):
        asked.clear()
        with desk.store.open() as connection:
            assert meetings.cancelled(connection) == meetings.cancelled(connection) == frozenset()
        assert len(asked) == 1


def test_a_meeting_that_the_transaction_itself_cancels_is_cancelled_at_once(desk: Desk) -> None:
    with desk.store.open() as connection:
        assert meetings.cancelled(connection) == frozenset()
        meetings.put(connection, MeetingRecord(DAILY, "HP_DAILY", MORNING, MeetingState.CANCELLED))
        assert meetings.cancelled(connection) == {DAILY}


def test_what_the_transaction_itself_provisions_or_forgets_is_seen_at_once(desk: Desk) -> None:
    with desk.store.open() as connection:
        assert notebook.provisioned_row(connection, "plan", "HP") is None
        notebook.provision(connection, "plan", "HP", "plan-1", {}, MORNING)
        found = notebook.provisioned_row(connection, "plan", "HP")
        assert found is not None
        assert found["graph_id"] == "plan-1"
        notebook.forget_provisioned(connection, "plan", "HP")
        assert notebook.provisioned_row(connection, "plan", "HP") is None
