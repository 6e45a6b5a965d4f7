"""The tasking officer's inbox: what nobody looks after is there, says why, and goes when it is seen to."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event

from reporting.inbox import KINDS, InboxEntry, inbox_json, tasking_inbox
from store import inbox as responses
from store import remarks
from tasking.decision import DecisionType
from tasking.task import Classification
from tasking.thrive import ThriveAssessment
from tests.peakshire import DAY, HOUR, IMMEDIATE, MINUTE, MORNING, PRIORITY, ROUTINE, SCHEDULED, a_proposal
from tests.reporting.meeting_desk import MeetingDesk

T = DecisionType


def entries(desk: MeetingDesk, kind: str = "", unit: str | None = None) -> list[InboxEntry]:
    """The inbox, or what is of one kind in it."""
    with desk.store.open() as connection:
        found = tasking_inbox(connection, desk.force, desk.clock.now(), unit)
    return [entry for entry in found if kind in ("", entry.kind)]


def test_a_task_in_hand_is_not_in_the_inbox(desk: MeetingDesk) -> None:
    desk.taken_on(desk.banded(PRIORITY))
    assert entries(desk) == []


def test_an_unowned_task_is_there_until_somebody_owns_it(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY)
    desk.clock.advance(3 * HOUR)
    (entry,) = entries(desk)
    assert (entry.kind, entry.reference, entry.unit_name) == ("UNOWNED", task.reference, "Northfell")
    assert entry.why == "Nobody owns it; it was raised 3 hours ago"
    desk.taken_on(task)
    assert entries(desk) == []


def test_a_task_without_a_whole_assessment_is_unscored(desk: MeetingDesk) -> None:
    task = desk.raised(assessment=ThriveAssessment(1, 1, None, 0, 0, 0))
    (entry,) = entries(desk, "UNSCORED")
    assert (entry.reference, entry.why, entry.band_words) == (
        task.reference,
        "No complete assessment",
        "Not yet assessed",
    )


def test_a_task_that_could_not_be_placed_awaits_triage(desk: MeetingDesk) -> None:
    desk.raised(faults=("The place is not known.",))
    assert [entry.why for entry in entries(desk, "UNSCORED")] == ["Awaiting triage: no pillar yet"]


@pytest.mark.parametrize(
    ("band", "limit"),
    [(IMMEDIATE, 8 * HOUR), (PRIORITY, 2 * DAY), (SCHEDULED, 18 * DAY), (ROUTINE, 38 * DAY)],
    ids=["Immediate", "Priority", "Scheduled over two weekends", "Routine over five weekends"],
)
def test_a_task_is_stale_after_twice_its_bands_update_interval(desk: MeetingDesk, band: Any, limit: Any) -> None:
    desk.taken_on(desk.banded(band))
    desk.clock.at = MORNING + limit
    assert entries(desk, "STALE") == []
    desk.clock.advance(MINUTE)
    assert len(entries(desk, "STALE")) == 1


def test_a_stale_task_says_for_how_long_and_goes_when_somebody_moves_it(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(PRIORITY))
    desk.clock.advance(3 * DAY)
    (entry,) = entries(desk)
    assert entry.why == "Nobody has moved it for 3 days"
    desk.on_board(task, progress=0)
    assert entries(desk, "STALE") == []


def test_what_its_officer_says_is_done_awaits_its_result(desk: MeetingDesk) -> None:
    task = desk.on_board(desk.banded(ROUTINE), progress=100)
    desk.clock.advance(2 * DAY)
    (entry,) = entries(desk)
    assert (entry.kind, entry.reference) == ("AWAITING_RESULT", task.reference)
    assert entry.why == "Its officer says done, 2 days ago"


def test_an_undecided_escalation_is_there_for_both_units_and_says_when_it_is_late(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(SCHEDULED)), a_proposal(decide_by=MORNING + HOUR))
    (entry,) = entries(desk, unit="DIV_N")
    assert entry.why == "Asked of North Division: Past its due time, to be decided by Mon 2 Nov 09:30"
    assert entries(desk, unit="HP") == [entry]
    assert entries(desk, unit="DD") == []
    desk.clock.advance(2 * HOUR)
    assert entries(desk, "UNDECIDED")[0].why.endswith("PAST ITS LIMIT")
    desk.decide(task, T.ESCALATION_ACCEPT)
    assert entries(desk) == []


def test_a_proposal_waits_for_its_own_unit_to_endorse_it(desk: MeetingDesk) -> None:
    desk.escalated(desk.taken_on(desk.banded(SCHEDULED)), a_proposal(needs_endorsement=True))
    (entry,) = entries(desk)
    assert (entry.kind, entry.why) == ("PROPOSED", "Proposed to go up to North Division: Past its due time")
    assert entries(desk, unit="DIV_N") == []


def test_what_was_given_back_is_there_until_its_receiver_accepts_it(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(PRIORITY)))
    desk.decide(task, T.DE_ESCALATE, conditions="Patrol", residual_risk="Low", receiver="insp@peakshire.example")
    (entry,) = entries(desk, "NOT_RECEIVED", unit="HP")
    assert entry.why == "Given back by North Division, not yet accepted"
    desk.decide(task, T.RECEIVE)
    assert entries(desk, "NOT_RECEIVED") == []


def test_questions_on_a_task_are_there_until_they_are_settled(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(PRIORITY))
    with desk.store.open() as connection:
        remarks.raise_remark(connection, task.task_id, "owner", "Who owns this?", MORNING)
    (entry,) = entries(desk)
    assert (entry.kind, entry.why, entry.since) == ("QUESTION", "Who owns this?", MORNING)
    with desk.store.open() as connection:
        remarks.settle_remark(connection, task.task_id, "owner", MORNING)
    assert entries(desk) == []


def test_held_and_rejected_responses_belong_to_the_unit_that_triages_and_show_nothing_they_say(
    desk: MeetingDesk,
) -> None:
    with desk.store.open() as connection:
        responses.hold(connection, "list", "item-1", "The form is not known.", {"answer": "Secret"}, MORNING)
        row = responses.add(
            connection,
            form="raise_task",
            response_id="7",
            reference="T-7",
            state="RECEIVED",
            encoding="FLOW",
            answers={"title": "Secret"},
            responder="ann@peakshire.example",
            received_at=MORNING,
            correlation_id="c-1",
        )
        responses.finish(connection, row.inbox_id, responses.InboxState.REJECTED, ["No unit has that name."])
    held, rejected = entries(desk, unit="PKS")
    assert (held.kind, held.why) == ("HELD", "The form is not known.")
    assert (rejected.kind, rejected.reference, rejected.why) == ("REJECTED", "T-7", "No unit has that name.")
    assert entries(desk, unit="HP") == []
    assert "Secret" not in str(entries(desk))


def test_a_restricted_task_shows_its_reference_and_not_its_title(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY, title="Secret", classification=Classification.OFFICIAL_SENSITIVE)
    desk.escalated(task, a_proposal(reason="Secret reason"))
    with desk.store.open() as connection:
        remarks.raise_remark(connection, task.task_id, "origin", "Secret remark", MORNING)
    found = entries(desk)
    assert {entry.reference for entry in found} == {task.reference}
    assert "Secret" not in str(found)
    assert "Past its due time" not in str(found)


def test_the_inbox_goes_kind_by_kind_the_oldest_first(desk: MeetingDesk) -> None:
    first = desk.banded(ROUTINE)
    desk.clock.advance(MINUTE)
    second = desk.banded(PRIORITY)
    desk.escalated(desk.taken_on(desk.banded(ROUTINE)))
    found = entries(desk)
    assert [entry.kind for entry in found] == sorted((entry.kind for entry in found), key=list(KINDS).index)
    assert [entry.reference for entry in found if entry.kind == "UNOWNED"] == [first.reference, second.reference]


def test_the_inbox_is_plain_json(desk: MeetingDesk) -> None:
    desk.banded(ROUTINE)
    (entry,) = inbox_json(entries(desk))
    assert (entry["kind"], entry["unit"], entry["since"]) == ("UNOWNED", "HP", "2026-11-02T08:30:00Z")


def test_the_number_of_queries_does_not_grow_with_the_inbox(desk: MeetingDesk) -> None:
    def queries() -> int:
        seen: list[str] = []
        with desk.store.open() as connection:
            event.listen(connection, "before_cursor_execute", lambda *told: seen.append(told[2]))
            tasking_inbox(connection, desk.force, desk.clock.now())
        return len(seen)

    reviewed = {"review_at": MORNING - HOUR}
    desk.decide(desk.escalated(desk.banded(PRIORITY)), T.ESCALATION_ACCEPT, **reviewed)
    few = queries()
    for _ in range(10):
        desk.decide(desk.escalated(desk.banded(PRIORITY)), T.ESCALATION_ACCEPT, **reviewed)
    assert queries() == few


def test_a_task_that_is_done_is_there_while_nobody_has_decided_its_escalation(desk: MeetingDesk) -> None:
    asked = desk.escalated(desk.taken_on(desk.banded(SCHEDULED)), a_proposal(decide_by=MORNING + HOUR))
    desk.on_board(asked, progress=100)
    proposed = desk.escalated(desk.taken_on(desk.banded(SCHEDULED)), a_proposal(needs_endorsement=True))
    desk.on_board(proposed, progress=100)
    (entry,) = entries(desk, "UNDECIDED", unit="DIV_N")
    assert (entry.reference, entry.why) == (
        asked.reference,
        "Asked of North Division: Past its due time, to be decided by Mon 2 Nov 09:30",
    )
    assert [each.reference for each in entries(desk, "PROPOSED", unit="HP")] == [proposed.reference]
    assert len(entries(desk, "AWAITING_RESULT")) == 2
    desk.decide(asked, T.ESCALATION_DECLINE)
    assert entries(desk, "UNDECIDED") == []


def test_a_done_task_stays_there_for_its_undecided_escalation_however_long_ago(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(SCHEDULED)))
    desk.on_board(task, progress=100)
    desk.clock.advance(200 * DAY)
    assert [entry.reference for entry in entries(desk, "UNDECIDED")] == [task.reference]


def test_what_was_done_two_cycles_ago_is_counted_for_its_unit_and_not_listed(desk: MeetingDesk) -> None:
    for _ in range(3):
        desk.on_board(desk.banded(ROUTINE), progress=100)
    desk.clock.advance(56 * DAY)
    assert len(entries(desk, "AWAITING_RESULT")) == 3
    desk.clock.advance(MINUTE)
    (entry,) = entries(desk, "AWAITING_RESULT", unit="HP")
    assert (entry.reference, entry.title, entry.why) == ("", "", "3 more done over 56 days ago, result to come")
    assert entries(desk, unit="DD") == []


def test_a_passed_review_time_asks_the_unit_that_decided_until_it_decides(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(PRIORITY)))
    made = desk.decide(task, T.ESCALATION_ACCEPT, review_at=MORNING + 3 * DAY)
    assert entries(desk, "REVIEW_DUE") == []
    desk.clock.advance(3 * DAY)
    (entry,) = entries(desk, "REVIEW_DUE", unit="DIV_N")
    assert entry.why == f"Review due: Thu 5 Nov 08:30 ({made.decision_ref}, escalation accepted)"
    assert entry.since == MORNING + 3 * DAY
    desk.decide(task, T.ALLOCATE, unit="HP", text="The team goes on")
    assert len(entries(desk, "REVIEW_DUE")) == 1, "what the unit below decides is not the review"
    desk.decide(task, T.PLAN_COMMISSION, unit="DIV_N", text="It still fits; a plan is wanted")
    assert entries(desk, "REVIEW_DUE") == []


def test_a_passed_review_time_of_a_return_asks_both_who_gave_it_back_and_who_has_it(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(PRIORITY)))
    said = {"conditions": "Patrol", "residual_risk": "Low", "receiver": "insp@peakshire.example"}
    desk.decide(task, T.DE_ESCALATE, review_at=MORNING + 2 * DAY, **said)
    desk.decide(task, T.RECEIVE)
    desk.clock.advance(2 * DAY)
    for unit in ("HP", "DIV_N"):
        assert [entry.reference for entry in entries(desk, "REVIEW_DUE", unit=unit)] == [task.reference]
    desk.decide(task, T.EXTEND, due_at=MORNING + 9 * DAY)
    assert entries(desk, "REVIEW_DUE") == []


def test_an_overdue_task_is_there_from_the_moment_after_its_due_time(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.raised(needed_by=MORNING + HOUR))
    desk.clock.at = MORNING + HOUR
    assert entries(desk, "OVERDUE") == []
    desk.clock.advance(2 * HOUR)
    (entry,) = entries(desk, "OVERDUE")
    assert (entry.reference, entry.why) == (task.reference, "It was due Mon 2 Nov 09:30, 2 hours ago")
    desk.on_board(task, progress=100)
    assert entries(desk, "OVERDUE") == []


def test_each_entry_is_for_the_action_manager_or_the_tasking_officer_of_its_meeting_else_of_its_level(
    desk: MeetingDesk,
) -> None:
    levels = tuple(
        replace(each, action_manager_role="Sergeant", tasking_officer_role="Officer") for each in desk.force.levels
    )
    own = {"action_manager_role": "HP Manager", "tasking_officer_role": "HP Officer"}
    meetings = tuple(replace(each, **own) if each.unit == "HP" else each for each in desk.force.meetings)
    desk.force = replace(desk.force, levels=levels, meetings=meetings)
    for unit in ("HP", "DD"):
        desk.raised(unit=unit, needed_by=MORNING + HOUR)
    desk.clock.advance(2 * HOUR)
    found = {(entry.unit, entry.kind): entry.looked_after_by for entry in entries(desk)}
    assert found["HP", "UNOWNED"] == "HP Manager"
    assert found["HP", "OVERDUE"] == "HP Officer"
    assert found["DD", "UNOWNED"] == "Sergeant"
    assert found["DD", "OVERDUE"] == "Officer"
