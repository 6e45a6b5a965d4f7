"""Cards that only tell: short, plain, the same limits as every other, and nothing that a person typed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from escalation.brief_cards import (
    CHASE_WORDS,
    SECTION_WORDS,
    Digest,
    Interim,
    PackFacts,
    chased_card,
    check_card,
    cycle_card,
    decided_card,
    digest_card,
    interim_card,
    pack_card,
    pack_counts,
)
from escalation.card_parts import CardLinks, Mark
from escalation.handing_over import names_of
from escalation.personal_data import gated
from tasking.cadence import KnownMeetings, keeping_of
from tasking.cycle_report import CycleCounts, CycleReport
from tasking.decision import Capacity, Decision, DecisionType, Snapshot
from tasking.escalation import TRIGGER_WORDS
from tasking.force import Force
from tasking.meetings import AgendaSection
from tasking.resources import Allocation, ResourceBid
from tasking.task import Classification
from tests.escalation.test_cards import FORCE, TASK, fact, longest_force, parts_of, words_of
from tests.peakshire import HOUR, MORNING

LINKS = CardLinks(
    "https://planner.example/t",
    "https://planner.example/b",
    "https://tasking.example/tasks/T-2418",
    None,
    "Open record",
)
MARK = Mark(Classification.OFFICIAL, MORNING)
SENSITIVE = replace(TASK, classification=Classification.OFFICIAL_SENSITIVE)
DECISION = Decision(
    decision_id="marker-id",
    decision_ref="DEC-2026-000012",
    task_id=TASK.task_id,
    task_reference=TASK.reference,
    escalation_id="marker-escalation",
    decision_type=DecisionType.ESCALATION_ACCEPT,
    unit="DIV_N",
    meeting_ref="DIV_N_DAILY 2026-11-02",
    classification=Classification.OFFICIAL,
    text="marker-text",
    rationale="marker-rationale",
    options=("marker-option",),
    information="marker-information",
    threat_assessment="marker-threat",
    powers_policy="marker-powers",
    dissent="marker-dissent",
    decided_by="marker-person",
    role="Duty Inspector",
    capacity=Capacity.CHAIR,
    decided_at=MORNING,
    recorded_by="marker-clerk",
    recorded_at=MORNING,
    policy_version="1",
    snapshot=Snapshot(47, "PRIORITY", {}, "ALLOCATED"),
    review_at=MORNING + timedelta(days=2),
    given={"receiver": "marker-receiver"},
)
KNOWN = KnownMeetings({}, frozenset(), None)
REPORT = CycleReport(
    "CYC-2026-11",
    date(2026, 10, 12),
    date(2026, 11, 8),
    MORNING,
    (CycleCounts("DIV_N", 1200, 1100, 130, 1400, 150, 160, 170),),
    (),
)
COUNTS = {"Undecided": 2, "Overdue": 3, "Nobody owns": 0, "Awaiting result": 1, "Re-assess risk": 0}
DIGEST = Digest("DIV_N", COUNTS, ("T-1", "T-2", "T-3", "T-4", "T-5"), MORNING - 16 * HOUR, 4, 2)


def cards_of(force: Force, mark: Mark) -> Iterator[dict[str, Any]]:
    meeting = force.meeting(next(each.code for each in force.meetings if each.unit == "DIV_N"))
    counts = {section.value: 12 for section in AgendaSection}
    for task in (TASK, SENSITIVE):
        for kind in DecisionType:
            yield decided_card(force, task, replace(DECISION, decision_type=kind), LINKS, mark)
        for trigger in TRIGGER_WORDS:
            yield chased_card(force, task, trigger, LINKS, mark)
    yield pack_card(force, PackFacts(meeting, f"{meeting.code} 2026-11-02", MORNING, counts), LINKS, mark)
    yield digest_card(force, DIGEST, "2026-11-02 07:30", LINKS, mark)
    yield cycle_card(force, REPORT, "DIV_N", REPORT.counts[0], LINKS, mark)
    yield interim_card(force, Interim(keeping_of(force, meeting, KNOWN, MORNING), COUNTS), LINKS, mark)
    yield check_card(meeting, mark)


def all_cards() -> Iterator[tuple[Force, dict[str, Any]]]:
    for force in (FORCE, longest_force()):
        for mark in (MARK, replace(MARK, sent_again=True)):
            yield from ((force, card) for card in cards_of(force, mark))


def test_every_card_keeps_the_limits_of_all_cards() -> None:
    for _, card in all_cards():
        assert len(json.dumps(card, ensure_ascii=False).encode()) < 8 * 1024
        assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
        assert {part["type"] for part in parts_of(card) if "type" in part} <= {
            "AdaptiveCard",
            "TextBlock",
            "FactSet",
            "Action.OpenUrl",
        }
        assert all(part["wrap"] is True for part in parts_of(card) if part.get("type") == "TextBlock")
        assert sum(len(part["facts"]) for part in parts_of(card) if part.get("type") == "FactSet") <= 6
        assert len(card["actions"]) <= 4
        assert all(words.strip() for words in words_of(card))


def test_nothing_that_a_person_typed_is_on_any_of_them_and_the_gate_lets_all_through() -> None:
    for force, card in all_cards():
        assert "marker" not in json.dumps(card)
        assert gated(card, names_of(force)).kinds == ()


def test_a_decision_is_told_by_what_which_role_where_and_review_and_its_rationale_is_a_link() -> None:
    card = decided_card(FORCE, TASK, DECISION, LINKS, MARK)
    assert card["body"][0]["text"] == "DECIDED: escalation accepted"
    assert {part["title"]: part["value"] for part in card["body"][2]["facts"]} == {
        "Decision": "DEC-2026-000012",
        "Decided by": "Duty Inspector, in the chair",
        "Where": "North Division daily tasking, 2026-11-02",
        "Decided at": "Mon 2 Nov 08:30",
        "Review": "Wed 4 Nov 08:30",
        "Owner": "Assigned",
    }
    assert card["body"][3]["text"] == "Rationale and details are on the record, not here."
    assert [each["title"] for each in card["actions"]] == ["Open task", "Open board", "Open record"]
    assert card["speak"] == "Decided for North Division: T-2418, escalation accepted. Decision DEC-2026-000012."


def test_a_decision_tells_what_was_granted_in_figures_and_of_a_restricted_task_nothing_of_it() -> None:
    asked = ResourceBid("marker-what", 2, 20.0, MORNING, MORNING + 2 * HOUR)
    granted = replace(DECISION, allocation=Allocation(replace(asked, hours=12.0), "DIV_N", "HP", asked, "T-2419"))
    card = decided_card(FORCE, TASK, granted, LINKS, MARK)
    assert card["body"][3]["text"] == (
        "Granted in part: 2 in number, 12 hours, from Mon 2 Nov 08:30, until Mon 2 Nov 10:30. "
        "Asked: 2 in number, 20 hours, from Mon 2 Nov 08:30, until Mon 2 Nov 10:30. Provided by task T-2419. "
        "Rationale and details are on the record, not here."
    )
    assert "marker" not in json.dumps(card)
    assert gated(card, names_of(FORCE)).kinds == ()
    hidden = decided_card(FORCE, SENSITIVE, granted, LINKS, MARK)
    assert "in number" not in json.dumps(hidden)


def test_a_decision_between_meetings_by_an_unknown_role_tells_the_capacity_alone() -> None:
    typed = replace(DECISION, role="typed by Ann", capacity=Capacity.FORM, meeting_ref="", review_at=None)
    card = decided_card(FORCE, TASK, replace(typed, supersedes="DEC-2026-000003"), LINKS, MARK)
    assert (fact(card, "Decided by"), fact(card, "Where")) == ("By form", "Between meetings")
    assert fact(card, "Review") == "No review set"
    assert card["body"][3]["text"].startswith("This corrects decision DEC-2026-000003. ")
    assert "Ann" not in json.dumps(card)


@pytest.mark.parametrize(
    ("trigger", "banner", "to_do"),
    [
        ("NOT_ACCEPTED", "NOT TAKEN UP in time", "Assign an owner on the board, and start it."),
        ("OVERDUE", "OVERDUE", "Finish it, or have a new due time decided."),
        ("STALLED", "NO PROGRESS", "Move it on, or mark it Blocked and say on the task what it waits for."),
        ("REPEAT", "LATE: Keeps coming back", "Open the task."),
    ],
)
def test_a_chaser_says_what_is_late_and_what_to_do(trigger: str, banner: str, to_do: str) -> None:
    card = chased_card(FORCE, replace(TASK, owner_ids=()), trigger, LINKS, MARK)
    assert (card["body"][0]["text"], card["body"][2]["text"]) == (banner, to_do)
    assert (fact(card, "Unit"), fact(card, "Owner")) == ("Northfell (Section)", "Nobody yet: assign an owner")
    assert set(CHASE_WORDS) <= set(TRIGGER_WORDS)


def test_a_chaser_is_for_the_action_manager_of_the_meeting_else_of_the_level_and_names_nobody_without_one() -> None:
    def addressed(force: Force) -> bool:
        return "Meeting Manager" in str(chased_card(force, TASK, "STALLED", LINKS, MARK))

    unit = TASK.unit
    level = replace(FORCE.level_of(unit), action_manager_role="Level Manager")
    levels = tuple(level if each.code == level.code else each for each in FORCE.levels)
    by_level = replace(FORCE, levels=levels)
    assert "Level Manager" in str(chased_card(by_level, TASK, "STALLED", LINKS, MARK))
    meetings = tuple(
        replace(each, action_manager_role="Meeting Manager") if each.unit == unit else each for each in FORCE.meetings
    )
    by_meeting = replace(by_level, meetings=meetings)
    assert addressed(by_meeting)
    assert "Level Manager" not in str(chased_card(by_meeting, TASK, "STALLED", LINKS, MARK))
    assert not addressed(by_level)


def test_a_chaser_about_a_sensitive_task_names_its_reference_alone() -> None:
    card = chased_card(FORCE, SENSITIVE, "OVERDUE", LINKS, MARK)
    assert card["body"][1]["text"] == "T-2418: OFFICIAL-SENSITIVE task, read it on the record"
    assert "PRIORITY" not in json.dumps(card)


def test_a_pack_that_is_ready_says_how_much_of_what_in_six_lines_at_most() -> None:
    facts = PackFacts(FORCE.meeting("DIV_N_DAILY"), "DIV_N_DAILY 2026-11-02", MORNING, {"ESCALATIONS": 3, "RESULTS": 0})
    card = pack_card(FORCE, facts, CardLinks(pack="https://tasking.example/packs/1"), MARK)
    assert card["body"][0]["text"] == "PACK READY: North Division daily tasking, 2026-11-02"
    assert [(part["title"], part["value"]) for part in card["body"][2]["facts"]] == [("Escalations", "3")]
    assert card["speak"] == "Pack ready for North Division daily tasking, 2026-11-02: escalations 3."
    assert [each["title"] for each in card["actions"]] == ["Open pack"]
    bare = pack_card(FORCE, replace(facts, counts={}), CardLinks(), MARK)
    assert not [part for part in parts_of(bare) if part.get("type") == "FactSet"]


def test_the_words_of_a_point_added_by_hand_and_why_one_was_left_out_go_to_no_card() -> None:
    by_hand = {"code": "POINT-1001", "title": "School crossing", "items": [1], "is_by_hand": True}
    left_out = {"code": "NEW_TASKS", "because": "The owner is away", "by": "olu@peakshire.example"}
    document = {"sections": [by_hand, {"code": "ESCALATIONS", "items": [1, 2]}], "left_out": [left_out]}
    facts = PackFacts(FORCE.meeting("DIV_N_DAILY"), "DIV_N_DAILY 2026-11-02", MORNING, pack_counts(document))
    told = json.dumps(pack_card(FORCE, facts, LINKS, MARK))
    assert "Escalations" in told
    assert not [words for words in ("School", "POINT-1001", "away", "olu") if words in told]


@pytest.mark.parametrize(
    ("document", "counts"),
    [
        ({"counts": {"ESCALATIONS": 3}}, {"ESCALATIONS": 3}),
        ({"sections": [{"code": "ESCALATIONS", "items": [1, 2]}, {"code": "DECISIONS", "decisions": [1]}]}, None),
        ({}, {}),
        ({"sections": "of another shape"}, {}),
        ({"sections": ["of", "another"]}, {}),
    ],
)
def test_counts_come_from_the_pack_whatever_its_shape(document: Any, counts: Any) -> None:
    assert pack_counts(document) == ({"ESCALATIONS": 2, "DECISIONS": 1} if counts is None else counts)


def test_every_section_of_an_agenda_has_words() -> None:
    assert set(SECTION_WORDS) == set(AgendaSection)


def test_a_digest_counts_what_waits_names_five_references_and_what_moved() -> None:
    card = digest_card(FORCE, DIGEST, "2026-11-02 07:30", LINKS, MARK)
    assert card["body"][0]["text"] == "DIGEST 07:30: North Division"
    assert [(part["title"], part["value"]) for part in card["body"][2]["facts"]] == [
        ("Undecided", "2"),
        ("Overdue", "3"),
        ("Awaiting result", "1"),
    ]
    assert card["body"][3]["text"] == "Look first at: T-1, T-2, T-3, T-4, T-5"
    assert card["body"][4]["text"] == "Since Sun 1 Nov 16:30: 4 came in, 2 completed."
    assert card["speak"] == "Digest 07:30 for North Division: undecided 2, overdue 3, awaiting result 1."


def test_a_digest_in_which_only_something_moved_says_that_nothing_waits() -> None:
    quiet = replace(DIGEST, counts={}, look_first=())
    assert not quiet.is_empty
    assert digest_card(FORCE, quiet, "2026-11-02 07:30", LINKS, MARK)["body"][1]["text"] == "Nothing waits"
    assert replace(quiet, came_in=0, completed=0).is_empty


def test_the_channel_check_says_that_there_is_nothing_to_do() -> None:
    card = check_card(FORCE.meeting("DIV_N_DAILY"), MARK)
    assert card["body"][0]["text"] == "CHANNEL CHECK: nothing to do"
    assert card["actions"] == []
