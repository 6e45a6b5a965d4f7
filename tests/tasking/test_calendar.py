"""The calendar: London time all year, alternate weeks, what is cancelled or left out, cycles, rules without a day."""

import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import takewhile
from pathlib import Path

import pytest
from dateutil.rrule import rrulestr
from hypothesis import assume, given
from hypothesis import strategies as st

from service.force_config import load_force
from tasking.calendar import (
    Sitting,
    cycle_of,
    daily_meetings_between,
    meeting_ref,
    next_daily_meeting,
    next_meeting,
    occurrences,
    previous_meeting,
    sitting_of,
)
from tasking.clocks import LONDON
from tasking.force import TaskingMeeting
from tasking.meetings import AgendaSection, Recurrence
from tasking.recurrence import fault_of, walls_between

FORCE = load_force(Path(__file__).parents[2] / "config")[0]
DAILY, LOCAL = FORCE.meeting("HP_DAILY"), FORCE.meeting("HP_LOCAL")
DAY = timedelta(days=1)
FIRST = datetime.fromisoformat("2027-01-04T08:30")


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


def a_meeting(rule: str, first: datetime = FIRST, *exceptions: date) -> TaskingMeeting:
    recurrence = Recurrence(first, rule, 20, frozenset(exceptions))
    return TaskingMeeting("A", "A meeting", "HP", "Chair", "Channel", kind="DAILY", recurrence=recurrence)


def refs(*sittings: Sitting | None) -> list[str | None]:
    return [each.meeting_ref if each else None for each in sittings]


# When a meeting takes place


@pytest.mark.parametrize(
    ("since", "utc_hours"),
    [("2027-03-27T00:00", [8, 7, 7]), ("2027-10-30T00:00", [7, 8, 8])],
    ids=["clocks forward", "clocks back"],
)
def test_half_past_eight_stays_half_past_eight_in_london_when_clocks_change(since: str, utc_hours: list[int]) -> None:
    starts = occurrences(DAILY, london(since), london(since) + 3 * DAY)
    assert [start.hour for start in starts] == utc_hours
    assert {f"{start.astimezone(LONDON):%H:%M}" for start in starts} == {"08:30"}


def test_a_time_that_clocks_skip_comes_an_hour_later_and_a_time_that_comes_twice_is_met_once() -> None:
    night = a_meeting("FREQ=DAILY", datetime.fromisoformat("2027-01-01T01:30"))
    (skipped,) = occurrences(night, london("2027-03-28T00:00"), london("2027-03-29T00:00"))
    assert f"{skipped.astimezone(LONDON):%H:%M}" == "02:30"
    assert meeting_ref(night, skipped) == "A 2027-03-28"
    (twice,) = occurrences(night, london("2027-10-31T00:00"), london("2027-11-01T00:00"))
    assert twice == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_the_reference_has_the_day_of_london_and_not_of_utc() -> None:
    early = a_meeting("FREQ=DAILY", datetime.fromisoformat("2027-06-01T00:30"))
    (start,) = occurrences(early, london("2027-07-01T00:00"), london("2027-07-02T00:00"))
    assert start.day == 30
    assert meeting_ref(early, start) == "A 2027-07-01"


def test_from_is_included_and_until_is_not() -> None:
    at = london("2027-01-04T08:30")
    assert occurrences(DAILY, at, at + DAY) == (at,)
    assert occurrences(DAILY, at, at) == ()
    assert occurrences(DAILY, at + DAY, at) == ()


def test_nothing_takes_place_before_the_first() -> None:
    meeting = a_meeting("FREQ=DAILY")
    assert occurrences(meeting, london("2026-12-01T00:00"), london("2027-01-05T00:00")) == (london("2027-01-04T08:30"),)


def test_fortnightly_meetings_of_sections_alternate_with_the_divisions_and_the_forces_weeks() -> None:
    """Weeks of the 28-day cycle that begins on Monday 4 January 2027: 1 and 3, 2, and 4."""
    since, until = london("2027-01-04T00:00"), london("2027-02-01T00:00")
    local = {code: occurrences(FORCE.meeting(code), since, until) for code in ("HP_LOCAL", "SD_LOCAL")}
    assert local["HP_LOCAL"] == (london("2027-01-05T10:00"), london("2027-01-19T10:00"))
    assert local["SD_LOCAL"] == (london("2027-01-06T10:00"), london("2027-01-20T10:00"))
    assert occurrences(FORCE.meeting("DIV_N_TACTICAL"), since, until) == (london("2027-01-14T10:00"),)
    assert occurrences(FORCE.meeting("FORCE_TACTICAL"), since, until) == (london("2027-01-28T10:00"),)


