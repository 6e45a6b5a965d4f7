"""Meetings by policy: which were missed, and when a rare one is looked at in between, each at its border."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasking.cadence import KnownMeetings, cadence_words, keeping_of
from tasking.calendar import meeting_ref
from tasking.force import Force, TaskingMeeting
from tasking.meetings import MeetingKind, Recurrence
from tests.reporting.meeting_desk import TACTICAL, meeting_force

POLICY = "https://peakshire.example/policy"
FIRST = datetime(2027, 1, 5, 14, tzinfo=UTC)
"""The first Tuesday of 2027; the meeting takes place every 26 weeks, 14:00 London time, for an hour."""
SECOND = datetime(2027, 7, 6, 13, tzinfo=UTC)
THIRD = datetime(2028, 1, 4, 14, tzinfo=UTC)
HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
LONG_AGO = FIRST - 400 * DAY


def strategic(**changes: Any) -> tuple[Force, TaskingMeeting]:
    force = meeting_force()
    kind = replace(
        MeetingKind("STRATEGIC", "Strategic", TACTICAL.agenda, policy_url=POLICY, longest_gap=100 * DAY), **changes
    )
    every = Recurrence(datetime.fromisoformat("2027-01-05T14:00"), "FREQ=WEEKLY;INTERVAL=26", 60)
    meeting = replace(force.meetings[0], code="PKS_STRATEGIC", kind="STRATEGIC", recurrence=every)
    kinds = force.meeting_kinds | {"STRATEGIC": kind}
    return replace(force, meetings=(*force.meetings, meeting), meeting_kinds=kinds), meeting


def known(held: datetime | None = None, cancelled: tuple[str, ...] = (), since: datetime | None = LONG_AGO) -> Any:
    return KnownMeetings({"PKS_STRATEGIC": held} if held else {}, frozenset(cancelled), since)


def missed(now: datetime, record: KnownMeetings, **changes: Any) -> list[datetime]:
    force, meeting = strategic(**changes)
    return [each.starts_at for each in keeping_of(force, meeting, record, now).missed]


def interim(now: datetime, record: KnownMeetings, **changes: Any) -> datetime | None:
    force, meeting = strategic(**changes)
    return keeping_of(force, meeting, record, now).interim_at


def test_a_meeting_that_nobody_opened_is_missed_once_it_is_over_and_not_before() -> None:
    assert missed(FIRST + HOUR - MINUTE, known()) == []
    assert missed(FIRST + HOUR, known()) == [FIRST]


def test_one_that_was_held_or_cancelled_is_not_missed_and_a_later_one_held_ends_the_flag() -> None:
    _, meeting = strategic()
    assert missed(FIRST + DAY, known(held=FIRST)) == []
    assert missed(FIRST + DAY, known(cancelled=(meeting_ref(meeting, FIRST),))) == []
    assert missed(SECOND + DAY, known()) == [FIRST, SECOND]
    assert missed(SECOND + DAY, known(held=FIRST)) == [SECOND]
    assert missed(SECOND + DAY, known(held=SECOND)) == []


def test_without_a_policy_no_meeting_is_flagged() -> None:
    assert missed(FIRST + DAY, known(), policy_url="") == []


def test_what_took_place_before_there_was_a_record_is_not_missed() -> None:
    assert missed(FIRST + DAY, known(since=FIRST + HOUR)) == []
    assert missed(FIRST + DAY, known(since=FIRST - HOUR)) == [FIRST]
    assert missed(FIRST + DAY, known(since=None)) == []


def test_a_rare_meeting_is_looked_at_half_way_by_londons_clock_in_summer_too() -> None:
    assert interim(FIRST + DAY, known(held=FIRST)) == datetime(2027, 4, 6, 8, tzinfo=UTC)
    assert interim(SECOND + DAY, known(held=SECOND)) == datetime(2027, 10, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(("gap", "is_there"), [(SECOND - FIRST, False), (SECOND - FIRST - MINUTE, True)])
def test_it_is_looked_at_only_where_the_time_between_two_is_longer_than_policy_allows(
    gap: timedelta, is_there: bool
) -> None:
    assert (interim(FIRST + DAY, known(held=FIRST), longest_gap=gap) is not None) is is_there


def test_without_a_longest_gap_there_is_no_review_in_between() -> None:
    assert interim(FIRST + DAY, known(held=FIRST), longest_gap=None) is None


def test_config_may_say_another_share_of_the_time() -> None:
    assert interim(FIRST + DAY, known(held=FIRST), interim_percent=25) == datetime(2027, 2, 20, 9, tzinfo=UTC)


def test_after_a_missed_or_cancelled_meeting_the_time_counts_from_the_last_one_held() -> None:
    _, meeting = strategic()
    late = datetime(2027, 7, 6, 8, tzinfo=UTC)
    assert interim(SECOND + DAY, known(held=FIRST)) == late
    cancelled = (meeting_ref(meeting, SECOND),)
    assert interim(FIRST + DAY, known(held=FIRST, cancelled=cancelled)) == late


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=DAILY", "every day"),
        ("FREQ=WEEKLY;INTERVAL=26", "every 26 weeks"),
        ("FREQ=WEEKLY;BYDAY=MO,TU", "every week on Mon, Tue"),
        ("FREQ=MONTHLY;BYDAY=1TU;UNTIL=20271231", "every month on 1 Tue"),
        ("FREQ=YEARLY", "every year"),
    ],
)
def test_how_often_is_said_in_words(rule: str, words: str) -> None:
    _, meeting = strategic()
    assert meeting.recurrence is not None
    assert cadence_words(replace(meeting, recurrence=replace(meeting.recurrence, rule=rule))) == words
    assert cadence_words(replace(meeting, recurrence=None)) == ""
