"""Packs: what the meeting has to see, in its agenda's order; frozen as it was; what changed since the last one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from reporting.meeting_pack import build_pack, partner_part, read_pack
from reporting.pack_parts import Pack, PackItem, from_document, to_document
from service.force_config import load_force
from store import packs
from store.tables import audit_log, outbox
from tasking.calendar import occurrences
from tasking.decision import DecisionType
from tasking.meetings import Attendance
from tasking.task import Classification
from tasking.thrive import Alignment
from tests.peakshire import DAY, HOUR, IMMEDIATE, MINUTE, MISSING, MORNING, PRIORITY, ROUTINE, SCHEDULED, a_proposal
from tests.reporting.meeting_desk import DAILY, MEETS_AT, MeetingDesk, meeting_force, texts
from tests.tasking.deciding_force import ASKS

T = DecisionType
FORTNIGHTLY_AT = MEETS_AT + DAY + 45 * MINUTE
TACTICAL_AT = MEETS_AT + 45 * MINUTE


def under(pack: Pack, code: str) -> list[str]:
    """References under one point of the agenda."""
    return [item.reference for section in pack.sections if section.code == code for item in section.items]


def item(pack: Pack, reference: str) -> PackItem:
    """The first row of a task."""
    return next(each for section in pack.sections for each in section.items if each.reference == reference)


def test_a_frozen_pack_equals_the_live_query_at_its_stamp_whatever_happens_after(desk: MeetingDesk) -> None:
    late = desk.on_board(desk.banded(PRIORITY), due_at=MORNING - HOUR)
    desk.escalated(desk.banded(SCHEDULED), a_proposal(decide_by=MORNING - HOUR))
    live = desk.pack()
    pack_id = desk.frozen(live)
    desk.clock.advance(HOUR)
    desk.taken_on(late)
    desk.banded(IMMEDIATE)
    assert desk.pack() != live
    with desk.store.open() as connection:
        assert read_pack(connection, pack_id) == live
        stored = packs.read(connection, pack_id)
    assert stored.is_whole
    assert stored.document == json.loads(json.dumps(to_document(live)))


def test_freezing_is_audited_and_says_that_the_pack_can_be_read(desk: MeetingDesk) -> None:
    pack_id = desk.frozen(desk.pack())
    (line,) = desk.rows(audit_log)
    assert (line["action"], line["object_ref"]) == ("pack frozen", "HP_DAILY 2026-11-02")
    assert [row["payload"] for row in desk.rows(outbox) if row["event"] == "PackFrozen"] == [{"pack_id": pack_id}]


def test_a_pack_is_plain_json_and_comes_back_the_same(desk: MeetingDesk) -> None:
    desk.frozen(desk.pack())
    desk.clock.advance(HOUR)
    desk.escalated(desk.banded(PRIORITY))
    pack = desk.pack_after_the_last()
    assert from_document(json.loads(json.dumps(to_document(pack)))) == pack


def test_the_number_of_queries_does_not_grow_with_the_tasks(desk: MeetingDesk) -> None:
    def queries() -> int:
        seen: list[str] = []
        with desk.store.open() as connection:
            event.listen(connection, "before_cursor_execute", lambda *told: seen.append(told[2]))
            meeting = desk.force.meeting("DIV_N_DAILY")
            build_pack(connection, desk.force, meeting, MEETS_AT, desk.clock.now())
        return len(seen)

    desk.decide(desk.escalated(desk.banded(PRIORITY)), T.ESCALATION_ACCEPT, review_at=MORNING + HOUR)
    few = queries()
    for _ in range(12):
        desk.decide(desk.escalated(desk.banded(PRIORITY)), T.ESCALATION_ACCEPT, review_at=MORNING + HOUR)
    assert queries() == few


def test_sections_come_in_the_order_of_the_kinds_agenda(desk: MeetingDesk) -> None:
    for code in ("HP_DAILY", "HP_LOCAL", "DIV_N_TACTICAL"):
        kind = desk.force.kind_of(desk.force.meeting(code))
        assert kind is not None
        pack = desk.pack(code, FORTNIGHTLY_AT)
        assert [section.code for section in pack.sections] == [section.value for section in kind.agenda]


@pytest.mark.parametrize("code", ["FORCE_DAILY", "FORCE_MISSING", "FORCE_TACTICAL", "DIV_N_TACTICAL", "HP_LOCAL"])
def test_each_kind_of_meeting_of_the_shipped_config_has_its_pack(desk: MeetingDesk, code: str) -> None:
    desk.force = load_force(Path(__file__).parents[2] / "config")[0]
    desk.escalated(desk.banded(PRIORITY, flags=MISSING), a_proposal("HP", "DIV_N"))
    meeting = desk.force.meeting(code)
    kind = desk.force.kind_of(meeting)
    assert kind is not None
    starts_at = next(iter(occurrences(meeting, MORNING, MORNING + 40 * DAY)))
    pack = desk.pack(code, starts_at)
    assert [section.code for section in pack.sections] == [section.value for section in kind.agenda]
    assert pack.items


def test_a_meeting_without_a_kind_goes_through_what_is_late_escalated_new_and_decided(desk: MeetingDesk) -> None:
    desk.force = meeting_force(meeting_kinds={})
    task = desk.on_board(desk.banded(PRIORITY), due_at=MORNING - HOUR)
    pack = desk.pack()
    assert [section.code for section in pack.sections] == ["DUE_AND_OVERDUE", "ESCALATIONS", "NEW_TASKS", "DECISIONS"]
    assert under(pack, "DUE_AND_OVERDUE") == [task.reference]


def test_a_daily_pack_shows_ten_at_most_and_counts_and_lists_the_rest(desk: MeetingDesk) -> None:
    for _ in range(14):
        desk.banded(ROUTINE)
    pack = desk.pack()
    assert (len(pack.items), pack.not_shown, len(pack.further)) == (10, 4, 4)
    assert len(pack.standing) == 14
    assert {each.reference for each in pack.further} | {each.reference for each in pack.items} == {
        each.reference for each in pack.standing
    }


def test_the_ten_of_a_daily_pack_are_the_most_pressing(desk: MeetingDesk) -> None:
    for _ in range(10):
        desk.banded(PRIORITY)
    overdue = desk.on_board(desk.taken_on(desk.banded(ROUTINE)), due_at=MORNING - MINUTE)
    immediate = desk.taken_on(desk.banded(IMMEDIATE))
    pack = desk.pack()
    assert [each.reference for each in pack.standing][:2] == [immediate.reference, overdue.reference]
    assert {immediate.reference, overdue.reference} <= {each.reference for each in pack.items}
    assert (len(pack.items), pack.not_shown) == (10, 2)


def test_the_order_of_pressure_is_immediate_undecided_overdue_unaccepted_old_score(desk: MeetingDesk) -> None:
    desk.clock.at = MORNING - 2 * DAY
    old_score = desk.taken_on(desk.on_board(desk.banded(PRIORITY), due_at=MORNING + 9 * DAY))
    unaccepted = desk.on_board(desk.banded(PRIORITY), due_at=MORNING + 9 * DAY)
    overdue = desk.on_board(desk.taken_on(desk.banded(ROUTINE)), due_at=MORNING - HOUR)
    undecided = desk.escalated(desk.taken_on(desk.banded(ROUTINE)), a_proposal(decide_by=MORNING - HOUR))
    desk.clock.at = MORNING - MINUTE
    immediate = desk.escalated(desk.taken_on(desk.banded(IMMEDIATE)), a_proposal(decide_by=MORNING + HOUR))
    for task in (old_score, unaccepted, overdue):
        desk.decide(desk.escalated(task, a_proposal()), T.ESCALATION_ACCEPT)
    desk.clock.at = MORNING
    pack = desk.pack("DIV_N_DAILY")
    expected = [immediate, undecided, overdue, unaccepted, old_score]
    assert [each.reference for each in pack.standing] == [task.reference for task in expected]


def test_a_daily_pack_has_each_task_once_and_says_all_its_reasons(desk: MeetingDesk) -> None:
    task = desk.on_board(desk.banded(PRIORITY), due_at=MORNING - HOUR)
    desk.clock.at = MORNING + 5 * HOUR
    pack = desk.pack(starts_at=MEETS_AT + DAY)
    places = [section.code for section in pack.sections if task.reference in under(pack, section.code)]
    assert places == ["DUE_AND_OVERDUE"]
    why = item(pack, task.reference).why
    assert why[0] == "OVERDUE by 6 hours, was due Mon 2 Nov 07:30"
    assert any(words.startswith("NOT ACCEPTED") for words in why)


def test_an_exception_without_a_point_on_the_agenda_is_counted_and_not_lost(desk: MeetingDesk) -> None:
    short = replace(DAILY, agenda=DAILY.agenda[-1:])
    desk.force = meeting_force(meeting_kinds={"DAILY": short})
    overdue = desk.on_board(desk.banded(PRIORITY), due_at=MORNING - HOUR)
    pack = desk.pack()
    assert (pack.items, pack.not_shown) == ((), 1)
    assert [each.reference for each in pack.further] == [overdue.reference]


def test_windows_roll_with_the_start_of_the_meeting_and_not_with_midnight(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS_AT - DAY - MINUTE
    too_early = desk.taken_on(desk.banded(ROUTINE))
    desk.clock.at = MEETS_AT - DAY
    within = desk.taken_on(desk.banded(ROUTINE))
    desk.on_board(too_early, due_at=MEETS_AT + DAY)
    desk.on_board(within, due_at=MEETS_AT + DAY + MINUTE)
    desk.clock.at = MORNING
    pack = desk.pack()
    last = next(section for section in pack.sections if section.code == "LAST_24_HOURS")
    assert last.counts[0].rows == (("Roads policing", (1, 0, 2)),)
    assert under(pack, "NEXT_24_HOURS") == [too_early.reference]


def test_what_stands_with_a_unit_is_its_own_and_what_has_climbed_to_it(desk: MeetingDesk) -> None:
    desk.on_board(desk.banded(ROUTINE), due_at=MORNING - HOUR)
    climbed = desk.escalated(desk.on_board(desk.banded(ROUTINE), due_at=MORNING - HOUR))
    assert [each.reference for each in desk.pack("DIV_N_DAILY").items] == [climbed.reference]
    assert desk.pack("DD_DAILY").items == ()


@pytest.mark.parametrize(("band", "is_shown"), [(IMMEDIATE, True), (PRIORITY, True), (SCHEDULED, False)])
def test_a_division_sees_what_is_late_below_it_only_where_it_matters(
    desk: MeetingDesk, band: Any, is_shown: bool
) -> None:
    below = desk.on_board(desk.taken_on(desk.banded(band)), due_at=MORNING - HOUR)
    shown = [each.reference for each in desk.pack("DIV_N_DAILY").items]
    assert shown == ([below.reference] if is_shown else [])


def test_the_force_sees_what_a_division_leaves_undecided(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(SCHEDULED)), a_proposal(decide_by=MORNING - HOUR))
    shown = item(desk.pack("PKS_DAILY"), task.reference)
    assert shown.why[0] == (
        "Escalated by Northfell to North Division: Past its due time. UNDECIDED past its limit, "
        "was to be decided by Mon 2 Nov 07:30"
    )
    assert (shown.needed, shown.is_for_decision) == ("See that the level it is before decides", False)


def test_an_item_says_what_is_asked_what_is_needed_and_until_when(desk: MeetingDesk) -> None:
    task = desk.banded(PRIORITY, title="Disrupt weekend disorder", text=texts("Patrols"))
    desk.decide(task, T.ESCALATE, **{**ASKS, "resources": "20 hours of overtime"})
    shown = item(desk.pack("DIV_N_DAILY"), task.reference)
    figures = "2 in number, 20 hours, from Tue 3 Nov 08:30, until Thu 5 Nov 08:30"
    assert (shown.title, shown.asked) == ("Disrupt weekend disorder", f"20 hours of overtime ({figures})")
    assert shown.tried == "Our own patrols, for a week."
    assert shown.needed == "Accept, decline, return for more, or leave to a meeting"
    assert (shown.is_for_decision, shown.decide_by) == (True, MORNING + 4 * HOUR)
    assert shown.why[0] == "Escalated by Northfell: More people or hours than the unit has"
    assert (shown.band_words, shown.is_owned, shown.actions_done, shown.actions_all) == (
        "Priority, score 47 of 100",
        False,
        0,
        2,
    )


@pytest.mark.parametrize("how", ["mark", "pillar", "label"])
def test_a_restricted_task_shows_its_reference_and_nothing_that_people_wrote(desk: MeetingDesk, how: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        "mark": {"classification": Classification.OFFICIAL_SENSITIVE},
        "pillar": {"pillar": "MISSING_EXPLOITATION"},
        "label": {},
    }
    task = desk.banded(
        IMMEDIATE, title="Secret title", text=texts("Secret ask"), flags=frozenset({"DA_HIGH"}), **changes[how]
    )
    if how == "label":
        desk.on_board(task, labels=frozenset({"RESTRICTED"}))
    desk.decide(task, T.ALLOCATE, text="Secret text", rationale="Secret rationale")
    desk.escalated(task, a_proposal(trigger="RISK_RISEN", reason="Secret reason", resources_requested="Secret people"))
    pack = desk.pack()
    shown = item(pack, task.reference)
    assert (shown.is_restricted, shown.title, shown.asked, shown.pillar_name) == (True, "", "", "")
    told = json.dumps(to_document(pack))
    assert not {word for word in ("Secret", "High-risk domestic", "Risk has risen") if word in told}
    assert pack.classification is task.classification


def test_a_pack_is_marked_by_the_highest_of_what_it_holds(desk: MeetingDesk) -> None:
    desk.banded(PRIORITY)
    assert desk.pack().classification is Classification.OFFICIAL
    desk.banded(PRIORITY, classification=Classification.OFFICIAL_SENSITIVE)
    assert desk.pack().classification is Classification.OFFICIAL_SENSITIVE


def test_a_task_that_is_no_smart_action_gets_a_warning_for_each_thing_it_lacks(desk: MeetingDesk) -> None:
    bare = desk.on_board(desk.banded(PRIORITY, text=texts(good=" ")), due_at=None)
    whole = desk.taken_on(desk.banded(PRIORITY, text=texts(good="No reports for a week")))
    pack = desk.pack()
    assert item(pack, bare.reference).smart_gaps == ("No owner", "No due date", "No measure of success")
    assert item(pack, whole.reference).smart_gaps == ()


def test_local_priorities_come_first_within_a_band_whatever_their_score(desk: MeetingDesk) -> None:
    scheduled = desk.banded(SCHEDULED, Alignment.CONTROL_STRATEGY)
    local_low = desk.banded(SCHEDULED, pillar="ASB_NEIGHBOURHOOD")
    local_by_assessment = desk.banded(SCHEDULED, Alignment.LOCAL_PRIORITY, pillar="RURAL")
    priority = desk.banded(PRIORITY)
    pack = desk.pack("HP_LOCAL", FORTNIGHTLY_AT)
    expected = [priority, local_by_assessment, local_low, scheduled]
    assert under(pack, "DUE_AND_OVERDUE") == [task.reference for task in expected]
    assert local_low.score is not None
    assert scheduled.score is not None
    assert local_low.score < scheduled.score
    assert under(pack, "LOCAL_PRIORITIES") == [local_by_assessment.reference, local_low.reference]
    section = next(section for section in pack.sections if section.code == "LOCAL_PRIORITIES")
    assert section.note == "Rule of this meeting: within a band, local priorities come first, whatever their score."


def test_partners_get_their_part_only_without_scores_and_without_police_reasons(desk: MeetingDesk) -> None:
    shared = desk.on_board(desk.banded(PRIORITY, pillar="ASB_NEIGHBOURHOOD"), due_at=MORNING - HOUR)
    desk.banded(PRIORITY, classification=Classification.OFFICIAL_SENSITIVE)
    desk.frozen(desk.pack("HP_LOCAL", FORTNIGHTLY_AT))
    desk.clock.advance(MINUTE)
    whole = desk.pack_after_the_last("HP_LOCAL", FORTNIGHTLY_AT)
    part = partner_part(whole)
    assert [section.code for section in part.sections] == ["ATTENDANCE", "LOCAL_PRIORITIES", "PARTNER_TASKS"]
    shown = item(part, shared.reference)
    assert (shown.band_words, shown.why) == ("Priority", ("Local priority",))
    assert (part.changed_since, part.standing, part.further) == (None, (), ())
    assert whole.classification is Classification.OFFICIAL_SENSITIVE
    assert part.classification is Classification.OFFICIAL


def test_the_attendance_list_has_the_chair_deputies_and_who_was_there_last(desk: MeetingDesk) -> None:
    desk.clock.at = MEETS_AT - DAY
    council = Attendance("kim@council.example", "Housing Officer", "Peakshire Council", True, False)
    desk.held("HP_DAILY", MEETS_AT - DAY, Attendance("sam@peakshire.example", "Response Sergeant"), council)
    desk.clock.at = MORNING
    (attendance,) = (section for section in desk.pack().sections if section.code == "ATTENDANCE")
    assert attendance.lines == (
        "Duty Inspector (chair)",
        "Local Policing Inspector (deputy)",
        "Response Sergeant",
        "Housing Officer, Peakshire Council, partner part only",
    )


def test_decisions_since_the_last_meeting_are_read_back_but_not_those_put_right(desk: MeetingDesk) -> None:
    task = desk.banded(SCHEDULED)
    desk.clock.at = MEETS_AT - DAY - HOUR
    desk.decide(task, T.ALLOCATE, text="Too long ago")
    desk.clock.at = MORNING - HOUR
    wrong = desk.decide(task, T.ALLOCATE, text="To the wrong team")
    right = desk.decide(task, T.ALLOCATE, text="To the right team", supersedes=wrong.decision_ref)
    desk.clock.at = MORNING
    (section,) = (section for section in desk.pack().sections if section.code == "DECISIONS")
    (shown,) = section.decisions
    assert (shown.decision_ref, shown.text, shown.role) == (right.decision_ref, "To the right team", "Duty Inspector")


def test_what_changed_since_the_last_pack_is_new_gone_or_moved(desk: MeetingDesk) -> None:
    done, moved, same = (desk.banded(PRIORITY) for _ in range(3))
    assert desk.pack_after_the_last().changed_since is None
    desk.frozen(desk.pack())
    desk.clock.advance(30 * MINUTE)
    new = desk.banded(PRIORITY)
    desk.on_board(done, progress=100)
    desk.on_board(moved, owner_ids=("owner-1",), priority=1, due_at=MORNING + 5 * DAY)
    changes = desk.pack_after_the_last().changed_since
    assert changes is not None
    assert (changes.as_at, changes.meeting_ref) == (MORNING, "HP_DAILY 2026-11-02")
    assert [change.reference for change in changes.new] == [new.reference]
    assert [(change.reference, change.words) for change in changes.gone] == [(done.reference, "Done, result to come")]
    ((reference, words),) = ((change.reference, change.words) for change in changes.moved)
    assert reference == moved.reference
    assert words == (
        "band Priority to Immediate; owner nobody yet to assigned; due Thu 5 Nov 08:30 to Sat 7 Nov 08:30; "
        "status not yet allocated to allocated"
    )
    assert same.reference not in str(changes)


def test_a_task_that_dropped_below_the_ten_is_not_said_to_be_gone(desk: MeetingDesk) -> None:
    below_ten = desk.banded(ROUTINE)
    desk.frozen(desk.pack())
    desk.clock.advance(MINUTE)
    for _ in range(10):
        desk.banded(PRIORITY)
    pack = desk.pack_after_the_last()
    assert [each.reference for each in pack.further] == [below_ten.reference]
    assert pack.changed_since is not None
    assert (pack.changed_since.gone, len(pack.changed_since.new)) == ((), 10)


def test_a_task_given_back_says_with_whom_it_is_now(desk: MeetingDesk) -> None:
    task = desk.escalated(desk.taken_on(desk.banded(PRIORITY)))
    desk.frozen(desk.pack("DIV_N_DAILY"))
    desk.clock.advance(MINUTE)
    desk.returned(task)
    desk.decide(task, T.RECEIVE)
    changes = desk.pack_after_the_last("DIV_N_DAILY").changed_since
    assert changes is not None
    assert [change.words for change in changes.gone] == ["Now with Northfell"]


def test_a_missing_person_stands_first_overnight_at_the_level_it_climbed_to(desk: MeetingDesk) -> None:
    task = desk.banded(IMMEDIATE, flags=MISSING, pillar="RURAL")
    pack = desk.pack()
    assert under(pack, "OVERNIGHT") == [task.reference]
    assert item(pack, task.reference).why[:2] == ("Immediate band", "Missing person, high risk")