def test_missing_person_tasking_is_on_weekdays_and_not_on_days_that_config_leaves_out() -> None:
    starts = occurrences(FORCE.meeting("FORCE_MISSING"), london("2026-12-24T00:00"), london("2027-01-05T00:00"))
    days = [start.astimezone(LONDON).day for start in starts]
    assert days == [24, 29, 30, 31, 4], "Christmas, New Year and weekends are left out"


def test_a_meeting_without_a_rule_is_never_in_the_calendar() -> None:
    channel_only = replace(DAILY, recurrence=None)
    assert occurrences(channel_only, london("2027-01-01T00:00"), london("2028-01-01T00:00")) == ()
    assert previous_meeting(channel_only, london("2027-01-01T00:00")) is None


# Which comes next


def test_the_next_meeting_is_the_next_suitable_one_whatever_its_kind() -> None:
    before_local, after_local = london("2027-01-05T09:00"), london("2027-01-05T10:00")
    assert refs(next_meeting(FORCE, "HP", before_local)) == ["HP_LOCAL 2027-01-05"]
    assert refs(next_meeting(FORCE, "HP", after_local)) == ["HP_DAILY 2027-01-06"]
    assert refs(next_meeting(FORCE, "HP", after_local, is_daily=False)) == ["HP_LOCAL 2027-01-19"]
    assert refs(next_meeting(FORCE, "HP", before_local, is_daily=True)) == ["HP_DAILY 2027-01-06"]


def test_a_meeting_that_begins_now_is_not_the_next_one() -> None:
    at = london("2027-01-06T08:30")
    assert refs(next_meeting(FORCE, "HP", at)) == ["HP_DAILY 2027-01-07"]
    assert refs(next_meeting(FORCE, "HP", at - timedelta(seconds=1))) == ["HP_DAILY 2027-01-06"]


def test_a_missing_person_meeting_is_not_asked_to_decide_escalations() -> None:
    between = london("2027-01-04T10:30")
    assert refs(next_meeting(FORCE, "PKS", between)) == ["FORCE_DAILY 2027-01-05"]
    assert refs(next_meeting(FORCE, "PKS", between, about=AgendaSection.MISSING)) == ["FORCE_MISSING 2027-01-04"]
    assert refs(next_meeting(FORCE, "PKS", between, about=None)) == ["FORCE_MISSING 2027-01-04"]


def test_decisions_of_a_cancelled_meeting_go_to_the_next_daily_one_that_is_not_cancelled_too() -> None:
    cancelled = frozenset({"HP_LOCAL 2027-01-05", "HP_DAILY 2027-01-06"})
    start = london("2027-01-05T10:00")
    assert refs(next_daily_meeting(FORCE, "HP", start, cancelled=cancelled)) == ["HP_DAILY 2027-01-07"]
    assert refs(next_meeting(FORCE, "HP", london("2027-01-05T09:00"), cancelled=cancelled)) == ["HP_DAILY 2027-01-07"]


def test_somebody_may_name_the_meeting_that_is_to_decide() -> None:
    now = london("2027-01-06T12:00")
    assert refs(next_meeting(FORCE, "HP", now, wanted="HP_LOCAL")) == ["HP_LOCAL 2027-01-19"]
    assert refs(next_meeting(FORCE, "HP", now, wanted="HP_LOCAL 2027-02-02")) == ["HP_LOCAL 2027-02-02"]


@pytest.mark.parametrize(
    "wanted",
    [
        "HP_LOCAL 2027-01-05",  # over
        "HP_LOCAL 2027-01-20",  # not on that day
        "HP_DAILY 2027-01-07",  # cancelled
        "DD_LOCAL",  # another unit's
        "DD_DAILY 2027-01-07",
        "HP_WEEKLY",
        "HP_DAILY tomorrow",
        "HP_DAILY 0001-01-01",
        "HP_DAILY 9999-12-31",
    ],
)
def test_a_meeting_that_is_over_cancelled_or_somebody_elses_is_not_to_be_had(wanted: str) -> None:
    cancelled = frozenset({"HP_DAILY 2027-01-07"})
    assert next_meeting(FORCE, "HP", london("2027-01-06T12:00"), cancelled=cancelled, wanted=wanted) is None


