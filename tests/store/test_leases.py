"""One worker at a time does a thing, and nobody is held up for good by one that died."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from store import leases

MORNING = datetime(2026, 7, 1, 7, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_what_one_worker_has_another_does_not_get(connection: Connection) -> None:
    assert leases.take(connection, "board HP", MORNING, 2 * MINUTE)
    assert not leases.take(connection, "board HP", MORNING + MINUTE, 2 * MINUTE)
    assert leases.take(connection, "board DD", MORNING + MINUTE, 2 * MINUTE), "another thing is free"


def test_a_lease_ends_by_itself(connection: Connection) -> None:
    leases.take(connection, "board HP", MORNING, 2 * MINUTE)
    assert leases.take(connection, "board HP", MORNING + 2 * MINUTE, 2 * MINUTE)
    assert not leases.take(connection, "board HP", MORNING + 3 * MINUTE, 2 * MINUTE), "it is the second worker's now"


def test_what_is_given_back_is_free_at_once(connection: Connection) -> None:
    leases.take(connection, "board HP", MORNING, 2 * MINUTE)
    leases.give_back(connection, "board HP")
    assert leases.take(connection, "board HP", MORNING, 2 * MINUTE)
