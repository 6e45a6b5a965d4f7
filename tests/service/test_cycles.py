"""A tasking cycle closes once, with a report; what carries over is for people to decide, and nothing is closed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from reporting.cycle_report import carried_now
from reporting.inbox import tasking_inbox
from service.cycles import CLOSER, close_due_cycles
from store import cycles, leases
from store.cycle_tables import cycle_reports
from store.tables import audit_log
from tasking.clocks import LONDON
from tasking.cycle_report import CycleReport
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.events import CycleClosed
from tasking.force import Force
from tasking.task import Status, Task
from tests.peakshire import DAY, HOUR, IMMEDIATE, MINUTE, SCHEDULED
from tests.reporting.meeting_desk import MeetingDesk, meeting_force, open_meeting_desk

FIRST_DAY = date(2026, 10, 12)
CYCLE, NEXT = "CYC-2026-11", "CYC-2026-12"
END = datetime(2026, 11, 9, tzinfo=UTC)
"""The London midnight after the cycle that the desk's morning is in."""


def cycle_force() -> Force:
    return replace(meeting_force(), cycle_first_day=FIRST_DAY, cycle_report_to=("DIVISION", "FORCE"))


@pytest.fixture
def desk() -> Iterator[MeetingDesk]:
    with open_meeting_desk(cycle_force()) as fresh:
        yield fresh


def closed(desk: MeetingDesk) -> list[CycleReport]:
    return close_due_cycles(desk.store, desk.force)


def told(desk: MeetingDesk) -> list[CycleClosed]:
    return [event for event in desk.events() if isinstance(event, CycleClosed)]


def left(desk: MeetingDesk) -> dict[str, str]:
    """Why the inbox lists what nobody decided on, by reference."""
    with desk.store.open() as connection:
        found = tasking_inbox(connection, desk.force, desk.clock.now())
    return {entry.reference: entry.why for entry in found if entry.kind == "CARRIED_OVER"}


def states(desk: MeetingDesk, report: CycleReport) -> dict[str, str]:
    with desk.store.open() as connection:
        return {each.task.reference: each.state for each in carried_now(connection, report, desk.clock.now())}


def ended(desk: MeetingDesk) -> CycleReport:
    """The report, made a minute after the cycle's end."""
    desk.clock.at = END + MINUTE
    (report,) = closed(desk)
    return report


def test_a_cycle_closes_at_its_london_midnight_and_not_a_second_before(desk: MeetingDesk) -> None:
    desk.banded(SCHEDULED)
    desk.clock.at = datetime(2026, 11, 8, 23, 59, 59, tzinfo=UTC)
    assert closed(desk) == []
    desk.clock.at = END
    (report,) = closed(desk)
    assert (report.cycle, report.starts, report.ends) == (CYCLE, FIRST_DAY, date(2026, 11, 8))


def test_its_report_is_made_and_told_once_however_often_the_job_runs_and_after_a_restart(desk: MeetingDesk) -> None:
    desk.banded(SCHEDULED)
    ended(desk)
    for _ in range(3):
        desk.clock.advance(5 * MINUTE)
        assert closed(desk) == []
        assert close_due_cycles(MeetingDesk(desk.store.engine, desk.clock, desk.force).store, desk.force) == []
    assert told(desk) == [CycleClosed(CYCLE, "PKS"), CycleClosed(CYCLE, "DIV_N")]
    assert [row["cycle"] for row in desk.rows(cycle_reports)] == [CYCLE]
    assert [row["object_ref"] for row in desk.rows(audit_log) if row["action"] == "tasking cycle closed"] == [CYCLE]


def test_while_one_worker_closes_another_makes_none_and_the_lease_of_one_that_died_ends(desk: MeetingDesk) -> None:
    desk.banded(SCHEDULED)
    desk.clock.at = END
    with desk.store.open() as connection:
        assert leases.take(connection, CLOSER, desk.clock.now(), 4 * MINUTE)
    assert closed(desk) == []
    desk.clock.advance(5 * MINUTE)
    assert len(closed(desk)) == 1


@pytest.mark.parametrize(
    ("first_day", "midnight"),
    [
        (date(2027, 3, 1), datetime(2027, 3, 28, 23, tzinfo=UTC)),
        (date(2027, 10, 4), datetime(2027, 11, 1, tzinfo=UTC)),
    ],
)
def test_in_the_night_after_the_clocks_change_a_cycle_ends_at_the_midnight_that_london_has(
    first_day: date, midnight: datetime
) -> None:
    with open_meeting_desk(replace(cycle_force(), cycle_first_day=first_day)) as desk:
        desk.clock.at = midnight - MINUTE
        desk.banded(SCHEDULED)
        assert closed(desk) == []
        desk.clock.at = midnight
        (report,) = closed(desk)
        assert len(report.carried) == 1
        assert midnight.astimezone(LONDON).date() == report.ends + DAY


def test_what_is_raised_after_the_end_belongs_to_the_next_cycle_however_late_the_report_is_made(
    desk: MeetingDesk,
) -> None:
    desk.clock.at = END - MINUTE
    inside = desk.banded(SCHEDULED)
    desk.clock.at = END
    desk.banded(SCHEDULED)
    desk.clock.advance(3 * DAY)
    (report,) = closed(desk)
    assert [each.reference for each in report.carried] == [inside.reference]
    assert report.counts_of(["HP"]).raised == 1