def test_a_unit_without_daily_meetings_has_no_next_daily_one() -> None:
    bare = replace(FORCE, meetings=(LOCAL,))
    now = london("2027-01-04T00:00")
    assert next_daily_meeting(bare, "HP", now) is None
    assert daily_meetings_between(bare, "HP", now, now + 30 * DAY) == ()
    assert refs(next_meeting(bare, "HP", now)) == ["HP_LOCAL 2027-01-05"]
    assert next_meeting(bare, "DD", now) is None


def test_what_was_asked_for_before_one_daily_meeting_has_crossed_two_once_the_second_is_over() -> None:
    asked = london("2027-03-27T08:00")

    def crossed(until: str, *cancelled: str) -> list[str | None]:
        return refs(*daily_meetings_between(FORCE, "HP", asked, london(until), cancelled=frozenset(cancelled)))

    assert crossed("2027-03-27T08:40") == [], "it is still sitting"
    assert crossed("2027-03-28T08:49") == ["HP_DAILY 2027-03-27"]
    assert crossed("2027-03-28T08:50") == ["HP_DAILY 2027-03-27", "HP_DAILY 2027-03-28"]
    assert crossed("2027-03-28T08:50", "HP_DAILY 2027-03-27") == ["HP_DAILY 2027-03-28"]


def test_what_is_asked_for_as_the_meeting_begins_is_not_left_undecided_by_it() -> None:
    at = london("2027-01-04T08:30")
    assert daily_meetings_between(FORCE, "HP", at, at + timedelta(hours=2)) == ()


def test_the_pack_is_compared_with_that_of_the_last_meeting_that_was_held() -> None:
    at = london("2027-01-28T10:00")
    tactical = FORCE.meeting("FORCE_TACTICAL")
    held = refs(previous_meeting(tactical, at))
    assert held == ["FORCE_TACTICAL 2026-12-03"], "31 December is left out"
    assert refs(previous_meeting(DAILY, at)) == ["HP_DAILY 2027-01-28"]
    cancelled = frozenset({"HP_DAILY 2027-01-28", "HP_DAILY 2027-01-27"})
    assert refs(previous_meeting(DAILY, at, cancelled=cancelled)) == ["HP_DAILY 2027-01-26"]
    assert previous_meeting(a_meeting("FREQ=DAILY"), london("2027-01-04T08:30")) is None


def test_a_reference_leads_back_to_its_meeting_and_an_invented_one_to_none() -> None:
    found = sitting_of(FORCE, "HP_DAILY 2027-07-01")
    assert found == Sitting(DAILY, london("2027-07-01T08:30"))
    assert found.ends_at == london("2027-07-01T08:50")
    invented = ["", "HP_DAILY", "HP_DAILY 2027-02-30", "XX 2027-07-01", "HP_LOCAL 2027-07-01", "HP_DAILY 20270701"]
    assert [sitting_of(FORCE, ref) for ref in invented] == [None] * len(invented)


# Cycles


@pytest.mark.parametrize(
    ("day", "code", "starts", "ends"),
    [
        ("2027-01-04", "CYC-2027-01", "2027-01-04", "2027-01-31"),
        ("2027-01-31", "CYC-2027-01", "2027-01-04", "2027-01-31"),
        ("2027-02-01", "CYC-2027-02", "2027-02-01", "2027-02-28"),
        ("2027-03-28", "CYC-2027-03", "2027-03-01", "2027-03-28"),
        ("2027-01-03", "CYC-2026-13", "2026-12-07", "2027-01-03"),
        ("2026-12-06", "CYC-2026-12", "2026-11-09", "2026-12-06"),
        ("2028-01-02", "CYC-2027-13", "2027-12-06", "2028-01-02"),
        ("2028-01-03", "CYC-2028-01", "2028-01-03", "2028-01-30"),
    ],
)
def test_cycles_are_28_days_from_any_first_day_forwards_and_backwards(
    day: str, code: str, starts: str, ends: str
) -> None:
    cycle = cycle_of(FORCE, date.fromisoformat(day))
    assert cycle is not None
    assert (cycle.code, cycle.starts.isoformat(), cycle.ends.isoformat()) == (code, starts, ends)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_every_day_is_in_one_cycle_and_no_two_cycles_have_one_name(day: date) -> None:
    cycle = cycle_of(FORCE, day)
    assert cycle is not None
    assert cycle.starts <= day <= cycle.ends
    following = cycle_of(FORCE, cycle.ends + DAY)
    assert following is not None
    assert following.starts == cycle.ends + DAY
    assert following.code > cycle.code


def test_a_force_that_counts_no_cycles_has_none() -> None:
    assert cycle_of(replace(FORCE, cycle_first_day=None), date(2027, 1, 4)) is None


