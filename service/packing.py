"""Packs that write themselves: each meeting's is frozen an hour before it begins, once."""

from datetime import timedelta

from reporting.meeting_pack import LAST_HOUR, freeze_pack, pack_now
from store import leases, meetings, packs
from store.unit_of_work import Store
from tasking.calendar import Sitting, occurrences
from tasking.force import Force

FREEZER = "job:freeze-packs"
LONGEST_WORK = timedelta(minutes=4)
"""One worker at a time freezes; the lease of one that died ends before the clock comes round again."""


def sittings_due(store: Store, force: Force) -> list[Sitting]:
    """Meetings that begin within the hour, were not cancelled, and have no pack of this hour yet.

    One that somebody froze by hand before it is not the pack that the meeting goes by.
    """
    now = store.clock.now()
    soon = [Sitting(each, at) for each in force.meetings for at in occurrences(each, now, now + LAST_HOUR)]
    with store.open() as connection:
        cancelled = meetings.cancelled(connection)
        return [
            sitting
            for sitting in sorted(soon, key=lambda sitting: (sitting.starts_at, sitting.meeting.code))
            if sitting.meeting_ref not in cancelled
            and not packs.has_since(connection, sitting.meeting_ref, sitting.starts_at - LAST_HOUR)
        ]


def freeze_due_packs(store: Store, force: Force) -> int:
    """Freezes what is due, each in a commit of its own; returns how many were made. 0 while another worker does it."""
    with store.open() as connection:
        if not leases.take(connection, FREEZER, store.clock.now(), LONGEST_WORK):
            return 0
    try:
        return sum(_freeze(store, force, sitting) for sitting in sittings_due(store, force))
    finally:
        with store.open() as connection:
            leases.give_back(connection, FREEZER)


def _freeze(store: Store, force: Force, sitting: Sitting) -> bool:
    with store.act(FREEZER, "clock", store.new_delivery_id()) as uow:
        if packs.has_since(uow.connection, sitting.meeting_ref, sitting.starts_at - LAST_HOUR):
            return False  # somebody froze it by hand meanwhile
        pack = pack_now(uow.connection, force, sitting.meeting, sitting.starts_at, uow.now())
        freeze_pack(uow, pack, FREEZER)
        return True
