"""What the clock has to say once: each thing at its time, by whichever worker comes first, and never twice."""

from collections.abc import Iterable
from datetime import timedelta

from store import leases, notebook
from store.unit_of_work import Store
from tasking.events import Event

LOOKING = timedelta(seconds=30)
"""One worker at a time looks what is due; the lease outlives its transaction by so much and ends by itself."""

Due = tuple[str, str, Event]
"""A name, such as `digest HP`; the occasion, which the name remembers; and the event to say."""


def say_once(store: Store, lease: str, due: Iterable[Due]) -> int:
    """Says the events whose occasion their name has not had yet; returns how many. 0 while another worker looks."""
    now, said = store.clock.now(), 0
    with store.act("service:clock", "clock", store.new_delivery_id()) as uow:
        if not leases.take(uow.connection, lease, now, LOOKING):
            return 0
        for name, occasion, event in due:
            if notebook.cursor(uow.connection, name) == occasion:
                continue
            notebook.move_cursor(uow.connection, name, occasion, now)
            uow.emit(event)
            said += 1
    return said