def test_the_report_counts_what_was_raised_done_and_decided_and_lists_what_is_open(desk: MeetingDesk) -> None:
    late, done = desk.banded(IMMEDIATE, title="Stop bricks"), desk.banded(SCHEDULED)
    secret = desk.banded(SCHEDULED, pillar="MISSING_EXPLOITATION", title="Find Ann")
    desk.on_board(done, progress=100)
    desk.decide(late, DecisionType.ALLOCATE, text="The team takes it")
    report = ended(desk)
    assert dict(report.counts_of(["HP"]).in_words()) == {
        "Raised": 3,
        "Completed": 1,
        "Decisions": 1,
        "Carry over": 2,
        "Of those past due": sum(each.is_overdue for each in report.carried),
        "Of those to be decided above": 0,
        "Of those nobody decided on last time": 0,
    }
    assert {each.reference: each.title for each in report.carried} == {
        late.reference: "Stop bricks",
        secret.reference: "Restricted: read it on the record",
    }
    assert next(each for each in report.carried if each.reference == late.reference).is_overdue


def decided(desk: MeetingDesk, task: Task, kind: DecisionType, **given: Any) -> None:
    desk.decide(task, kind, **given)


def test_each_task_is_kept_closed_or_escalated_by_a_persons_decision_and_only_the_closed_one_ends(
    desk: MeetingDesk,
) -> None:
    kept, ends, asked, waits = (desk.banded(SCHEDULED) for _ in range(4))
    report = ended(desk)
    decided(desk, kept, DecisionType.CARRY_OVER)
    decided(desk, ends, DecisionType.NO_TASKING)
    now = desk.clock.now()
    bid = {"resources": "A van", "how_many": 2, "hours": 8.0, "starts_at": now, "ends_at": now + timedelta(hours=4)}
    decided(
        desk, asked, DecisionType.ESCALATE, trigger="BEYOND_RESOURCES", information="Tried", tried="Overtime", **bid
    )
    assert states(desk, report) == {
        kept.reference: "kept",
        ends.reference: "closed",
        asked.reference: "asked of the next level",
        waits.reference: "nobody has decided",
    }
    assert [desk.now(each).status for each in (kept, ends, waits)] == [
        kept.status,
        Status.WITHDRAWN,
        waits.status,
    ]
    assert left(desk) == {waits.reference: f"Carried over from {CYCLE}: keep, close or escalate it"}


def test_a_choice_without_a_rationale_is_refused_and_one_of_a_task_that_is_not_open_too(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    with pytest.raises(RuleBroken, match="rationale"):
        decided(desk, task, DecisionType.CARRY_OVER, rationale=" ")
    desk.on_board(task, progress=100)
    with pytest.raises(RuleBroken, match="is not open"):
        decided(desk, task, DecisionType.CARRY_OVER)


def test_a_decision_that_was_put_right_counts_no_more(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    report = ended(desk)
    wrong = desk.decide(task, DecisionType.CARRY_OVER)
    desk.decide(task, DecisionType.ALLOCATE, text="Not agreed", supersedes=wrong.decision_ref)
    assert states(desk, report) == {task.reference: "nobody has decided"}


def test_a_decision_of_the_cycle_itself_does_not_count_for_what_carries_over(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    desk.clock.at = END - MINUTE
    desk.decide(task, DecisionType.CARRY_OVER)
    ended(desk)
    assert list(left(desk)) == [task.reference]


def test_what_nobody_decided_on_stays_open_and_the_next_report_and_the_inbox_name_it(desk: MeetingDesk) -> None:
    waits, kept = desk.banded(SCHEDULED), desk.banded(SCHEDULED)
    ended(desk)
    desk.decide(kept, DecisionType.CARRY_OVER)
    desk.clock.at = END + 28 * DAY
    (second,) = closed(desk)
    assert (second.cycle, second.previous) == (NEXT, CYCLE)
    assert second.since_then == (("kept", 1), ("nobody has decided", 1))
    assert {each.reference: each.left_since for each in second.carried} == {waits.reference: CYCLE, kept.reference: ""}
    assert desk.now(waits).is_open
    assert left(desk)[waits.reference] == f"Carried over from {NEXT}, left since {CYCLE}: keep, close or escalate it"
    desk.clock.at = END + 56 * DAY
    (third,) = closed(desk)
    assert {each.left_since for each in third.carried if each.reference == waits.reference} == {CYCLE}


def test_a_service_that_stood_still_for_two_cycles_reports_both_in_their_order(desk: MeetingDesk) -> None:
    desk.banded(SCHEDULED)
    ended(desk)
    desk.clock.at = END + 57 * DAY
    assert [each.cycle for each in closed(desk)] == [NEXT, "CYC-2026-13"]


def test_a_service_that_is_new_reports_no_cycle_of_which_it_knows_nothing(desk: MeetingDesk) -> None:
    desk.clock.at = END + HOUR
    desk.banded(SCHEDULED)
    assert closed(desk) == []


def test_without_cycles_in_config_nothing_closes() -> None:
    with open_meeting_desk() as desk:
        desk.banded(SCHEDULED)
        desk.clock.advance(90 * DAY)
        assert closed(desk) == []


def test_a_report_is_never_changed_and_knows_whether_it_is_whole(desk: MeetingDesk) -> None:
    desk.banded(SCHEDULED)
    ended(desk)
    with desk.store.open() as connection:
        assert cycles.read(connection, CYCLE).is_whole
    with pytest.raises(IntegrityError, match="never changed"), desk.store.open() as connection:
        connection.execute(text("UPDATE cycle_reports SET closed_by = 'mallory'"))
