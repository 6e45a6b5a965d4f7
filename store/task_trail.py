"""What the audit log says of a task's way: on whose boards it stood and how many owned it, with the moments."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from store.tables import audit_log


@dataclass(frozen=True, slots=True)
class Moved:
    """One change. `at` is UTC. `stands_on` are unit codes, None where they stayed; `owners` how many owned it before
    and after, None where they stayed. Who they are is on the record alone."""

    at: datetime
    stands_on: tuple[str, ...] | None
    owners: tuple[int, int] | None


def trail_of(connection: Connection, reference: str) -> tuple[Moved, ...]:
    """Every change of place or owner of the task with this reference, oldest first."""
    c = audit_log.c
    rows = connection.execute(select(c.at, c.changes).where(c.object_ref == reference).order_by(c.number))
    found = (_moved(at, changes) for at, changes in rows)
    return tuple(each for each in found if each.stands_on is not None or each.owners is not None)


def _moved(at: datetime, changes: dict[str, list[list[str] | None]]) -> Moved:
    places, owners = changes.get("stands_on"), changes.get("owner_ids")
    return Moved(
        at,
        tuple(places[1] or ()) if places else None,
        (len(owners[0] or ()), len(owners[1] or ())) if owners else None,
    )
