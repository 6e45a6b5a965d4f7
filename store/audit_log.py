"""The audit log: append-only, each row chained to the one before. Values are kept, free text only by its hash."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python
from sqlalchemy import Connection, select

from store import chain
from store.tables import audit_log
from tasking.audit import AuditKind

FREE_TEXT_FIELDS = frozenset(
    {
        *("title", "text", "checklist", "links", "faults", "submitted_by", "why_assessed_again", "outcome_reason"),
        *("terms_of_reference", "product", "product_why"),
    }
)
"""Fields that people wrote: the log shows that they changed, and a hash to prove what they were."""


def append(
    connection: Connection,
    at: datetime,
    actor: str,
    source: str,
    action: str,
    object_ref: str,
    changes: Mapping[str, tuple[object, object]],
    correlation_id: str,
    kind: AuditKind = AuditKind.ALTERATION,
    on_behalf_of: str | None = None,
    recipient: str | None = None,
) -> None:
    """Adds one row. `at` is UTC; `changes` maps a field to its value before and after.

    `on_behalf_of` is the person for whom a service or rule acts; `recipient` is who is given it, for a disclosure.
    """
    row = {
        "at": at,
        "actor": actor,
        "source": source,
        "action": action,
        "object_ref": object_ref,
        "changes": {name: [_shown(name, old), _shown(name, new)] for name, (old, new) in changes.items()},
        "correlation_id": correlation_id,
        "kind": kind.value,
        "on_behalf_of": on_behalf_of,
        "recipient": recipient,
    }
    chain.append(connection, audit_log, row)


def consulted(
    connection: Connection,
    at: datetime,
    actor: str,
    source: str,
    object_ref: str,
    correlation_id: str,
    recipient: str | None = None,
) -> None:
    """Notes that `actor` looked at this. `at` is UTC; `recipient` is who was shown it, where that is somebody else."""
    kind = AuditKind.CONSULTATION
    append(connection, at, actor, source, "consulted", object_ref, {}, correlation_id, kind, recipient=recipient)


def disclosed(
    connection: Connection,
    at: datetime,
    actor: str,
    source: str,
    object_ref: str,
    correlation_id: str,
    recipient: str | None = None,
) -> None:
    """Notes that `actor` gave this to `recipient`, or took it out as a file where there is none yet. `at` is UTC."""
    kind = AuditKind.DISCLOSURE
    append(connection, at, actor, source, "disclosed", object_ref, {}, correlation_id, kind, recipient=recipient)


def newest_changes(connection: Connection, action: str, object_ref: str) -> Mapping[str, Any] | None:
    """What the newest row of this action on this object says of values before and after; None without such a row."""
    query = select(audit_log.c.changes).where(audit_log.c.object_ref == object_ref, audit_log.c.action == action)
    changes: Mapping[str, Any] | None = connection.execute(query.order_by(audit_log.c.number.desc()).limit(1)).scalar()
    return changes


def first_broken_row(connection: Connection) -> int | None:
    """The number of the first row that is not as it was written, is missing or was put in; None when all is whole."""
    found = chain.first_break(connection, audit_log)
    return found.number if found else None


def _shown(name: str, value: object) -> Any:
    plain = to_jsonable_python(value)
    if isinstance(value, frozenset):
        plain = sorted(plain)
    if name not in FREE_TEXT_FIELDS or value in (None, (), ""):
        return plain
    return "sha256:" + hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()
