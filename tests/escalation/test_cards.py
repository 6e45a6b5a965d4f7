"""Every card fits Teams and the reader: small, plain, wrapped, only links, and nothing in it that a person wrote."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from escalation.card_parts import CardLinks
from escalation.cards import (
    WAYS_BACK,
    CardFacts,
    escalated_card,
    overrun_card,
    passed_on_card,
    proposed_card,
    returned_card,
)
from tasking import escalation_policy
from tasking.clocks import clock_text
from tasking.escalation import TRIGGER_WORDS, Escalation, EscalationStatus, Hop
from tasking.force import Force, Pillar, TaskingLevel, TaskingMeeting, Unit
from tasking.resources import ResourceBid
from tasking.task import ChecklistLine, Classification, EvidenceLink, Status, Task, TaskText
from tasking.thrive import PriorityBand
from tests.peakshire import HOUR, IMMEDIATE, MORNING, PRIORITY, SCHEDULED, small_force

FORCE = small_force()
LINKS = CardLinks("https://planner.example/task/1", "https://planner.example/plan/1")
FIRST, SECOND = Hop("Duty Superintendent", MORNING, MORNING + HOUR), Hop("Chief", MORNING + HOUR, MORNING + 2 * HOUR)
TYPED = "marker-reason that somebody typed"


def asks_the_next(force: Force, facts: CardFacts) -> dict[str, Any]:
    """The card for the second role that is asked."""
    return passed_on_card(force, replace(facts, escalation=replace(facts.escalation, hops=(FIRST, SECOND))), 1)


BUILDERS = [proposed_card, escalated_card, asks_the_next, overrun_card, returned_card]
EACH = pytest.mark.parametrize("build", BUILDERS)

TASK = Task(
    task_id="t" * 32,
    reference="T-2418",
    title="marker-title",
    unit="HP",
    pillar="ROADS",
    status=Status.ALLOCATED,
    classification=Classification.OFFICIAL,
    text=TaskText("marker-ask", "marker-why", "marker-place", "marker-good", "marker-constraints"),
    wanted="marker-wanted",
    stands_on=("HP", "DIV_N"),
    faults=("marker-fault",),
    band=PRIORITY,
    score=47,
    band_override=None,
    flags=frozenset({"marker-flag"}),
    labels=frozenset({"marker-label"}),
    owner_ids=("marker-owner",),
    progress=0,
    checklist=(ChecklistLine("marker-line-id", "marker-line", True), ChecklistLine("2", "marker-line")),
    links=(EvidenceLink("https://marker.example", "marker-link"),),
    form="marker-form",
    response_id="marker-response",
    submitted_by="marker-person",
    submitted_at=MORNING,
    raised_at=MORNING,
    due_at=MORNING + HOUR,
)
STEP = Escalation(
    escalation_id="marker-escalation",
    task_id="t" * 32,
    trigger="RISK_RISEN",
    fact="marker-fact",
    from_unit="HP",
    to_unit="DIV_N",
    status=EscalationStatus.DE_ESCALATED,
    reason="Risk has risen: score 24 to 47, SCHEDULED to PRIORITY.",
    requested_by="rule:RISK_RISEN",
    requested_at=MORNING,
    decide_by=MORNING + HOUR,
    policy_version="test-1",
    score_then=47,
    score_before=24,
    band_then=PRIORITY,
    returned_at=MORNING,
    returned_by="marker-chair",
    return_reason="marker-return-reason",
    conditions="marker-conditions",
)


def facts_of(
    task: Task = TASK, step: Escalation = STEP, *, sent_again: bool = False, links: CardLinks = LINKS
) -> CardFacts:
    return CardFacts(task, step, links, MORNING, sent_again)


def parts_of(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a card, the card itself first."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from parts_of(each)
    if isinstance(value, list):
        for each in value:
            yield from parts_of(each)


def words_of(card: dict[str, Any]) -> list[str]:
    """Every text that a reader sees or hears."""
    shown = [part[key] for part in parts_of(card) for key in ("text", "title", "value") if key in part]
    return [*shown, card["fallbackText"], card["speak"]]


def fact(card: dict[str, Any], title: str) -> str:
    return next(str(part["value"]) for part in parts_of(card) if part.get("title") == title)


def longest_force() -> Force:
    """A force whose every name is as long as config lets it be, in letters that take three bytes."""
    name, label = "水" * 100, "水" * 40
    return replace(
        FORCE,
        levels=tuple(TaskingLevel(level.code, name, level.rank, (name,) * 3, name) for level in FORCE.levels),
        units={code: Unit(code, name, unit.level, unit.parent) for code, unit in FORCE.units.items()},
        pillars={code: Pillar(code, label) for code in FORCE.pillars},
        meetings=tuple(TaskingMeeting(code, name, code, name, "Tasking") for code in FORCE.units),
    )


def all_cards() -> Iterator[dict[str, Any]]:
    """Every card about an escalation for each trigger, force, band and state that makes a difference."""
    busy = replace(TASK, accepted_at=MORNING, classification=Classification.OFFICIAL_SENSITIVE)
    bare = replace(TASK, band=None, score=None, owner_ids=(), checklist=(), due_at=None)
    long_links = CardLinks("https://planner.example/" + "x" * 500, "https://planner.example/" + "y" * 500)
    for force in (FORCE, longest_force()):
        for trigger in TRIGGER_WORDS:
            for task in (TASK, busy, bare):
                for decide_by in (None, MORNING + HOUR):
                    step = replace(STEP, trigger=trigger, decide_by=decide_by)
                    yield from (build(force, facts_of(task, step)) for build in BUILDERS)
                    again = facts_of(task, step, sent_again=True, links=long_links)
                    yield from (build(force, again) for build in BUILDERS)


def test_every_trigger_of_the_policy_has_words_for_the_card() -> None:
    assert set(escalation_policy.CONDITIONS) | set(escalation_policy.MANUAL) <= set(TRIGGER_WORDS)


def test_every_card_is_under_8_kilobytes_even_with_the_longest_names() -> None:
    sizes = [len(json.dumps(card, ensure_ascii=False, separators=(",", ":")).encode()) for card in all_cards()]
    assert len(sizes) == 2 * len(TRIGGER_WORDS) * 3 * 2 * 2 * len(BUILDERS)
    assert 4000 < max(sizes) < 8 * 1024


def test_every_card_is_version_1_4_and_built_of_text_and_facts_only() -> None:
    for card in all_cards():
        assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
        assert card["$schema"] == "http://adaptivecards.io/schemas/adaptive-card.json"
        kinds = {part["type"] for part in parts_of(card) if "type" in part}
        assert kinds <= {"AdaptiveCard", "TextBlock", "FactSet", "Action.OpenUrl"}


def test_every_text_wraps_and_none_is_empty() -> None:
    for card in all_cards():
        assert all(part["wrap"] is True for part in parts_of(card) if part.get("type") == "TextBlock")
        assert all(words.strip() for words in words_of(card))


def test_no_card_shows_more_than_six_facts_or_four_buttons() -> None:
    for card in all_cards():
        sets = [part["facts"] for part in parts_of(card) if part.get("type") == "FactSet"]
        assert 1 <= sum(len(facts) for facts in sets) <= 6
        assert len(card["actions"]) <= 4
        assert {action["type"] for action in card["actions"]} == {"Action.OpenUrl"}


def test_words_are_plain_text_without_markup_or_line_breaks() -> None:
    markup = re.compile(r"[*_`<>\[\]\n]|&\w+;|\{\{|\$\{|None|nan")
    for card in all_cards():
        assert [words for words in words_of(card) if markup.search(words)] == []


def test_nothing_that_a_person_wrote_and_no_id_of_a_person_is_in_any_card() -> None:
    for card in all_cards():
        assert "marker" not in json.dumps(card)


def test_a_card_has_words_for_those_who_do_not_see_it() -> None:
    plain = escalated_card(FORCE, facts_of())["fallbackText"]
    assert plain == "Escalated to North Division: T-2418. Risk has risen - decision needed by Mon 2 Nov 09:30."
    assert escalated_card(FORCE, facts_of())["speak"] == plain
    assert returned_card(FORCE, facts_of())["speak"] == "Returned to Northfell: T-2418. Conditions are on the task."


def test_the_escalation_says_first_to_whom_and_by_when_and_ends_with_mark_and_moment() -> None:
    card = escalated_card(FORCE, facts_of())
    assert card["body"][0]["text"] == "ESCALATED to North Division - decision needed by Mon 2 Nov 09:30"
    assert card["body"][1]["text"] == "T-2418 · Roads policing"
    assert card["body"][2]["text"] == f"Why now: {STEP.reason}"
    assert card["body"][-3]["text"] == "So far: Nobody has started on it. Actions done: 1 of 2."
    assert card["body"][-1]["text"] == "OFFICIAL · as at Mon 2 Nov 08:30 · sent by the tasking service"
    without = escalated_card(FORCE, facts_of(step=replace(STEP, decide_by=None)))
    assert without["body"][0]["text"] == "ESCALATED to North Division - for decision"


def test_the_escalation_shows_risk_reason_sender_place_owner_and_meeting() -> None:
    card = escalated_card(FORCE, facts_of())
    assert {part["title"]: part["value"] for part in card["body"][3]["facts"]} == {
        "Risk": "PRIORITY (score 47 of 100, was 24)",
        "Reason": "Risk has risen",
        "From": "Northfell (Section)",
        "Owner": "Assigned, still accountable",
        "Who decides": "North Division daily tasking",
    }
    from_division = escalated_card(FORCE, facts_of(step=replace(STEP, from_unit="DIV_N", to_unit="PKS")))
    assert fact(from_division, "Place") == "Northfell", "where it is, when the sender does not say so"
    nobody = escalated_card(FORCE, facts_of(replace(TASK, owner_ids=())))
    assert fact(nobody, "Owner") == "Nobody yet"


def test_the_escalation_says_who_is_asked_now_or_which_meeting_decides() -> None:
    asked = escalated_card(FORCE, facts_of(step=replace(STEP, hops=(FIRST, SECOND))))
    assert fact(asked, "Who decides") == "Chief, by Mon 2 Nov 10:30", "the newest that was asked"
    left = escalated_card(FORCE, facts_of(step=replace(STEP, forum="DIV_N_DAILY 2026-11-03")))
    assert fact(left, "Who decides") == "North Division daily tasking, 2026-11-03"


def test_a_reason_that_somebody_typed_is_left_on_the_task_and_its_code_told_in_words() -> None:
    asked = replace(STEP, trigger="BEYOND_RESOURCES", requested_by="ann@peakshire.example", reason=TYPED)
    card = escalated_card(FORCE, facts_of(step=asked))
    assert fact(card, "Reason") == "More people or hours than the unit has"
    assert "typed" not in json.dumps(card)
    assert "ann@" not in json.dumps(card)
    assert "What is asked for is on the task." in json.dumps(card)


def test_the_escalation_says_that_what_was_tried_is_on_the_task_and_not_what_it_was() -> None:
    asked = replace(STEP, trigger="BEYOND_CAPABILITY", asked=TYPED, action_so_far=TYPED)
    told = json.dumps(escalated_card(FORCE, facts_of(step=asked)))
    assert "What is asked for and what was tried so far are on the task." in told
    assert TYPED not in told


def test_the_escalation_says_how_many_people_for_how_long_are_asked_for_and_of_a_restricted_task_nothing() -> None:
    step = replace(STEP, bid=ResourceBid(TYPED, 2, 20.0, MORNING, MORNING + 2 * HOUR), action_so_far=TYPED)
    told = json.dumps(escalated_card(FORCE, facts_of(step=step)))
    assert "People or equipment: 2 in number, 20 hours, from Mon 2 Nov 08:30, until Mon 2 Nov 10:30. What" in told
    assert TYPED not in told
    assert "in number" not in json.dumps(escalated_card(FORCE, facts_of(replace(TASK, is_held=True), step)))


def test_the_card_that_passes_it_on_says_who_is_asked_now_and_who_was_before() -> None:
    card = asks_the_next(FORCE, facts_of())
    assert card["body"][0]["text"] == "STILL UNDECIDED: now asking Chief - decide by Mon 2 Nov 10:30"
    assert (fact(card, "Asked before"), fact(card, "Who decides")) == (
        "Duty Superintendent",
        "Chief, by Mon 2 Nov 10:30",
    )
    assert fact(card, "Waiting since") == "Mon 2 Nov 08:30"
    endorsed = asks_the_next(FORCE, facts_of(step=replace(STEP, endorsed_at=MORNING + HOUR)))
    assert fact(endorsed, "Waiting since") == "Mon 2 Nov 09:30", "from when the unit itself agreed"


def test_what_stays_undecided_for_too_long_is_told_red_to_chair_and_action_manager() -> None:
    levels = tuple(replace(level, action_manager_role="Tasking Officer") for level in FORCE.levels)
    step = replace(STEP, hops=(FIRST, SECOND))
    card = overrun_card(replace(FORCE, levels=levels), facts_of(step=step))
    assert card["body"][0]["text"] == "RED - UNDECIDED TOO LONG: Duty Inspector and Tasking Officer to decide today"
    assert (card["body"][0]["color"], card["speak"][:4]) == ("Attention", "Red.")
    assert fact(card, "Asked so far") == "Duty Superintendent, Chief"


@pytest.mark.parametrize(
    ("status", "banner", "now"),
    [
        (EscalationStatus.DECLINED, "DECLINED by North Division - stays with Northfell", "ask again when"),
        (
            EscalationStatus.RETURNED,
            "MORE INFORMATION WANTED by North Division - back with Northfell",
            "What is missing is on the task.",
        ),
        (EscalationStatus.DE_ESCALATED, "RETURNED to Northfell with conditions", "Conditions, remaining risk"),
        (EscalationStatus.WITHDRAWN, "WITHDRAWN by Northfell - nothing to decide at North Division", "taken its"),
    ],
)
def test_each_way_back_says_in_its_first_words_what_became_of_it(
    status: EscalationStatus, banner: str, now: str
) -> None:
    step = replace(STEP, status=status, decision_ref="DEC-2026-000007", review_at=MORNING + HOUR)
    card = returned_card(FORCE, facts_of(step=step))
    assert card["body"][0]["text"] == banner
    assert now in card["body"][2]["text"]
    assert card["body"][2]["text"].endswith("Decision DEC-2026-000007.")
    assert fact(card, "Review") == "Mon 2 Nov 09:30"
    assert set(WAYS_BACK) == {
        EscalationStatus.DECLINED,
        EscalationStatus.RETURNED,
        EscalationStatus.DE_ESCALATED,
        EscalationStatus.WITHDRAWN,
    }


@EACH
@pytest.mark.parametrize(
    ("changes", "then", "before", "risk"),
    [
        ({}, 47, None, "PRIORITY (score 47 of 100)"),
        ({}, 47, 47, "PRIORITY (score 47 of 100)"),
        ({}, 24, 0, "PRIORITY (score 24 of 100, was 0)"),
        ({"band_override": IMMEDIATE}, 47, None, "IMMEDIATE (score 47 of 100)"),
        ({"band": None}, None, None, "Not yet assessed"),
        ({"band": None, "band_override": SCHEDULED}, None, None, "SCHEDULED (set by a person; not yet assessed)"),
    ],
)
def test_the_risk_is_the_band_that_people_work_by_with_the_score_only_where_there_is_one(
    build: Any, changes: dict[str, PriorityBand | None], then: int | None, before: int | None, risk: str
) -> None:
    step = replace(STEP, score_then=then, score_before=before)
    assert fact(build(FORCE, facts_of(replace(TASK, **changes), step)), "Risk") == risk


def test_the_return_says_who_holds_it_now_and_that_it_has_to_have_an_owner() -> None:
    card = returned_card(FORCE, facts_of(replace(TASK, owner_ids=(), due_at=None)))
    assert card["body"][0]["text"] == "RETURNED to Northfell with conditions"
    assert (fact(card, "Returned by"), fact(card, "Held by")) == ("North Division", "Northfell")
    assert (fact(card, "Owner"), fact(card, "Due")) == ("Nobody yet: assign an owner", "No due time")
    assert fact(returned_card(FORCE, facts_of()), "Due") == "Mon 2 Nov 09:30"


@EACH
def test_a_sensitive_task_is_named_by_its_reference_and_mark_alone(build: Any) -> None:
    card = build(FORCE, facts_of(replace(TASK, classification=Classification.OFFICIAL_SENSITIVE)))
    assert card["body"][1]["text"] == "T-2418: OFFICIAL-SENSITIVE task, read it on the record"
    assert card["body"][-1]["text"].startswith("OFFICIAL-SENSITIVE · ")
    for hidden in ("Roads", "Risk", "risk has", "PRIORITY", "score", "So far", "Place"):
        assert hidden not in json.dumps(card).replace("remaining risk", "")


@EACH
def test_buttons_open_only_what_is_there(build: Any) -> None:
    assert [(each["title"], each["url"]) for each in build(FORCE, facts_of())["actions"]] == [
        ("Open task", LINKS.task),
        ("Open board", LINKS.board),
    ]
    assert build(FORCE, facts_of(links=CardLinks(None, None)))["actions"] == []
    record = build(FORCE, facts_of(links=CardLinks(None, None, "https://tasking.example/tasks/T-2418")))["actions"]
    assert [each["title"] for each in record] == ["Record decision"]


@EACH
def test_a_card_sent_again_says_so_before_anything_else_to_eye_and_ear(build: Any) -> None:
    card = build(FORCE, facts_of(sent_again=True))
    assert card["body"][0]["text"].startswith("SENT AGAIN: an earlier copy of this card may be above.")
    assert card["fallbackText"].startswith("Sent again: ")
    assert card["speak"].startswith("Sent again: ")
    assert "sent again" not in json.dumps(build(FORCE, facts_of())).casefold()


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2027, 3, 28, 0, 59, tzinfo=UTC), "Sun 28 Mar 00:59"),
        (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), "Sun 28 Mar 02:00"),
        (datetime(2027, 7, 1, 23, 30, tzinfo=UTC), "Fri 2 Jul 00:30"),
        (datetime(2027, 10, 30, 23, 59, tzinfo=UTC), "Sun 31 Oct 00:59"),
        (datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "Sun 31 Oct 01:30 BST"),
        (datetime(2027, 10, 31, 1, 30, tzinfo=UTC), "Sun 31 Oct 01:30 GMT"),
        (datetime(2027, 10, 31, 2, 0, tzinfo=UTC), "Sun 31 Oct 02:00"),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), "Thu 31 Dec 23:59"),
    ],
)
def test_times_are_londons_across_both_changes_of_the_clocks(at: datetime, words: str) -> None:
    assert clock_text(at) == words


def test_no_two_minutes_of_the_night_that_clocks_go_back_read_the_same() -> None:
    start = datetime(2027, 10, 30, 22, 0, tzinfo=UTC)
    read = [clock_text(start + timedelta(minutes=each)) for each in range(360)]
    assert len(set(read)) == 360
