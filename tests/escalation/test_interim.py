"""Reviews between rare meetings: the channel is reminded once, half way, with numbers only."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from escalation.interim import InterimReviews
from tasking import holding
from tasking.force import Force
from tasking.meetings import MeetingKind, Recurrence
from tests.escalation.announcing import Hall, force_with_roles, open_hall
from tests.peakshire import DAY, HOUR, MINUTE

pytestmark = pytest.mark.anyio

FIRST, SECOND = datetime(2026, 11, 3, 14, tzinfo=UTC), datetime(2027, 5, 4, 13, tzinfo=UTC)
REVIEW = datetime(2027, 2, 2, 9, tzinfo=UTC)
BANNER = ("DIV_N_DAILY", "INTERIM REVIEW: North Division strategic tasking")


def rare_force() -> Force:
    force = force_with_roles()
    kind = MeetingKind("STRATEGIC", "Strategic", (), policy_url="https://p.example/policy", longest_gap=100 * DAY)
    every = Recurrence(datetime.fromisoformat("2026-11-03T14:00"), "FREQ=WEEKLY;INTERVAL=26", 60)
    meeting = replace(
        force.meetings[1],
        code="DIV_N_STRATEGIC",
        name="North Division strategic tasking",
        kind="STRATEGIC",
        recurrence=every,
    )
    return replace(force, meetings=(*force.meetings, meeting), meeting_kinds={"STRATEGIC": kind})


@pytest.fixture
def hall() -> Iterator[Hall]:
    with open_hall(rare_force()) as opened:
        yield opened


def hold(hall: Hall, at: datetime) -> None:
    hall.desk.clock.at = at
    with hall.desk.act() as uow:
        holding.open_meeting(uow, hall.desk.force, "DIV_N_STRATEGIC", at, "ann@peakshire.example", "Duty Inspector")


async def test_its_channel_is_reminded_once_half_way_and_not_a_minute_before(hall: Hall) -> None:
    desk = hall.desk
    desk.raised(title="Stop bricks")
    hold(hall, FIRST)
    first, second = (InterimReviews(desk.store, desk.force) for _ in range(2))
    desk.clock.at = REVIEW - MINUTE
    assert first.run() == 0
    desk.clock.at = REVIEW
    assert [first.run(), second.run()] == [1, 0]
    assert BANNER in await hall.deliver()
    (card,) = [each for each in hall.poster.handed if "INTERIM" in json.dumps(each, default=str)]
    words = json.dumps(card, default=str)
    assert "4 May 2027" in words
    assert "100 days" in words
    assert "T-1001" not in words
    assert "bricks" not in words
    desk.clock.advance(30 * DAY)
    assert second.run() == 0


async def test_each_time_between_two_meetings_has_its_own_reminder(hall: Hall) -> None:
    desk = hall.desk
    reviews = InterimReviews(desk.store, desk.force)
    hold(hall, FIRST)
    desk.clock.at = REVIEW
    assert reviews.run() == 1
    hold(hall, SECOND)
    assert reviews.run() == 0
    desk.clock.at = datetime(2027, 8, 3, 8, tzinfo=UTC)
    assert reviews.run() == 1


async def test_where_a_meeting_was_held_before_the_card_went_out_nobody_is_reminded(hall: Hall) -> None:
    desk = hall.desk
    hold(hall, FIRST)
    desk.clock.at = REVIEW
    assert InterimReviews(desk.store, desk.force).run() == 1
    hold(hall, REVIEW + HOUR)
    assert BANNER not in await hall.deliver()


async def test_a_meeting_that_is_often_enough_has_no_review_in_between(hall: Hall) -> None:
    desk = hall.desk
    kind = replace(desk.force.meeting_kinds["STRATEGIC"], longest_gap=182 * DAY)
    force = replace(desk.force, meeting_kinds={"STRATEGIC": kind})
    hold(hall, FIRST)
    desk.clock.at = SECOND - DAY
    assert InterimReviews(desk.store, force).run() == 0
