"""Each point of an agenda has the tasks that belong there, and only those."""

from datetime import datetime
from typing import Any

import pytest

from reporting.meeting_pack import build_pack
from reporting.pack_for import without_restricted_matter
from reporting.pack_parts import Pack, PackDecision, PackItem, PackSection
from reporting.pack_sections import RULES
from tasking import holding
from tasking.decision import DecisionType
from tasking.meetings import AgendaSection
from tasking.task import Classification, Task
from tasking.thrive import Alignment, PriorityBand
from tests.peakshire import (
    BY_BAND,
    DAY,
    HOUR,
    IMMEDIATE,
    MINUTE,
    MISSING,
    MORNING,
    PRIORITY,
    ROUTINE,
    SCHEDULED,
    a_proposal,
)
from tests.reporting.meeting_desk import MEETS_AT, MeetingDesk
from tests.tasking.deciding_force import ASKS, BID

T = DecisionType
TOMORROW = MEETS_AT + DAY


def items(pack: Pack, code: str) -> dict[str, PackItem]:
    """The tasks under one point, by reference."""
    return {item.reference: item for item in section_of(pack, code).items}


def section_of(pack: Pack, code: str) -> PackSection:
    """One point of the pack."""
    (section,) = (section for section in pack.sections if section.code == code)
    return section


def above(desk: MeetingDesk, *decisions: DecisionType, band: PriorityBand = PRIORITY, **given: Any) -> Task:
    """A task of Northfell's, PRIORITY unless said, that is with the division, after these decisions."""
    task = desk.escalated(desk.taken_on(desk.banded(band)), a_proposal(decide_by=MORNING + DAY))
    for decision in decisions:
        desk.decide(task, decision, **given)
    return desk.now(task)


def test_every_section_that_config_may_name_has_a_query() -> None:
    assert set(RULES) == set(AgendaSection)


def test_overnight_has_critical_missing_and_domestic_abuse(desk: MeetingDesk) -> None:
    flagged = [desk.taken_on(desk.banded(PRIORITY, flags=frozenset({flag}))) for flag in ("DA_HIGH", "MISSING_MEDIUM")]
    critical = desk.taken_on(desk.banded(IMMEDIATE, flags=frozenset({"CRITICAL_INCIDENT"})))
    desk.taken_on(desk.banded(ROUTINE))
    assert list(items(desk.pack(), "OVERNIGHT")) == [critical.reference, *(task.reference for task in flagged)]


def test_the_last_24_hours_count_by_pillar_and_by_unit_what_came_in_and_was_done(desk: MeetingDesk) -> None:
    desk.on_board(desk.banded(ROUTINE), progress=100)
    desk.banded(ROUTINE, pillar="RURAL", unit="DD")
    (section,) = (each for each in desk.pack("DIV_N_DAILY").sections if each.code == "LAST_24_HOURS")
    by_pillar, by_unit = section.counts
    assert by_pillar.headings == ("Came in", "Done", "Open now")
    assert by_pillar.rows == (("Roads policing", (1, 1, 0)), ("Rural", (1, 0, 1)))
    assert by_unit.rows == (("Northfell", (1, 1, 0)), ("Dalesmere", (1, 0, 1)))


def test_the_last_24_hours_show_whose_risk_has_risen(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(SCHEDULED))
    desk.clock.advance(HOUR)
    desk.reassessed(task, BY_BAND[PRIORITY])
    found = items(desk.pack(), "LAST_24_HOURS")
    assert found[task.reference].why[0] == "Risk has risen: score 24 to 47"


def test_the_next_24_hours_have_what_falls_due_or_starts(desk: MeetingDesk) -> None:
    due = desk.on_board(desk.taken_on(desk.banded(ROUTINE)), due_at=MORNING + 5 * HOUR)
    starts = desk.on_board(desk.taken_on(desk.banded(ROUTINE)), start_at=MORNING + 20 * HOUR)
    found = items(desk.pack(), "NEXT_24_HOURS")
    assert found[due.reference].why[0] == "Due Mon 2 Nov 13:30"
    assert found[starts.reference].why[0] == "Starts Tue 3 Nov 04:30"


