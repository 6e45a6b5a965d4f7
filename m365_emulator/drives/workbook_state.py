"""Workbook sessions: which workbook each is of, when it was last used, and its own copy when it keeps nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PERSISTENT_LIFE, PASSING_LIFE = timedelta(minutes=5), timedelta(minutes=7)


@dataclass(slots=True)
class Session:
    """One session; `copy` is the content that it works on when it is not to persist."""

    id: str
    drive_id: str
    item_id: str
    persists: bool
    used_at: datetime
    copy: bytes | None = None

    def is_over(self, now: datetime) -> bool:
        """Unused for too long."""
        return now - self.used_at > (PERSISTENT_LIFE if self.persists else PASSING_LIFE)


@dataclass(slots=True)
class WorkbookState:
    """Every open session by id."""

    sessions: dict[str, Session] = field(default_factory=dict)

    def open(self, drive_id: str, item_id: str, *, persists: bool, content: bytes, now: datetime) -> Session:
        """A new session on a workbook."""
        session_id = f"cluster=GB1&session={secrets.token_urlsafe(32)}"
        session = Session(session_id, drive_id, item_id, persists, now, None if persists else content)
        self.sessions[session_id] = session
        return session

    def find(self, session_id: str, drive_id: str, item_id: str, now: datetime) -> Session | None:
        """The live session of this id on this workbook, used now."""
        session = self.sessions.get(session_id)
        if session is None or (session.drive_id, session.item_id) != (drive_id, item_id) or session.is_over(now):
            return None
        session.used_at = now
        return session
