"""The audit log: append-only, each row chained to the one before. Values are kept, free text only by its hash."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, insert, select

from store.tables import audit_log

FREE_TEXT_FIELDS = frozenset({"title", "text", "checklist", "links", "faults", "submitted_by"})
"""Fields that people wrote: the log shows that they changed, and a hash to prove what they were."""

FIRST_HASH = "0" * 64


def append(
    connection: Connection,
    at: datetime,
    actor: str,
    source: str,
    action: str,
    object_ref: str,
    changes: Mapping[str, tuple[object, object]],
    correlation_id: str,
) -> None:
    """Adds one row. `at` is UTC; `changes` maps a field to its value before and after."""
    last = connection.execute(select(audit_log.c.hash).order_by(audit_log.c.number.desc()).limit(1)).scalar()
    row: dict[str, Any] = {
        "at": at,
        "actor": actor,
        "source": source,
        "action": action,
        "object_ref": object_ref,
        "changes": {name: [_shown(name, old), _shown(name, new)] for name, (old, new) in changes.items()},
        "correlation_id": correlation_id,
        "prev_hash": last or FIRST_HASH,
    }
    connection.execute(insert(audit_log).values(**row, hash=hash_of(row)))


def hash_of(row: Mapping[str, Any]) -> str:
    """The hash that a row must carry, over all its columns but number and hash."""
    at = row["at"].astimezone(UTC).isoformat()
    text = json.dumps({**row, "at": at}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def first_broken_row(connection: Connection) -> int | None:
    """The number of the first row that does not fit the chain, or None when every row does.

    Rows cut off at the end leave no trace in the chain: compare the newest hash with one noted elsewhere.
    """
    previous = FIRST_HASH
    for row in connection.execute(select(audit_log).order_by(audit_log.c.number)).mappings():
        content = {key: row[key] for key in row if key not in ("number", "hash")}
        if row["prev_hash"] != previous or row["hash"] != hash_of(content):
            return int(row["number"])
        previous = row["hash"]
    return None


def _shown(name: str, value: object) -> Any:
    plain = to_jsonable_python(value)
    if isinstance(value, frozenset):
        plain = sorted(plain)
    if name not in FREE_TEXT_FIELDS or value in (None, (), ""):
        return plain
    return "sha256:" + hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
