"""The admin sheet of meetings, and where a missed one is seen: sheet, inbox and the next pack, until one is held."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reporting.inbox import InboxEntry, tasking_inbox
from reporting.inbox_page import inbox_page
from reporting.meeting_sheet import SheetRow, meeting_sheet, sheet_json
from tasking import holding
from tasking.viewing import Viewer
from tests.peakshire import DAY, HOUR, MORNING
from tests.reporting.meeting_desk import CHAIR, MeetingDesk, meeting_force, open_meeting_desk

POLICY = "https://peakshire.example/policy"
MEETS = datetime(2026, 11, 19, 10, tzinfo=UTC)
"""When the division's tactical meeting takes place after MORNING: every fourth Thursday."""


@pytest.fixture
def desk() -> Iterator[MeetingDesk]:
    force = meeting_force()
    kinds = force.meeting_kinds | {
        "TACTICAL": replace(force.meeting_kinds["TACTICAL"], policy_url=POLICY, longest_gap=14 * DAY)
    }
    with open_meeting_desk(replace(force, meeting_kinds=kinds)) as fresh:
        fresh.raised()
        yield fresh


def row(desk: MeetingDesk, code: str = "DIV_N_TACTICAL") -> SheetRow:
    with desk.store.open() as connection:
        return {each.code: each for each in meeting_sheet(connection, desk.force, desk.clock.now())}[code]


def flags(desk: MeetingDesk, unit: str | None = None) -> list[InboxEntry]:
    with desk.store.open() as connection:
        found = tasking_inbox(connection, desk.force, desk.clock.now(), unit)
    return [each for each in found if each.kind == "MISSED_MEETING"]


def test_the_sheet_has_every_meeting_with_policy_cadence_last_held_and_next(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS
    desk.held("DIV_N_TACTICAL", MEETS)
    found = row(desk)
    assert (found.policy_url, found.cadence, found.longest_gap) == (POLICY, "every 4 weeks", "14 days")
    assert (found.last_held, found.next_at, found.missed) == (MEETS, MEETS + 28 * DAY, ())
    assert found.interim_at == datetime(2026, 12, 3, 9, tzinfo=UTC)
    with desk.store.open() as connection:
        rows = meeting_sheet(connection, desk.force, desk.clock.now())
        ours = meeting_sheet(connection, desk.force, desk.clock.now(), "HP")
    assert {each.code for each in rows} == {each.code for each in desk.force.meetings}
    assert [each.level for each in rows] == sorted(
        (each.level for each in rows), key=["Force", "Division", "Section"].index
    )
    assert {each.unit for each in ours} == {"HP"}
    assert sheet_json(rows)[0]["code"] == "PKS_DAILY"


def test_a_missed_meeting_is_in_sheet_inbox_and_next_pack_until_the_next_is_held(desk: MeetingDesk) -> None:
    assert (row(desk).missed, flags(desk)) == ((), [])
    desk.clock.at = MEETS + DAY
    assert row(desk).missed == ("DIV_N_TACTICAL 2026-11-19",)
    (flag,) = flags(desk)
    assert flag.why == "North Division tasking of Thu 19 Nov 10:00: nobody opened it"
    assert [len(flags(desk, unit)) for unit in ("DIV_N", "HP")] == [1, 0]
    following = MEETS + 28 * DAY
    pack = desk.pack("DIV_N_TACTICAL", following)
    told = "MISSED: the meeting of Thursday 19 November 2026, 10:00 was opened by nobody."
    assert pack.sections[0].lines[0] == told
    assert [line for each in pack.sections for line in each.lines].count(told) == 1
    desk.clock.at = following
    desk.held("DIV_N_TACTICAL", following)
    desk.clock.advance(DAY)
    assert (row(desk).missed, flags(desk)) == ((), [])
    assert told not in desk.pack("DIV_N_TACTICAL", following + 28 * DAY).sections[0].lines


def test_one_that_was_opened_late_or_cancelled_is_not_flagged(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS + DAY
    desk.held("DIV_N_TACTICAL", MEETS)
    assert flags(desk) == []
    with desk.act() as uow:
        holding.cancel_meeting(uow, desk.force, "DIV_N_TACTICAL", MEETS + 28 * DAY, "Snow")
    desk.clock.at = MEETS + 29 * DAY
    assert (flags(desk), row(desk).missed) == ([], ())


def test_two_missed_in_a_row_are_one_entry_that_says_so(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS + 29 * DAY
    (flag,) = flags(desk)
    assert flag.why.endswith("nobody opened it (2 in a row)")
    assert len(row(desk).missed) == 2


def test_a_meeting_whose_kind_names_no_policy_is_not_flagged(desk: MeetingDesk) -> None:
    desk.clock.at = MORNING + 5 * DAY
    assert row(desk, "HP_DAILY").missed == ()
    assert flags(desk) == []
    assert row(desk, "HP_DAILY").last_held is None
    desk.held("HP_DAILY", desk.clock.now(), role=CHAIR)
    assert row(desk, "HP_DAILY").last_held == MORNING + 5 * DAY


def test_in_the_tab_only_who_sees_the_unit_is_told(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS + HOUR * 3
    with desk.store.open() as connection:
        numbers = [
            len(inbox_page(connection, desk.force, viewer, desk.clock.now(), kind="MISSED_MEETING").entries)
            for viewer in (Viewer(frozenset({"DIV_N"})), Viewer(frozenset({"HP"})))
        ]
    assert numbers == [1, 0]
