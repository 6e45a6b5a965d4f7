"""Work that one worker at a time may do, by name: making a plan anew, mending a board. A lease ends by itself."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from store.tables import leases


def take(connection: Connection, name: str, now: datetime, length: timedelta) -> bool:
    """Takes the lease until `now` + `length`. False while somebody else has it."""
    until = connection.execute(select(leases.c.until).where(leases.c.name == name).with_for_update()).scalar()
    if until is None:
        try:
            with connection.begin_nested():
                connection.execute(insert(leases).values(name=name, until=now + length))
        except IntegrityError:  # another worker took it between our look and our write
            return False
        return True
    if until > now:
        return False
    connection.execute(update(leases).where(leases.c.name == name).values(until=now + length))
    return True


def give_back(connection: Connection, name: str) -> None:
    """The work is done."""
    connection.execute(delete(leases).where(leases.c.name == name))
