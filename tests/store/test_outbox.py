"""The outbox: one worker has a row at a time, a dead worker's row comes free, and nothing leaves it unaccounted for."""

from due_rows import due_ids
from sqlalchemy import Connection, select

from store import outbox
from store.outbox import LEASE, Delivery
from store.tables import outbox as rows
from tests.peakshire import HOUR, MINUTE, MORNING


def promised(connection: Connection, number: int = 1) -> int:
    return outbox.add(connection, "TaskRaised", "planner.show_on_board", {"task_id": str(number)}, MORNING, "c-1")


def claimed(connection: Connection, outbox_id: int, after: object = 0 * MINUTE) -> Delivery:
    delivery = outbox.claim(connection, outbox_id, MORNING + after)  # type: ignore[operator]
    assert delivery is not None
    return delivery


def test_a_promise_is_due_at_once_and_handed_on_whole(connection: Connection) -> None:
    one = promised(connection)
    assert due_ids(connection, MORNING) == [one]
    assert claimed(connection, one) == Delivery(
        one, "TaskRaised", "planner.show_on_board", {"task_id": "1"}, 0, False, MORNING, "c-1", 2
    )


def test_a_row_that_one_worker_has_is_nobody_elses(connection: Connection) -> None:
    one, two = promised(connection), promised(connection)
    claimed(connection, one)
    assert outbox.claim(connection, one, MORNING) is None
    assert due_ids(connection, MORNING + LEASE - MINUTE) == [two]


def test_a_row_whose_worker_died_comes_free_exactly_when_its_lease_ends(connection: Connection) -> None:
    one = promised(connection)
    claimed(connection, one)
    just_before = LEASE - MINUTE / 60
    assert outbox.claim(connection, one, MORNING + just_before) is None
    assert due_ids(connection, MORNING + LEASE) == [one]
    assert claimed(connection, one, LEASE).attempts == 1


def test_a_delivered_row_never_comes_again(connection: Connection) -> None:
    one = promised(connection)
    claimed(connection, one)
    outbox.settle(connection, [one], MORNING)
    assert due_ids(connection, MORNING + 1000 * HOUR) == []
    assert outbox.claim(connection, one, MORNING + 1000 * HOUR) is None
    assert outbox.waiting(connection) == 0


def test_a_failed_row_comes_again_at_its_time_with_its_tries_counted_and_its_error_kept(connection: Connection) -> None:
    one = promised(connection)
    for tries in range(3):
        assert claimed(connection, one, tries * HOUR).attempts == tries
        outbox.try_later(connection, one, MORNING + (tries + 1) * HOUR, f"error {tries}", False)
    assert due_ids(connection, MORNING + 3 * HOUR - MINUTE) == []
    assert due_ids(connection, MORNING + 3 * HOUR) == [one]
    assert connection.execute(select(rows.c.last_error)).scalar() == "error 2"


def test_a_doubt_once_noted_stays_until_it_is_certain_that_nothing_was_sent(connection: Connection) -> None:
    one = promised(connection)
    claimed(connection, one)
    outbox.mark_in_doubt(connection, one)
    outbox.try_later(connection, one, MORNING, "the process met something unexpected", False)
    assert claimed(connection, one).in_doubt
    outbox.mark_not_sent(connection, one)
    outbox.try_later(connection, one, MORNING, "cannot be reached", False)
    assert not claimed(connection, one).in_doubt
    outbox.try_later(connection, one, MORNING, "gave no answer", True)
    assert claimed(connection, one).in_doubt


def test_a_dead_letter_is_kept_with_its_reason_and_not_tried_again(connection: Connection) -> None:
    one, two = promised(connection, 1), promised(connection, 2)
    claimed(connection, one)
    outbox.dead_letter(connection, one, MORNING + MINUTE, "answered 404")
    (dead,) = outbox.dead_letters(connection)
    assert (dead["outbox_id"], dead["last_error"], dead["settled_at"]) == (one, "answered 404", MORNING + MINUTE)
    assert dead["payload"] == {"task_id": "1"}
    assert due_ids(connection, MORNING + 1000 * HOUR) == [two]
    assert outbox.waiting(connection) == 1


def test_dead_letters_are_shown_oldest_first_whenever_they_were_due(connection: Connection) -> None:
    ids = [promised(connection, number) for number in range(3)]
    outbox.try_later(connection, ids[0], MORNING + HOUR, "later", False)
    for each in ids:
        outbox.dead_letter(connection, each, MORNING, "gone")
    assert [row["outbox_id"] for row in outbox.dead_letters(connection)] == ids
    assert outbox.replay(connection, None, MORNING) == ids


def test_one_dead_letter_or_all_are_put_back_and_start_counting_anew(connection: Connection) -> None:
    one, two, alive = (promised(connection, number) for number in range(3))
    for each in (one, two):
        claimed(connection, each)
        outbox.dead_letter(connection, each, MORNING, "gone")
    assert outbox.replay(connection, two, MORNING + HOUR) == [two]
    assert due_ids(connection, MORNING + HOUR) == [two, alive]
    assert claimed(connection, two, HOUR).attempts == 0
    assert outbox.replay(connection, alive, MORNING) == []
    assert outbox.replay(connection, None, MORNING) == [one]
    assert outbox.dead_letters(connection) == []


def test_a_replayed_letter_that_may_have_got_through_still_says_so(connection: Connection) -> None:
    one = promised(connection)
    outbox.mark_in_doubt(connection, one)
    outbox.dead_letter(connection, one, MORNING, "gone")
    outbox.replay(connection, one, MORNING)
    assert claimed(connection, one).in_doubt


def test_the_oldest_waiting_promise_tells_how_far_behind_deliveries_are(connection: Connection) -> None:
    assert outbox.oldest_waiting(connection) is None
    one = promised(connection)
    outbox.add(connection, "TaskRaised", "h", {}, MORNING + HOUR, "c-2")
    assert outbox.oldest_waiting(connection) == MORNING
    outbox.settle(connection, [one], MORNING + HOUR)
    assert outbox.oldest_waiting(connection) == MORNING + HOUR


def test_what_is_due_is_handed_out_oldest_first_and_no_more_than_asked_for(connection: Connection) -> None:
    ids = [promised(connection, number) for number in range(4)]
    outbox.try_later(connection, ids[0], MORNING + MINUTE, "later", False)
    assert due_ids(connection, MORNING + HOUR, limit=3) == ids[:3]


def test_rows_may_be_claimed_for_some_handlers_and_for_all_besides_them(connection: Connection) -> None:
    outside = promised(connection)
    home = outbox.add(connection, "ResponseReceived", "ingest.take", {"inbox_id": "1"}, MORNING, "c-1", urgency=0)
    assert [row.outbox_id for row in outbox.claim_due(connection, MORNING, 9, ["ingest.take"])] == [outside]
    assert [row.outbox_id for row in outbox.claim_due_of(connection, MORNING, 9, ["ingest.take"])] == [home]
    assert outbox.claim_due(connection, MORNING, 9) == []
