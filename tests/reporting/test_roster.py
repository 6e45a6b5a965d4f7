"""Who belongs to the tasking team: ticked off in the pack, and a warning, never a block, where too few are there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reporting.minutes import Minutes, minutes
from reporting.minutes_documents import minutes_html
from reporting.pack_parts import PackSection
from tasking.meetings import Seat, attended, excused
from tasking.roster import quorum_of
from tests.reporting.meeting_desk import CHAIR, DEPUTY, MeetingDesk

LOCAL, LOCAL_AT = "HP_LOCAL 2026-11-10", datetime(2026, 11, 10, 10, tzinfo=UTC)
ROSTER = (
    Seat(CHAIR, deputies=(DEPUTY,)),
    Seat("Analyst"),
    Seat("Neighbourhood Sergeant", deputies=("Response Sergeant",)),
    Seat("Housing Manager", "Northfell Homes", ("Housing Officer",)),
)


@pytest.fixture
def desk(desk: MeetingDesk) -> MeetingDesk:
    """The fortnightly meeting has a team of four, of whom three are needed."""
    meetings = [
        replace(each, roster=ROSTER, quorum=3) if each.code == "HP_LOCAL" else each for each in desk.force.meetings
    ]
    desk.force = replace(desk.force, meetings=tuple(meetings))
    return desk


def opened(desk: MeetingDesk, there: Sequence[str], away: Sequence[str] = ()) -> None:
    """The meeting opened by its chair with these."""
    desk.held("HP_LOCAL", LOCAL_AT, *map(attended, there), *map(excused, away))


def attendance(desk: MeetingDesk) -> PackSection:
    """The pack's point about who is there."""
    return desk.pack("HP_LOCAL", LOCAL_AT).sections[0]


def warning(desk: MeetingDesk) -> str:
    """What is said of too few."""
    with desk.store.open() as connection:
        return minutes_of(desk, connection).too_few


def minutes_of(desk: MeetingDesk, connection: object) -> Minutes:
    """The meeting's draft minutes."""
    return minutes(connection, desk.force, LOCAL, desk.clock.now())  # type: ignore[arg-type]


def test_the_pack_lists_the_roster_to_be_ticked_off_with_deputies_and_how_many_are_needed(desk: MeetingDesk) -> None:
    point = attendance(desk)
    assert point.lines == (
        f"{CHAIR} (chair)",
        f"{DEPUTY} (deputy)",
        "Analyst",
        "Neighbourhood Sergeant (or Response Sergeant)",
        "Housing Manager, Northfell Homes (or Housing Officer)",
    )
    assert point.note.startswith("Of the 4 in the tasking team 3 are needed.")
    assert "Too few" not in point.note


def test_a_meeting_without_a_roster_asks_for_nobody_and_warns_of_nothing(desk: MeetingDesk) -> None:
    assert desk.pack().sections[0].note == ""
    assert quorum_of(desk.force.meeting("HP_DAILY"), desk.held("HP_DAILY", LOCAL_AT)) is None


@pytest.mark.parametrize(
    ("there", "filled"),
    [
        ([], 1),
        (["Analyst"], 2),
        (["analyst", "Response Sergeant"], 3),
        (["Analyst", "Northfell Homes:Housing Officer"], 3),
        (["Analyst", "Northfell Homes:Housing Manager", "Neighbourhood Sergeant"], 4),
        (["Response Sergeant", "Neighbourhood Sergeant"], 2),
        (["Housing Manager", "Another Agency:Housing Manager"], 1),
        ([CHAIR, DEPUTY], 1),
    ],
)
def test_a_seat_is_filled_by_its_role_or_a_deputy_of_the_same_agency_and_nobody_fills_two(
    desk: MeetingDesk, there: list[str], filled: int
) -> None:
    opened(desk, there)
    assert ("Too few are there: " in warning(desk)) is (filled < 3)
    assert f"Too few are there: {filled} of the 3 seats that are needed." in warning(desk) or filled >= 3


def test_too_few_are_warned_of_in_pack_and_minutes_and_the_meeting_is_held_all_the_same(desk: MeetingDesk) -> None:
    opened(desk, ["Analyst"], ["Northfell Homes:Housing Manager"])
    told = (
        "Too few are there: 2 of the 3 seats that are needed. Not filled: Neighbourhood Sergeant (or Response "
        "Sergeant); Housing Manager, Northfell Homes (or Housing Officer)."
    )
    assert attendance(desk).note.startswith(f"Of the 4 in the tasking team 3 are needed. {told}")
    with desk.store.open() as connection:
        made = minutes_of(desk, connection)
    assert made.too_few == told
    assert made.chaired_as == CHAIR
    assert told in minutes_html(made)
    assert "Neighbourhood Sergeant (or Response Sergeant): of the tasking team, not there" in made.absent


def test_who_comes_late_ends_the_warning(desk: MeetingDesk) -> None:
    opened(desk, ["Analyst"])
    assert warning(desk)
    opened(desk, ["Response Sergeant"])
    assert warning(desk) == ""
    assert "Too few" not in attendance(desk).note
