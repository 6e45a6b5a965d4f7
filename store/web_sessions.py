"""Sessions of people in the tab, kept here and not in the browser: that has a random key, and we its hash only."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from store.tab_tables import sent_forms, web_sessions

SIGNING_IN, SIGNED_IN = "SIGNING_IN", "SIGNED_IN"


@dataclass(frozen=True, slots=True)
class WebSession:
    """One session. `document` is what it holds, by its kind. Times are UTC; `ends_at` is its end however it is used."""

    session_id: str
    kind: str
    document: Mapping[str, Any]
    begun_at: datetime
    used_at: datetime
    ends_at: datetime


class AlreadySent(Exception):
    """This very form was sent before and had its effect. `at` is when (UTC)."""

    def __init__(self, at: datetime) -> None:
        super().__init__("sent before")
        self.at = at


def begin(
    connection: Connection, key: str, kind: str, document: Mapping[str, Any], now: datetime, ends_at: datetime
) -> None:
    """Keeps a new session under the hash of `key`."""
    values = {"kind": kind, "document": dict(document), "begun_at": now, "used_at": now, "ends_at": ends_at}
    connection.execute(insert(web_sessions).values(session_id=_hash(key), **values))


def read(connection: Connection, key: str) -> WebSession | None:
    """The session of this key, whether its time is over or not; None where there is none."""
    row = connection.execute(select(web_sessions).where(web_sessions.c.session_id == _hash(key))).mappings().first()
    return _session(row) if row else None


def change(connection: Connection, session: WebSession, **values: object) -> None:
    """Changes `used_at` or `document`."""
    connection.execute(update(web_sessions).where(web_sessions.c.session_id == session.session_id).values(**values))


def end(connection: Connection, session: WebSession) -> None:
    """The session is over: its key opens nothing any more."""
    connection.execute(delete(web_sessions).where(web_sessions.c.session_id == session.session_id))


def forget(connection: Connection, before: datetime) -> None:
    """Takes away sessions that ended, and marks of forms that were sent, before this moment (UTC)."""
    connection.execute(delete(web_sessions).where(web_sessions.c.ends_at < before))
    connection.execute(delete(sent_forms).where(sent_forms.c.sent_at < before))


def send_once(connection: Connection, form_key: str, now: datetime) -> None:
    """Marks a form as sent, in the same transaction as its effect. Raises AlreadySent where it was before."""
    before = connection.execute(select(sent_forms.c.sent_at).where(sent_forms.c.form_key == form_key)).scalar()
    if before is not None:
        raise AlreadySent(before)
    try:
        connection.execute(insert(sent_forms).values(form_key=form_key, sent_at=now))
    except IntegrityError:  # the same form, sent at the same moment through another process
        raise AlreadySent(now) from None


def _session(row: RowMapping) -> WebSession:
    return WebSession(**{name: row[name] for name in WebSession.__dataclass_fields__})


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
