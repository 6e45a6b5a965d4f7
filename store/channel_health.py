"""How each channel did: when a card was last handed over, when and why one was not, when it was last checked."""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from store.tables import channel_health

LONGEST_FAILURE = 500


def handed_over(connection: Connection, channel: str, now: datetime, *, is_check: bool = False) -> None:
    """A card was handed over to this channel; `is_check` for the daily channel check."""
    _note(connection, channel, handed_over_at=now, **({"canary_at": now} if is_check else {}))


def failed(connection: Connection, channel: str, now: datetime, reason: str) -> None:
    """A card was not handed over. `reason` is a sentence for the operator."""
    _note(connection, channel, failed_at=now, failure=reason[:LONGEST_FAILURE])


def rows(connection: Connection) -> dict[str, RowMapping]:
    """Every channel that anything is known of, by its code."""
    return {row["channel"]: row for row in connection.execute(select(channel_health)).mappings()}


def _note(connection: Connection, channel: str, **values: object) -> None:
    found = channel_health.c.channel == channel
    if connection.execute(update(channel_health).where(found).values(**values)).rowcount == 0:
        connection.execute(insert(channel_health).values(channel=channel, **values))