# Rules


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never occurs"),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=TU", "never occurs"),
        ("FREQ=DAILY;UNTIL=20270103", "never occurs"),
        ("FREQ=DAILY;UNTIL=20270104T082959", "never occurs"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "never occurs"),
        ("FREQ=DAILY;BYMONTH=13", "never occurs"),
        ("FREQ=HOURLY", "it may be DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("FREQ=DAILY;BYHOUR=9", "'BYHOUR=9' is none of FREQ"),
        ("FREQ=WEEKLY;BYDAY=2TU", "need FREQ=MONTHLY or YEARLY"),
        ("FREQ=DAILY;INTERVAL=0", "cannot be read: 'INTERVAL=0'"),
        ("FREQ=DAILY;FREQ=WEEKLY", "'FREQ' stands in it twice"),
        ("FREQ=DAILY;UNTIL=20271340", "is no date"),
        ("FREQ=DAILY;BYSETPOS=0", "cannot be read: "),
        ("INTERVAL=2", "it must say how often"),
        ("every day", "cannot be read"),
        ("", "cannot be read"),
        ("FREQ=DAILY\nRRULE:FREQ=WEEKLY", "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_used_is_told_in_words(rule: str, words: str) -> None:
    assert words in (fault_of(Recurrence(FIRST, rule, 20)) or "nothing")


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY",
        "RRULE:FREQ=DAILY",
        "freq=weekly;byday=mo",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=DAILY;UNTIL=20270104",
        "FREQ=DAILY;UNTIL=20270104T083000Z",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    ],
)
def test_a_rule_that_takes_place_at_least_once_is_taken(rule: str) -> None:
    assert fault_of(Recurrence(FIRST, rule, 20)) is None


def test_a_rule_whose_only_days_are_left_out_never_occurs() -> None:
    left_out = frozenset({date(2027, 1, 4), date(2027, 1, 5)})
    assert "never occurs" in (fault_of(Recurrence(FIRST, "FREQ=DAILY;COUNT=2", 20, left_out)) or "")


def test_a_last_day_is_a_day_on_which_it_still_takes_place() -> None:
    meeting = a_meeting("FREQ=DAILY;UNTIL=20270105")
    starts = occurrences(meeting, london("2027-01-01T00:00"), london("2028-01-01T00:00"))
    assert [start.day for start in starts] == [4, 5]


def test_a_rule_that_never_occurs_does_not_hold_anybody_up() -> None:
    never = a_meeting("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30")
    began = time.monotonic()
    assert next_meeting(replace(FORCE, meetings=(never,)), "HP", london("2027-01-04T00:00")) is None
    assert previous_meeting(never, london("2027-01-04T00:00")) is None
    assert time.monotonic() - began < 30, "a guard against no end at all, not a measure of speed"


PARTS = {
    "INTERVAL": st.integers(1, 30),
    "BYDAY": st.lists(st.sampled_from(["MO", "WE", "FR", "SU", "1TU", "-1FR", "5MO"]), min_size=1).map(",".join),
    "BYMONTH": st.integers(1, 13),
    "BYMONTHDAY": st.integers(-32, 32),
    "BYSETPOS": st.integers(-3, 3),
    "COUNT": st.integers(1, 40),
    "UNTIL": st.dates(date(2026, 1, 1), date(2060, 1, 1)).map(lambda day: f"{day:%Y%m%d}"),
    "WKST": st.sampled_from(["MO", "SU"]),
}
frequencies = st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"])
rules = st.builds(
    lambda often, parts: ";".join([f"FREQ={often}", *(f"{name}={value}" for name, value in parts.items())]),
    frequencies,
    st.fixed_dictionaries({}, optional=PARTS),
)
firsts = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2028-12-31")).map(
    lambda at: at.replace(second=0, microsecond=0)
)


@given(rules, firsts, st.integers(0, 12_000), st.integers(0, 400))
def test_any_window_holds_what_the_rule_itself_counts_from_its_first_day(
    rule: str, first: datetime, days: int, width: int
) -> None:
    recurrence = Recurrence(first, rule, 20)
    assume(fault_of(recurrence) is None)
    since = first + days * DAY
    until = since + width * DAY
    bare = ";".join(part for part in rule.split(";") if not part.startswith("UNTIL"))
    last = next((part[6:] for part in rule.split(";") if part.startswith("UNTIL")), "20990101")
    counted = takewhile(lambda at: at <= until, rrulestr(bare, dtstart=first))
    expected = [at for at in counted if since <= at and f"{at:%Y%m%d}" <= last]
    assert list(walls_between(recurrence, since, until)) == expected
