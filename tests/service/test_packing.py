"""Packs that write themselves: an hour before each meeting, once, whatever was frozen by hand and by however many."""

from collections.abc import Iterator

import pytest

from service.packing import FREEZER, freeze_due_packs, sittings_due
from store import leases, packs
from store.tables import outbox
from tests.peakshire import DAY, HOUR, MINUTE
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk, open_meeting_desk

DAILIES = {"PKS_DAILY", "DIV_N_DAILY", "HP_DAILY", "DD_DAILY"}


@pytest.fixture
def desk() -> Iterator[MeetingDesk]:
    with open_meeting_desk() as fresh:
        fresh.clock.at = MEETS_AT - HOUR + MINUTE
        yield fresh


def kept(desk: MeetingDesk, code: str = "HP_DAILY") -> list[str]:
    """Who froze each pack of today's meeting."""
    with desk.store.open() as connection:
        return [pack.frozen_by for pack in packs.of_meeting(connection, desk.ref(code))]


def told(desk: MeetingDesk) -> int:
    return sum(row["event"] == "PackFrozen" for row in desk.rows(outbox))


def test_each_meeting_of_the_hour_gets_one_pack_however_often_the_clock_comes_round(desk: MeetingDesk) -> None:
    assert freeze_due_packs(desk.store, desk.force) == len(DAILIES)
    desk.clock.advance(5 * MINUTE)
    assert freeze_due_packs(desk.store, desk.force) == 0
    assert kept(desk) == [FREEZER]
    assert told(desk) == len(DAILIES)


def test_a_pack_that_was_frozen_by_hand_the_day_before_does_not_stand_in_for_the_one_of_the_hour(
    desk: MeetingDesk,
) -> None:
    desk.clock.at = MEETS_AT - DAY
    desk.frozen(desk.pack())
    desk.clock.at = MEETS_AT - HOUR + MINUTE
    assert desk.ref("HP_DAILY") in {each.meeting_ref for each in sittings_due(desk.store, desk.force)}
    freeze_due_packs(desk.store, desk.force)
    assert kept(desk) == ["ann@peakshire.example", FREEZER]


def test_a_pack_that_was_frozen_by_hand_within_the_hour_is_the_one(desk: MeetingDesk) -> None:
    desk.frozen(desk.pack())
    assert freeze_due_packs(desk.store, desk.force) == len(DAILIES) - 1
    assert kept(desk) == ["ann@peakshire.example"]


def test_while_one_worker_freezes_another_makes_none(desk: MeetingDesk) -> None:
    with desk.store.open() as connection:
        assert leases.take(connection, FREEZER, desk.clock.now(), 4 * MINUTE)
    assert freeze_due_packs(desk.store, desk.force) == 0
    desk.clock.advance(5 * MINUTE)
    assert freeze_due_packs(desk.store, desk.force) == len(DAILIES), "the lease of one that died has ended"
