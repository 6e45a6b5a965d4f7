"""Which outbox rows a worker would get now, without taking them."""

from datetime import datetime

from sqlalchemy import Connection

from store import outbox


def due_ids(connection: Connection, now: datetime, limit: int = 500) -> list[int]:
    """Ids of the rows that may be delivered at `now` (UTC), in the order in which they would be."""
    with connection.begin_nested() as only_looking:
        ids = [delivery.outbox_id for delivery in outbox.claim_due(connection, now, limit)]
        only_looking.rollback()
    return ids
