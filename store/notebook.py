"""Small facts the service keeps: cursors of its pollers, ids it provisioned, notices to the operator, cards posted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from store.read_once import forget, once
from store.tables import cursors, notices, posts, provisioned

_PROVISIONED = select(provisioned).where(provisioned.c.kind == bindparam("of_kind"))
_PROVISIONED_ROW = _PROVISIONED.where(provisioned.c.key == bindparam("this"))
_OPEN_NOTICES = select(notices).where(notices.c.cleared_at.is_(None)).order_by(notices.c.notice_id)


def cursor(connection: Connection, name: str) -> str | None:
    """Where a poller had got to, or None before its first read."""
    return connection.execute(select(cursors.c.value).where(cursors.c.name == name)).scalar()


def move_cursor(connection: Connection, name: str, value: str, now: datetime) -> None:
    """Notes how far a poller has read; meant for the same transaction as what it read."""
    if (
        connection.execute(update(cursors).where(cursors.c.name == name).values(value=value, moved_at=now)).rowcount
        == 0
    ):
        connection.execute(insert(cursors).values(name=name, value=value, moved_at=now))


def forget_cursor(connection: Connection, name: str) -> None:
    """Makes a poller start again from the beginning."""
    connection.execute(delete(cursors).where(cursors.c.name == name))


def provision(
    connection: Connection, kind: str, key: str, graph_id: str, details: Mapping[str, Any], now: datetime
) -> None:
    """Remembers what something of the force's config is called in Graph."""
    values = {"graph_id": graph_id, "details": dict(details), "made_at": now}
    found = (provisioned.c.kind == kind, provisioned.c.key == key)
    if connection.execute(update(provisioned).where(*found).values(**values)).rowcount == 0:
        connection.execute(insert(provisioned).values(kind=kind, key=key, **values))
    forget(connection, (provisioned, kind, key))


def provisioned_rows(connection: Connection, kind: str) -> dict[str, RowMapping]:
    """Everything provisioned of one kind, by key."""
    rows = connection.execute(_PROVISIONED, {"of_kind": kind}).mappings()
    return {row["key"]: row for row in rows}


def forget_provisioned(connection: Connection, kind: str, key: str) -> None:
    """What was remembered is not there any more."""
    connection.execute(delete(provisioned).where(provisioned.c.kind == kind, provisioned.c.key == key))
    forget(connection, (provisioned, kind, key))


def provisioned_row(connection: Connection, kind: str, key: str) -> RowMapping | None:
    """What is provisioned of one kind under this key, if anything is."""
    found = (provisioned, kind, key)
    return once(connection, found, lambda: _provisioned_row(connection, {"of_kind": kind, "this": key}))


def _provisioned_row(connection: Connection, which: Mapping[str, str]) -> RowMapping | None:
    return connection.execute(_PROVISIONED_ROW, which).mappings().first()


def raise_notice(connection: Connection, subject: str, text: str, now: datetime) -> bool:
    """Tells the operator of a trouble. False when the same subject is already open: told once, not every poll."""
    open_one = (notices.c.subject == subject, notices.c.cleared_at.is_(None))
    if connection.execute(select(notices.c.notice_id).where(*open_one)).first() is not None:
        connection.execute(update(notices).where(*open_one).values(text=text))
        return False
    connection.execute(insert(notices).values(subject=subject, text=text, raised_at=now))
    return True


def clear_notice(connection: Connection, subject: str, now: datetime) -> bool:
    """The trouble is over. True when a notice was open."""
    open_one = (notices.c.subject == subject, notices.c.cleared_at.is_(None))
    if connection.execute(select(notices.c.notice_id).where(*open_one)).first() is None:
        return False
    connection.execute(update(notices).where(*open_one).values(cleared_at=now))
    return True


def open_notices(connection: Connection) -> list[RowMapping]:
    """Troubles not yet over, oldest first."""
    return list(connection.execute(_OPEN_NOTICES).mappings())


def note_post(connection: Connection, **values: object) -> None:
    """Remembers that a card was handed over to a channel."""
    connection.execute(insert(posts).values(**values))


def post_of(connection: Connection, outbox_id: int) -> RowMapping | None:
    """The card that this delivery handed over, if it did."""
    return connection.execute(select(posts).where(posts.c.outbox_id == outbox_id)).mappings().first()


def thread_of(connection: Connection, escalation_id: str, channel: str) -> str | None:
    """The first message about an escalation in a channel, for follow-ups; None where no message is known there."""
    about = (posts.c.escalation_id == escalation_id, posts.c.channel == channel, posts.c.message_id.is_not(None))
    return connection.execute(select(posts.c.message_id).where(*about).order_by(posts.c.post_id).limit(1)).scalar()


def all_posts(connection: Connection) -> list[RowMapping]:
    """Every card handed over, oldest first."""
    return list(connection.execute(select(posts).order_by(posts.c.post_id)).mappings())
