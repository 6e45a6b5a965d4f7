"""London's clocks: working days with bank holidays, both changes of the clocks, and how often owners tell."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasking.clocks import LONDON, clock_text, is_working_day, later, local_day, utc_of
from tasking.thrive import BANDS, PriorityBand
from tasking.time_limits import accept_by, first_action_by
from tests.tasking.test_rag import FRESH

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
moments = st.datetimes(
    datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2030-01-01"), timezones=st.just(UTC)
)
lengths = st.timedeltas(timedelta(0), 30 * DAY)


def london(text: str) -> datetime:
    """What London's clocks show, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


@pytest.mark.parametrize(
    "day",
    [
        "2026-12-25",
        "2026-12-28",  # in place of Saturday 26 December
        "2027-01-01",
        "2027-03-26",
        "2027-03-29",
        "2027-05-03",
        "2027-05-31",
        "2027-08-30",
        "2027-12-27",  # in place of Saturday 25 December
        "2027-12-28",  # in place of Sunday 26 December
        "2028-01-03",  # in place of Saturday 1 January
        "2027-03-27",
        "2027-03-28",
    ],
)
def test_bank_holidays_those_in_their_place_and_weekends_are_no_working_days(day: str) -> None:
    assert not is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize("day", ["2027-03-25", "2027-03-30", "2026-12-24", "2026-12-29", "2027-08-02", "2027-03-17"])
def test_every_other_day_is_one_also_the_bank_holidays_of_scotland_and_ireland(day: str) -> None:
    assert is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2027-01-08T15:00", 24, "2027-01-11T15:00"),
        ("2027-04-30T15:00", 24, "2027-05-04T15:00"),  # Monday is a bank holiday
        ("2027-03-25T15:00", 24, "2027-03-30T15:00"),  # Easter, and the night that clocks go forward
        ("2027-10-29T15:00", 24, "2027-11-01T15:00"),  # clocks go back
        ("2027-12-24T12:00", 24, "2027-12-29T12:00"),  # Christmas on a weekend
        ("2026-12-24T12:00", 24, "2026-12-29T12:00"),
        ("2027-01-04T09:00", 4, "2027-01-04T13:00"),
        ("2027-01-09T15:00", 24, "2027-01-12T00:00"),  # a Saturday counts from Monday's midnight
        ("2027-01-10T15:00", 1, "2027-01-11T01:00"),
        ("2027-01-08T00:00", 24, "2027-01-11T00:00"),  # the end of Friday is the beginning of Monday
        ("2027-07-01T23:30", 1, "2027-07-02T00:30"),  # days are London's, not UTC's
        ("2027-01-04T15:00", 7 * 24, "2027-01-13T15:00"),
    ],
)
def test_working_time_counts_on_working_days_alone(start: str, hours: int, end: str) -> None:
    assert later(london(start), hours * HOUR, working=True) == london(end)


@pytest.mark.parametrize("start", ["2027-03-27T15:00", "2027-10-30T15:00"])
def test_time_by_day_and_night_is_time_that_passes_whatever_the_clocks_say(start: str) -> None:
    end = later(london(start), 24 * HOUR, working=False)
    assert end - london(start) == 24 * HOUR
    assert end.astimezone(LONDON).hour == (16 if "-03-" in start else 14)


def test_no_time_at_all_is_now_or_the_next_working_day() -> None:
    assert later(london("2027-01-08T15:00"), timedelta(0), working=True) == london("2027-01-08T15:00")
    assert later(london("2027-01-09T15:00"), timedelta(0), working=True) == london("2027-01-11T00:00")


@pytest.mark.parametrize("working", [True, False])
def test_a_length_below_nought_is_refused(working: bool) -> None:
    with pytest.raises(ValueError, match="below nought"):
        later(london("2027-01-08T15:00"), -HOUR, working)


@given(moments, lengths)
def test_working_time_never_goes_backwards_and_ends_on_a_working_day(start: datetime, length: timedelta) -> None:
    end = later(start, length, working=True)
    assert end >= start
    assert end.tzinfo is UTC
    assert is_working_day(local_day(end))
    assert end - start >= length - HOUR, "at most the hour that clocks going forward take from a weekend"


@given(moments, lengths, lengths)
def test_starting_later_or_taking_longer_never_ends_earlier(
    start: datetime, length: timedelta, more: timedelta
) -> None:
    end = later(start, length, working=True)
    assert later(start + more, length, working=True) >= end
    assert later(start, length + more, working=True) >= end


@given(moments, lengths, lengths)
def test_two_lengths_one_after_the_other_are_both_together(start: datetime, one: timedelta, two: timedelta) -> None:
    assert later(later(start, one, True), two, True) == later(start, one + two, True)


@pytest.mark.parametrize(
    ("band", "accept", "first_action"),
    [
        (PriorityBand.IMMEDIATE, "2027-03-25T16:00", "2027-03-25T19:00"),
        (PriorityBand.PRIORITY, "2027-03-25T19:00", "2027-03-26T15:00"),
        (PriorityBand.SCHEDULED, "2027-03-30T15:00", "2027-04-07T15:00"),
        (PriorityBand.ROUTINE, "2027-04-01T15:00", "2027-04-16T15:00"),
    ],
)
def test_urgent_bands_count_day_and_night_and_the_others_working_days(
    band: PriorityBand, accept: str, first_action: str
) -> None:
    """Raised on the Thursday afternoon before Easter, with the clocks going forward on Easter Sunday."""
    task = replace(FRESH, band=band, raised_at=london("2027-03-25T15:00"))
    assert accept_by(task) == london(accept)
    assert first_action_by(task) == london(first_action)


def test_each_band_says_how_often_the_owner_tells_how_it_stands() -> None:
    assert [rules.update_every for rules in BANDS.values()] == [4 * HOUR, DAY, 7 * DAY, 14 * DAY]


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2027-01-04T08:30", "2027-01-04T08:30+00:00"),
        ("2027-07-01T08:30", "2027-07-01T07:30+00:00"),
        ("2027-03-28T01:30", "2027-03-28T01:30+00:00"),  # skipped: 02:30 by the new time
        ("2027-10-31T01:30", "2027-10-31T00:30+00:00"),  # twice: the first
    ],
)
def test_what_a_clock_shows_is_one_moment_on_every_day_of_the_year(wall: str, moment: str) -> None:
    assert utc_of(datetime.fromisoformat(wall)) == datetime.fromisoformat(moment)


def test_moments_are_said_in_londons_time() -> None:
    assert clock_text(datetime(2027, 7, 1, 23, 30, tzinfo=UTC)) == "Fri 2 Jul 00:30"
    assert clock_text(datetime(2027, 10, 31, 0, 30, tzinfo=UTC)) == "Sun 31 Oct 01:30 BST"
    assert clock_text(datetime(2027, 10, 31, 1, 30, tzinfo=UTC)) == "Sun 31 Oct 01:30 GMT"
