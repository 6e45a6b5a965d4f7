"""Frozen packs as rows: added, never changed, each with the SHA-256 of its document; a later one stands beside it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, insert, select

from store.tables import packs
from tasking.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class StoredPack:
    """A pack as it was frozen. `as_at` is UTC; `document` is plain JSON and stands for itself."""

    pack_id: str
    meeting_ref: str
    code: str
    as_at: datetime
    frozen_by: str
    document: Mapping[str, Any]
    hash: str

    @property
    def is_whole(self) -> bool:
        """Whether the document is still the one that was frozen."""
        return self.hash == hash_of(self.document)


def hash_of(document: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of a document written with sorted keys and no blanks."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def add(
    connection: Connection,
    pack_id: str,
    meeting_ref: str,
    code: str,
    as_at: datetime,
    frozen_by: str,
    document: Mapping[str, Any],
) -> str:
    """Keeps a frozen pack and gives its hash. `as_at` is UTC; `code` is the meeting's."""
    fingerprint = hash_of(document)
    row = {
        "pack_id": pack_id,
        "meeting_ref": meeting_ref,
        "code": code,
        "as_at": as_at,
        "frozen_by": frozen_by,
        "document": dict(document),
        "hash": fingerprint,
    }
    connection.execute(insert(packs).values(**row))
    return fingerprint


def read(connection: Connection, pack_id: str) -> StoredPack:
    """One frozen pack. Raises RuleBroken where there is none of this id."""
    found = _first(connection, select(packs).where(packs.c.pack_id == pack_id))
    if found is None:
        raise RuleBroken("There is no such pack.")
    return found


def latest_of(connection: Connection, code: str, before: datetime | None = None) -> StoredPack | None:
    """The newest pack of the meeting with this code, or of those stamped before this moment (UTC); None without one."""
    query = select(packs).where(packs.c.code == code)
    if before is not None:
        query = query.where(packs.c.as_at < before)
    return _first(connection, query.order_by(packs.c.as_at.desc(), packs.c.pack_id))


def of_meeting(connection: Connection, meeting_ref: str) -> tuple[StoredPack, ...]:
    """Every pack that was frozen for one meeting, oldest first."""
    query = select(packs).where(packs.c.meeting_ref == meeting_ref).order_by(packs.c.as_at, packs.c.pack_id)
    return tuple(_pack(row) for row in connection.execute(query).mappings())


def has_since(connection: Connection, meeting_ref: str, since: datetime) -> bool:
    """Whether a pack of this meeting was frozen at or after this moment (UTC)."""
    query = select(packs.c.pack_id).where(packs.c.meeting_ref == meeting_ref, packs.c.as_at >= since)
    return connection.execute(query.limit(1)).first() is not None


def _first(connection: Connection, query: Select[Any]) -> StoredPack | None:
    row = connection.execute(query.limit(1)).mappings().first()
    return None if row is None else _pack(row)


def _pack(row: RowMapping) -> StoredPack:
    return StoredPack(**{name: row[name] for name in StoredPack.__dataclass_fields__})
