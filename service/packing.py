"""Packs that write themselves: each meeting's is frozen an hour before it begins, once."""

import secrets
from datetime import timedelta

from reporting.meeting_pack import freeze_pack, pack_now
from store import meetings, packs
from store.unit_of_work import Store
from tasking.calendar import Sitting, occurrences
from tasking.force import Force

BEFORE = timedelta(hours=1)
"""So long before its meeting a pack is frozen and told to the channel."""
FREEZER = "job:freeze-packs"


def sittings_due(store: Store, force: Force) -> list[Sitting]:
    """Meetings that begin within the hour, were not cancelled, and have no pack yet."""
    now = store.clock.now()
    soon = [Sitting(each, at) for each in force.meetings for at in occurrences(each, now, now + BEFORE)]
    with store.open() as connection:
        cancelled = meetings.cancelled(connection)
        return [
            sitting
            for sitting in sorted(soon, key=lambda sitting: (sitting.starts_at, sitting.meeting.code))
            if sitting.meeting_ref not in cancelled and not packs.of_meeting(connection, sitting.meeting_ref)
        ]


def freeze_due_packs(store: Store, force: Force) -> int:
    """Freezes what is due, each in a commit of its own; returns how many packs were made."""
    made = 0
    for sitting in sittings_due(store, force):
        with store.act(FREEZER, "clock", secrets.token_hex(8)) as uow:
            if packs.of_meeting(uow.connection, sitting.meeting_ref):
                continue  # another process was quicker
            pack = pack_now(uow.connection, force, sitting.meeting, sitting.starts_at, uow.now())
            freeze_pack(uow, pack, FREEZER)
            made += 1
    return made