@pytest.mark.parametrize(
    ("band", "after", "words"),
    [
        (PRIORITY, 4 * HOUR + MINUTE, "NOT ACCEPTED, was to be by Mon 2 Nov 12:30"),
        (SCHEDULED, DAY + MINUTE, "NOT ACCEPTED, was to be by Tue 3 Nov 08:30"),
    ],
)
def test_due_and_overdue_has_what_nobody_accepted_in_its_bands_time(
    desk: MeetingDesk, band: Any, after: Any, words: str
) -> None:
    task = desk.banded(band)
    desk.clock.advance(after)
    assert items(desk.pack(starts_at=TOMORROW), "DUE_AND_OVERDUE")[task.reference].why[0] == words


def test_a_score_older_than_a_day_on_a_live_high_task_says_re_thrive_due(desk: MeetingDesk) -> None:
    task = desk.on_board(desk.taken_on(desk.banded(PRIORITY)), due_at=MORNING + 9 * DAY)
    desk.clock.at = MORNING + DAY
    assert items(desk.pack(starts_at=TOMORROW), "DUE_AND_OVERDUE") == {}
    desk.clock.advance(HOUR)
    shown = items(desk.pack(starts_at=TOMORROW), "DUE_AND_OVERDUE")[task.reference]
    assert (shown.why[0], shown.needed) == ("re-THRIVE due: the score is 25 hours old", "Assess the risk again")


def test_escalations_have_what_waits_here_what_was_taken_on_and_what_was_asked_above(desk: MeetingDesk) -> None:
    waiting = above(desk)
    taken = above(desk, T.ESCALATION_ACCEPT)
    division = items(desk.pack("DIV_N_DAILY"), "ESCALATIONS")
    assert division[waiting.reference].is_for_decision
    assert division[taken.reference].why[0] == "Taken on from Northfell: Past its due time"
    section = items(desk.pack(), "ESCALATIONS")
    assert section[waiting.reference].why[0] == (
        "Asked of North Division, not decided yet, to be decided by Tue 3 Nov 08:30"
    )
    assert not section[waiting.reference].is_for_decision


def test_a_proposal_waits_below_for_somebody_to_endorse_it(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(SCHEDULED)), a_proposal(needs_endorsement=True))
    shown = items(desk.pack(), "ESCALATIONS")[task.reference]
    assert shown.why[0] == "Proposed to go up to North Division: Past its due time"
    assert (shown.needed, shown.is_for_decision) == ("Endorse that it goes up, or withdraw it", True)
    assert desk.pack("DIV_N_DAILY").items == ()


def test_an_escalation_that_was_left_to_a_meeting_says_to_which(desk: MeetingDesk) -> None:
    task = above(desk, T.ESCALATION_TO_MEETING, band=SCHEDULED, to_meeting="DIV_N_TACTICAL")
    (step,) = desk.escalations(task)
    shown = items(desk.pack("DIV_N_DAILY"), "ESCALATIONS")[task.reference]
    assert shown.why[0].endswith(f"Left to {step.forum}")


def test_what_can_go_back_has_proposed_returns_reviews_due_and_what_nobody_took_back(desk: MeetingDesk) -> None:
    proposed = above(desk, T.ESCALATION_ACCEPT, T.DE_ESCALATION_PROPOSE)
    review = above(desk, T.ESCALATION_ACCEPT, review_at=MORNING + HOUR)
    kept = above(desk, T.ESCALATION_ACCEPT)
    back = above(desk)
    desk.decide(back, T.DE_ESCALATE, conditions="Patrol", residual_risk="Low", receiver="sgt@peakshire.example")
    found = items(desk.pack("DIV_N_TACTICAL"), "DE_ESCALATIONS")
    assert found[proposed.reference].why[0] == "Return to Northfell is proposed"
    assert found[review.reference].why[0] == (
        "To be looked at again by Mon 2 Nov 09:30 (DEC-2026-000003, escalation accepted)"
    )
    assert kept.reference not in found
    local = items(desk.pack("HP_LOCAL", TOMORROW), "DE_ESCALATIONS")
    assert local[back.reference].why[0] == "Given back to Northfell, not yet accepted there"


