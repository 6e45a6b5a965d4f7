"""Digests at 07:30 and 16:30, channel checks at 06:45, London time all year, each said once by however many workers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from escalation import digest
from escalation.canary import Canaries
from escalation.digest import Digests, digest_of, latest_slot, slot_named
from store import tasks as task_rows
from store.tables import leases
from tasking import climbing
from tasking.escalation import EscalationStatus
from tasking.events import CanaryDue, DigestDue
from tasking.task import Classification
from tests.peakshire import DAY, HOUR, IMMEDIATE, MINUTE, MORNING, Desk, a_proposal, small_force


def said(desk: Desk, kind: type) -> list[object]:
    return [event for event in desk.events() if isinstance(event, kind)]


@pytest.mark.parametrize(
    ("now", "name", "before"),
    [
        (datetime(2027, 1, 4, 7, 29, tzinfo=UTC), "2027-01-03 16:30", datetime(2027, 1, 3, 7, 30, tzinfo=UTC)),
        (datetime(2027, 1, 4, 7, 30, tzinfo=UTC), "2027-01-04 07:30", datetime(2027, 1, 3, 16, 30, tzinfo=UTC)),
        (datetime(2027, 7, 1, 6, 30, tzinfo=UTC), "2027-07-01 07:30", datetime(2027, 6, 30, 15, 30, tzinfo=UTC)),
        (datetime(2027, 3, 28, 6, 30, tzinfo=UTC), "2027-03-28 07:30", datetime(2027, 3, 27, 16, 30, tzinfo=UTC)),
        (datetime(2027, 10, 31, 7, 30, tzinfo=UTC), "2027-10-31 07:30", datetime(2027, 10, 30, 15, 30, tzinfo=UTC)),
        (datetime(2027, 10, 31, 7, 29, tzinfo=UTC), "2027-10-30 16:30", datetime(2027, 10, 30, 6, 30, tzinfo=UTC)),
    ],
)
def test_slots_keep_to_the_london_clock_across_both_changes(now: datetime, name: str, before: datetime) -> None:
    slot = latest_slot(now)
    assert (slot.name, slot.before) == (name, before)
    assert slot_named(name) == slot


def test_each_unit_is_due_once_for_each_slot_however_often_and_by_whomever_it_is_looked(desk: Desk) -> None:
    first, second = Digests(desk.store, desk.force), Digests(desk.store, desk.force)
    counts = []
    for each in (first, second, first):
        counts.append(each.run())
        desk.clock.advance(MINUTE)
    assert counts == [4, 0, 0]
    assert said(desk, DigestDue) == [DigestDue(unit, "2026-11-02 07:30") for unit in desk.force.units]
    desk.clock.advance(8 * HOUR)
    assert second.run() == 4
    assert said(desk, DigestDue)[-1] == DigestDue("DD", "2026-11-02 16:30")


def test_while_one_worker_looks_another_says_nothing(desk: Desk) -> None:
    digests = Digests(desk.store, desk.force)
    assert digests.run() == 4
    with desk.store.open() as connection:
        connection.execute(update(leases).values(until=desk.clock.now() + DAY))
    desk.clock.advance(8 * HOUR)
    assert digests.run() == 0


def test_a_service_that_begins_hours_later_leaves_that_digest_to_the_next_slot(desk: Desk) -> None:
    desk.clock.advance(3 * HOUR)
    assert Digests(desk.store, desk.force).run() == 0


def test_a_unit_without_a_meeting_has_nowhere_to_be_told(desk: Desk) -> None:
    meetings = tuple(each for each in desk.force.meetings if each.unit == "HP")
    assert Digests(desk.store, replace(desk.force, meetings=meetings)).run() == 1


def test_every_channel_is_checked_once_a_day_from_a_quarter_to_seven(desk: Desk) -> None:
    second = replace(desk.force.meeting("HP_DAILY"), code="HP_WEEKLY")
    force = replace(desk.force, meetings=(*desk.force.meetings, second))
    canaries = Canaries(desk.store, force)
    desk.clock.at = datetime(2026, 11, 2, 6, 44, tzinfo=UTC)
    assert canaries.run() == 0
    desk.clock.advance(MINUTE)
    assert canaries.run() == 4, "two meetings of one channel are one channel"
    assert said(desk, CanaryDue)[-1] == CanaryDue("DD_DAILY", "2026-11-02")
    desk.clock.advance(HOUR)
    assert canaries.run() == 0
    desk.clock.advance(DAY)
    assert canaries.run() == 4


def digest_at(desk: Desk, unit: str) -> digest.Digest:
    with desk.store.open() as connection:
        slot = latest_slot(desk.clock.now())
        return digest_of(connection, desk.force, unit, slot, desk.clock.now())


def test_a_digest_counts_each_kind_of_waiting_at_the_unit_it_waits_with(desk: Desk) -> None:
    desk.raised()
    desk.on_board(desk.raised(), owner_ids=("ann",))
    desk.on_board(desk.raised(), progress=100)
    up = desk.escalated(desk.raised())
    overdue = desk.raised()
    with desk.store.open() as connection:
        late = replace(task_rows.read_task(connection, overdue.task_id), due_at=MORNING - HOUR)
        task_rows.save_task(connection, late, MORNING)
    desk.clock.advance(MINUTE)
    found = digest_at(desk, "HP")
    assert dict(found.counts) == {
        "Undecided": 0,
        "Overdue": 1,
        "Nobody owns": 3,
        "Awaiting result": 1,
        "Re-assess risk": 0,
    }
    assert found.look_first[0] == overdue.reference
    assert (found.came_in, found.completed) == (5, 1)
    above = digest_at(desk, "DIV_N")
    assert (above.counts["Undecided"], above.came_in, above.look_first) == (1, 1, (up.reference,))
    assert digest_at(desk, "DD").is_empty


def test_what_only_waits_for_the_units_own_word_counts_as_undecided_there_and_not_above(desk: Desk) -> None:
    task = desk.raised()
    with desk.act() as uow:
        step = climbing.propose_to_climb(uow, desk.force, task.task_id, a_proposal(needs_endorsement=True))
    assert step.status is EscalationStatus.PROPOSED
    assert digest_at(desk, "HP").counts["Undecided"] == 1
    assert digest_at(desk, "DIV_N").is_empty


def test_the_digest_looks_first_at_what_is_most_pressing_and_names_five_at_most(desk: Desk) -> None:
    from tests.peakshire import BY_BAND

    calm = [desk.raised() for _ in range(6)]
    urgent = desk.raised(assessment=BY_BAND[IMMEDIATE])
    found = digest_at(desk, "HP")
    assert found.look_first == (urgent.reference, *(task.reference for task in calm[:4]))
    assert found.counts["Nobody owns"] == 7


def test_a_digest_that_names_a_sensitive_task_is_marked_so(desk: Desk) -> None:
    task = desk.raised()
    with desk.store.open() as connection:
        kept = task_rows.read_task(connection, task.task_id)
        task_rows.save_task(connection, replace(kept, classification=Classification.OFFICIAL_SENSITIVE), MORNING)
    assert digest_at(desk, "HP").classification is Classification.OFFICIAL_SENSITIVE


def test_what_moved_before_the_last_slot_is_old_news(desk: Desk) -> None:
    desk.on_board(desk.raised(), progress=100)
    desk.clock.advance(2 * DAY + timedelta(hours=9))
    assert (digest_at(desk, "HP").came_in, digest_at(desk, "HP").completed) == (0, 0)
    assert digest_at(desk, "HP").counts["Awaiting result"] == 1


def test_a_unit_is_followed_down_to_the_units_whose_tasks_can_stand_with_it() -> None:
    assert digest.below(small_force(), "PKS") == ("PKS", "DIV_N", "HP", "DD")
    assert digest.below(small_force(), "HP") == ("HP",)
