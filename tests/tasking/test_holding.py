"""Meetings are opened by who may chair them, and what a cancelled one was to decide is not lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from store.database import open_database
from store.tables import audit_log
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.holding import cancel_meeting, open_meeting
from tasking.meetings import Attendance, MeetingState, Opening
from tests.peakshire import MINUTE, MORNING, SetClock, tables_in
from tests.tasking.deciding_force import DecidingDesk, deciding_force

TACTICAL = datetime(2026, 11, 12, 10, tzinfo=UTC)
DAILY = datetime(2026, 11, 3, 9, 15, tzinfo=UTC)
PARTNER = Attendance("Housing officer", "Housing officer", "Peakshire Homes", police_part=False)


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def test_the_chair_opens_the_meeting_with_who_is_there(desk: DecidingDesk) -> None:
    with desk.act() as uow:
        open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "chi@peakshire.example", "Duty Inspector", (PARTNER,))
    with desk.act() as uow:
        record = uow.meeting_record("DIV_N_DAILY 2026-11-03")
    assert record is not None
    assert (record.state, record.chaired_by, record.attendance) == (
        MeetingState.HELD,
        "chi@peakshire.example",
        (PARTNER,),
    )


def test_a_deputy_acts_when_the_chair_is_absent_and_the_record_names_the_person(desk: DecidingDesk) -> None:
    with desk.act() as uow:
        record = open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "sgt@peakshire.example", "Duty Sergeant")
    assert (record.chaired_by, record.role) == ("sgt@peakshire.example", "Duty Sergeant")


def test_nobody_else_may_chair_it(desk: DecidingDesk) -> None:
    with (
        pytest.raises(RuleBroken, match=r"may not chair North Division daily tasking\. These may: Duty Inspector"),
        desk.act() as uow,
    ):
        open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "amy@peakshire.example", "Analyst")


def test_what_a_cancelled_meeting_was_to_decide_goes_to_the_next_daily_one(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, DecisionType.ESCALATION_TO_MEETING, to_meeting="DIV_N_TACTICAL")
    with desk.act() as uow:
        cancel_meeting(uow, desk.force, "DIV_N_TACTICAL", TACTICAL, "The chief superintendent is at an incident.")
    step = desk.last_step(task)
    assert (step.forum, step.awaits_decision) == ("DIV_N_DAILY 2026-11-02", True)
    assert desk.now(task).decision_needed


def test_two_cancelled_in_a_row_still_lose_nothing(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, DecisionType.ESCALATION_TO_MEETING)
    assert desk.last_step(task).forum == "DIV_N_DAILY 2026-11-02"
    with desk.act() as uow:
        cancel_meeting(uow, desk.force, "DIV_N_DAILY", datetime(2026, 11, 2, 9, 15, tzinfo=UTC), "Snow.")
        cancel_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "Snow.")
    assert desk.last_step(task).forum == "DIV_N_DAILY 2026-11-04"


def test_cancelling_twice_is_cancelling_once(desk: DecidingDesk) -> None:
    with desk.act() as uow:
        first = cancel_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "Snow.")
        assert cancel_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "Ice.") == first


def test_a_meeting_needs_a_reason_to_be_cancelled_and_cannot_be_once_held(desk: DecidingDesk) -> None:
    with pytest.raises(RuleBroken, match="Say why"), desk.act() as uow:
        cancel_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, " ")
    with desk.act() as uow:
        open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "chi@peakshire.example", "Duty Inspector")
    with pytest.raises(RuleBroken, match="has been held"), desk.act() as uow:
        cancel_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "Snow.")


def test_nothing_can_be_decided_at_a_cancelled_meeting(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    with desk.act() as uow:
        cancel_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "Snow.")
    with pytest.raises(RuleBroken, match="was cancelled"):
        desk.decide(task, DecisionType.ESCALATION_ACCEPT, meeting_ref="DIV_N_DAILY 2026-11-03")
    with pytest.raises(RuleBroken, match="cannot be opened"), desk.act() as uow:
        open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "chi@peakshire.example", "Duty Inspector")


def test_where_no_daily_meeting_is_to_come_the_cancelling_is_refused_and_nothing_changes(desk: DecidingDesk) -> None:
    task = desk.escalated(desk.raised())
    desk.decide(task, DecisionType.ESCALATION_TO_MEETING, to_meeting="DIV_N_TACTICAL")
    meetings = tuple(each for each in desk.force.meetings if each.code != "DIV_N_DAILY")
    desk.force = replace(desk.force, meetings=meetings)
    with pytest.raises(RuleBroken, match="no daily meeting is to come"), desk.act() as uow:
        cancel_meeting(uow, desk.force, "DIV_N_TACTICAL", TACTICAL, "Snow.")
    assert desk.last_step(task).forum == "DIV_N_TACTICAL 2026-11-12"
    with desk.act() as uow:
        assert uow.meeting_record("DIV_N_TACTICAL 2026-11-12") is None


def test_opening_it_again_adds_who_has_come_and_keeps_the_first_chair_and_who_was_there(desk: DecidingDesk) -> None:
    analyst = Attendance("Analyst", "Analyst")
    with desk.act() as uow:
        open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "chi@peakshire.example", "Duty Inspector", (PARTNER,))
    desk.clock.advance(MINUTE)
    with desk.act() as uow:
        open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "sgt@peakshire.example", "Duty Sergeant", (analyst,))
    with desk.act() as uow:
        record = uow.meeting_record("DIV_N_DAILY 2026-11-03")
    assert record is not None
    assert (record.chaired_by, record.attendance) == ("sgt@peakshire.example", (PARTNER, analyst))
    assert record.earlier == (Opening("chi@peakshire.example", "Duty Inspector", MORNING, (PARTNER,)),)


def test_naming_somebody_again_changes_what_is_on_record_of_them(desk: DecidingDesk) -> None:
    excused = replace(PARTNER, partner_part=False)
    for attendance in ((PARTNER,), (excused,)):
        with desk.act() as uow:
            record = open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "c@x", "Duty Inspector", attendance)
    assert record.attendance == (excused,)
    assert [each.attendance for each in record.earlier] == [(PARTNER,)]


def test_the_audit_log_says_which_roles_and_agencies_were_there_and_names_nobody(desk: DecidingDesk) -> None:
    there = (Attendance("kim@homes.example", "Housing officer", "Peakshire Homes", police_part=False),)
    excused = (Attendance("lee@peakshire.example", "Analyst", "", False, False),)
    with desk.act() as uow:
        open_meeting(uow, desk.force, "DIV_N_DAILY", DAILY, "c@x", "Duty Inspector", there + excused)
    (row,) = (row for row in desk.rows(audit_log) if row["action"] == "meeting opened")
    assert row["changes"]["attendance"] == [[], ["Housing officer, Peakshire Homes", "Analyst (apologies)"]]
    assert "kim@" not in str(row["changes"])