def test_risk_that_fell_over_a_day_may_go_back_down(desk: MeetingDesk) -> None:
    task = above(desk, T.ESCALATION_ACCEPT)
    desk.clock.advance(DAY + MINUTE)
    desk.reassessed(task, BY_BAND[SCHEDULED])
    found = items(desk.pack("DIV_N_TACTICAL", TOMORROW), "DE_ESCALATIONS")
    assert found[task.reference].why[0] == "Risk has fallen: Priority to Scheduled"


def test_new_tasks_are_those_since_the_last_meeting_began(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS_AT - DAY - MINUTE
    desk.taken_on(desk.banded(ROUTINE))
    desk.clock.at = MEETS_AT - DAY
    new = desk.taken_on(desk.banded(ROUTINE))
    desk.clock.at = MORNING
    assert list(items(desk.pack(), "NEW_TASKS")) == [new.reference]


def test_after_a_cancelled_meeting_new_tasks_count_from_the_one_before(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS_AT - 2 * DAY
    new = desk.taken_on(desk.banded(ROUTINE))
    with desk.act() as uow:
        holding.cancel_meeting(uow, desk.force, "HP_DAILY", MEETS_AT - DAY, "Too few people")
    desk.clock.at = MORNING
    assert list(items(desk.pack(), "NEW_TASKS")) == [new.reference]


def test_partner_tasks_are_those_of_the_pillar_and_the_label(desk: MeetingDesk) -> None:
    pillar = desk.banded(SCHEDULED, pillar="PARTNERSHIP_DEMAND")
    label = desk.on_board(desk.banded(SCHEDULED), labels=frozenset({"PARTNER_LEAD"}))
    desk.banded(SCHEDULED)
    assert set(items(desk.pack("HP_LOCAL", TOMORROW), "PARTNER_TASKS")) == {pillar.reference, label.reference}


def test_missing_people_are_found_by_flag_and_by_pillar(desk: MeetingDesk) -> None:
    flag = desk.banded(IMMEDIATE, flags=MISSING)
    pillar = desk.banded(SCHEDULED, pillar="MISSING_EXPLOITATION")
    desk.banded(SCHEDULED)
    assert list(items(desk.pack("HP_LOCAL", TOMORROW), "MISSING")) == [flag.reference, pillar.reference]


def test_resources_are_ranked_and_go_once_something_was_decided_about_them(desk: MeetingDesk) -> None:
    low = desk.banded(SCHEDULED, wanted="RESOURCES")
    high = desk.banded(PRIORITY, wanted="RESOURCES")
    assert list(items(desk.pack("HP_LOCAL", TOMORROW), "RESOURCES")) == [high.reference, low.reference]
    desk.decide(high, T.RESOURCE, resources="Four hours", hours=4.0, starts_at=MORNING + HOUR, ends_at=MORNING + DAY)
    assert list(items(desk.pack("HP_LOCAL", TOMORROW), "RESOURCES")) == [low.reference]


def test_outstanding_actions_are_decisions_about_tasks_that_are_still_open(desk: MeetingDesk) -> None:
    done = above(desk, T.ESCALATION_ACCEPT)
    still_open = above(desk, T.ESCALATION_ACCEPT)
    desk.on_board(done, progress=100)
    found = items(desk.pack("DIV_N_TACTICAL"), "ACTIONS_OUTSTANDING")
    assert list(found) == [still_open.reference]
    assert found[still_open.reference].why[0] == (
        "Decided Mon 2 Nov 08:30 (DEC-2026-000002): escalation accepted. Not done yet"
    )


def test_the_control_strategy_counts_the_units_below_and_lists_its_own(desk: MeetingDesk) -> None:
    below = desk.banded(SCHEDULED, Alignment.CONTROL_STRATEGY)
    own = desk.escalated(desk.banded(SCHEDULED, Alignment.CONTROL_STRATEGY))
    pack = desk.pack("DIV_N_TACTICAL")
    (section,) = (each for each in pack.sections if each.code == "CONTROL_STRATEGY")
    assert [item.reference for item in section.items] == [own.reference]
    assert section.counts[0].rows == (("Roads policing", (2, 0, 2)),)
    assert below.reference not in [item.reference for item in section.items]


def test_results_are_what_was_done_since_the_last_meeting(desk: MeetingDesk) -> None:
    desk.clock.at = MORNING - 15 * DAY
    desk.on_board(desk.banded(ROUTINE), progress=100)
    desk.clock.at = MORNING - DAY
    done = desk.on_board(desk.banded(ROUTINE), progress=100)
    desk.clock.at = MORNING
    shown = items(desk.pack("HP_LOCAL", TOMORROW + 45 * MINUTE), "RESULTS")
    assert list(shown) == [done.reference]
    assert shown[done.reference].smart_gaps == ()


def test_a_withdrawn_task_is_before_no_meeting(desk: MeetingDesk) -> None:
    desk.decide(desk.banded(PRIORITY), T.NO_TASKING)
    for code in ("HP_DAILY", "HP_LOCAL"):
        assert desk.pack(code, TOMORROW).items == ()


def test_a_done_task_is_before_the_meeting_while_nobody_has_decided_its_escalation(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(SCHEDULED)), a_proposal(decide_by=MORNING + HOUR))
    desk.on_board(task, progress=100)
    desk.clock.advance(9 * DAY)
    pack = desk.pack("DIV_N_DAILY", MEETS_AT + 9 * DAY)
    shown = items(pack, "ESCALATIONS")[task.reference]
    assert shown.why[0].startswith("Escalated by Northfell: Past its due time. UNDECIDED past its limit")
    assert shown.is_for_decision
    assert [each.reference for each in pack.standing] == [task.reference]
    assert task.reference in items(desk.pack("HP_DAILY", MEETS_AT + 9 * DAY), "ESCALATIONS")
    desk.decide(task, T.ESCALATION_DECLINE)
    assert desk.pack("DIV_N_DAILY", MEETS_AT + 9 * DAY).items == ()


def test_a_review_that_is_due_is_before_the_unit_that_decided_and_the_one_that_has_the_task(desk: MeetingDesk) -> None:
    task = above(desk)
    said = {"conditions": "Patrol", "residual_risk": "Low", "receiver": "insp@peakshire.example"}
    made = desk.decide(task, T.DE_ESCALATE, review_at=MORNING + 2 * HOUR, **said)
    desk.decide(task, T.RECEIVE)
    desk.clock.advance(6 * HOUR)
    for code in ("HP_DAILY", "DIV_N_DAILY"):
        shown = items(desk.pack(code, TOMORROW), "DUE_AND_OVERDUE")[task.reference]
        assert shown.why[0] == f"Review due: Mon 2 Nov 10:30 ({made.decision_ref}, given back with conditions)"
        assert shown.is_for_decision
    assert desk.pack("DD_DAILY", TOMORROW).items == ()
    desk.decide(task, T.ALLOCATE, text="It stays as it is")
    assert task.reference not in items(desk.pack("DIV_N_DAILY", TOMORROW), "DUE_AND_OVERDUE")


def test_a_review_of_any_decision_is_asked_for_a_day_before_and_superseding_it_is_enough(desk: MeetingDesk) -> None:
    task = desk.taken_on(desk.banded(SCHEDULED))
    made = desk.decide(task, T.ALLOCATE, text="The team", review_at=MORNING + 20 * HOUR)
    assert items(desk.pack(), "NEXT_24_HOURS")[task.reference].why[0] == (
        f"To be looked at again by Tue 3 Nov 04:30 ({made.decision_ref}, allocated)"
    )
    desk.decide(task, T.ALLOCATE, text="The other team", supersedes=made.decision_ref)
    assert task.reference not in items(desk.pack(), "NEXT_24_HOURS")


def test_the_tactical_pack_says_how_often_risk_was_raised_lowered_or_kept_in_the_last_cycle(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    desk.reassessed(task, BY_BAND[PRIORITY])
    desk.reassessed(desk.banded(SCHEDULED, unit="PKS"), BY_BAND[PRIORITY])
    (section,) = (each for each in desk.pack("DIV_N_TACTICAL").sections if each.code == "RISK_GRADING")
    (table,) = section.counts
    assert table.headings == ("Raised", "Lowered", "Kept")
    assert table.rows == (
        ("Band, assessed again on new facts", (1, 0, 0)),
        ("Score, assessed again on new facts", (1, 0, 0)),
    )
    desk.clock.advance(29 * DAY)
    (later,) = (each for each in desk.pack("DIV_N_TACTICAL").sections if each.code == "RISK_GRADING")
    assert later.is_empty


def granted(desk: MeetingDesk, code: str, starts_at: datetime = MEETS_AT) -> tuple[PackDecision, ...]:
    """What a meeting's pack says was granted of people and equipment."""
    return section_of(desk.pack(code, starts_at), "RESOURCES").decisions


def test_what_was_granted_is_shown_until_it_is_over_and_is_no_longer_asked_for(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY)
    desk.decide(task, T.ESCALATE, **ASKS)
    asked = items(desk.pack("DIV_N_TACTICAL"), "RESOURCES")
    assert asked[task.reference].why[0] == "More people or equipment is asked of this level"
    made = desk.decide(task, T.ESCALATION_ACCEPT, hours=10)
    desk.clock.advance(MINUTE)
    section = section_of(desk.pack("DIV_N_TACTICAL"), "RESOURCES")
    assert task.reference not in {item.reference for item in section.items}
    (shown,) = section.decisions
    assert (shown.decision_ref, shown.reference) == (made.decision_ref, task.reference)
    assert shown.what.startswith("for Northfell. Granted in part: 2 in number, 10 hours")
    assert ASKS["resources"] not in shown.what
    desk.clock.at = ASKS["ends_at"] - MINUTE
    assert granted(desk, "DIV_N_TACTICAL") == (shown,)
    desk.clock.at = ASKS["ends_at"]
    assert granted(desk, "DIV_N_TACTICAL") == ()


def test_the_unit_that_gets_people_sees_in_its_own_pack_who_granted_them_until_it_is_over(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY)
    desk.decide(task, T.ESCALATE, **ASKS)
    first = desk.decide(task, T.ESCALATION_ACCEPT, hours=10)
    desk.clock.advance(MINUTE)
    (shown,) = granted(desk, "HP_LOCAL", TOMORROW)
    assert (shown.decision_ref, shown.reference) == (first.decision_ref, task.reference)
    assert shown.what.startswith("by North Division. Granted in part: 2 in number, 10 hours")
    last = desk.decide(task, T.ESCALATION_ACCEPT, hours=12, supersedes=first.decision_ref)
    desk.clock.advance(MINUTE)
    assert [each.decision_ref for each in granted(desk, "HP_LOCAL", TOMORROW)] == [last.decision_ref]
    desk.clock.at = ASKS["ends_at"]
    assert granted(desk, "HP_LOCAL", TOMORROW) == ()


def test_what_was_granted_for_a_restricted_task_is_in_no_pack_of_who_may_not_see_it(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY, classification=Classification.OFFICIAL_SENSITIVE)
    desk.decide(task, T.ESCALATE, **ASKS)
    desk.decide(task, T.ESCALATION_ACCEPT)
    desk.clock.advance(MINUTE)
    for code in ("DIV_N_TACTICAL", "HP_LOCAL"):
        meeting = desk.force.meeting(code)
        with desk.store.open() as connection:
            whole = build_pack(connection, desk.force, meeting, TOMORROW, desk.clock.now())
            open_part = build_pack(connection, desk.force, meeting, TOMORROW, desk.clock.now(), with_restricted=False)
            from_frozen = without_restricted_matter(connection, desk.force, whole)
        assert [each.reference for each in section_of(whole, "RESOURCES").decisions] == [task.reference]
        assert section_of(open_part, "RESOURCES").decisions == ()
        assert section_of(from_frozen, "RESOURCES").decisions == ()


def test_what_was_declined_is_no_longer_asked_for(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY, wanted="RESOURCES")
    assert task.reference in items(desk.pack("HP_LOCAL", TOMORROW), "RESOURCES")
    desk.decide(task, T.RESOURCE_DECLINE)
    assert task.reference not in items(desk.pack("HP_LOCAL", TOMORROW), "RESOURCES")


def test_a_granted_figure_is_read_back_with_the_decision(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS_AT + HOUR
    desk.decide(desk.banded(PRIORITY), T.RESOURCE, **BID)
    (told,) = section_of(desk.pack("HP_DAILY", TOMORROW), "DECISIONS").decisions
    assert told.what.startswith("resources. Granted: 2 in number, 20 hours")
