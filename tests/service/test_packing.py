"""Packs write themselves: an hour before, once, and not for what was cancelled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from service.packing import freeze_due_packs
from store import packs
from store.database import open_database
from store.tables import outbox
from tasking.holding import cancel_meeting
from tests.peakshire import SetClock, tables_in
from tests.tasking.deciding_force import DecidingDesk, deciding_force

NINE_FIFTEEN = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
REFERENCES = {f"{unit}_DAILY 2026-11-03" for unit in ("PKS", "DIV_N", "HP", "DD")}


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(NINE_FIFTEEN - timedelta(minutes=61)), deciding_force())


def frozen(desk: DecidingDesk) -> dict[str, int]:
    """How many packs each meeting of the day has."""
    with desk.store.open() as connection:
        return {reference: len(packs.of_meeting(connection, reference)) for reference in REFERENCES}


def told(desk: DecidingDesk) -> int:
    return sum(row["event"] == "PackFrozen" for row in desk.rows(outbox))


def test_a_pack_is_frozen_an_hour_before_and_no_sooner(desk: DecidingDesk) -> None:
    assert freeze_due_packs(desk.store, desk.force) == 0
    desk.clock.advance(timedelta(minutes=2))
    assert freeze_due_packs(desk.store, desk.force) == len(REFERENCES)
    assert frozen(desk) == dict.fromkeys(REFERENCES, 1)


def test_however_often_the_clock_strikes_each_meeting_has_one_pack_and_is_told_once(desk: DecidingDesk) -> None:
    for _ in range(5):
        desk.clock.advance(timedelta(minutes=5))
        freeze_due_packs(desk.store, desk.force)
    assert frozen(desk) == dict.fromkeys(REFERENCES, 1)
    assert told(desk) == len(REFERENCES)


def test_a_cancelled_meeting_has_no_pack(desk: DecidingDesk) -> None:
    with desk.act() as uow:
        cancel_meeting(uow, desk.force, "HP_DAILY", NINE_FIFTEEN, "Snow.")
    desk.clock.advance(timedelta(minutes=5))
    freeze_due_packs(desk.store, desk.force)
    assert frozen(desk)["HP_DAILY 2026-11-03"] == 0
    assert told(desk) == len(REFERENCES) - 1
