"""The fourteen triggers of the policy that ships, and the label: each fires at its very border, and not before it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from service.force_config import load_force
from service.policy_config import load_policy
from store.cases import read_case
from tasking.actions import reassess
from tasking.board_actions import withdraw
from tasking.decision import DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation_policy import Chase, EscalationPolicy, Proposal, asked_for, due_chases, propose
from tasking.linking import link_tasks
from tasking.requests import ReassessRequest
from tasking.task import Task, TaskText
from tasking.thrive import PriorityBand, RiskContext, ThriveAssessment
from tasking.triggers import CHASES, CONDITIONS, MANUAL, TRIGGERS, Case, problem_key
from tests.peakshire import ASK, BY_BAND, DAY, HOUR, IMMEDIATE, MORNING, PRIORITY, ROUTINE, SCHEDULED, Desk, open_desk

CONFIG = Path(__file__).parents[2] / "config"
FORCE = load_force(CONFIG)[0]
POLICY = load_policy(CONFIG, FORCE)
INSTANT = timedelta(microseconds=1)
LOW = ThriveAssessment(1, 2, 2, 0, 1, 0)  # 20 points
Given = Callable[[Desk], Task]


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Peakshire's own record, empty."""
    with open_desk(FORCE) as opened:
        yield opened


def case_of(desk: Desk, task: Task) -> Case:
    with desk.store.open() as connection:
        return read_case(connection, task.task_id, desk.clock.now(), timedelta(days=28))


def only(trigger: str) -> EscalationPolicy:
    rule = POLICY.rule(trigger)
    assert rule is not None
    return EscalationPolicy(POLICY.version, (rule,))


def proposed(desk: Desk, task: Task, trigger: str) -> Proposal | None:
    return propose(only(trigger), desk.force, case_of(desk, task), desk.clock.now())


def chased(desk: Desk, task: Task, trigger: str) -> tuple[Chase, ...]:
    return due_chases(only(trigger), case_of(desk, task), desk.clock.now())


def of_band(band: PriorityBand, **changes: Any) -> Given:
    return lambda desk: desk.raised(assessment=BY_BAND[band], **changes)


def with_context(**context: Any) -> Given:
    return lambda desk: desk.raised(context=RiskContext(**context))


def flagged(flag: str) -> Given:
    return with_context(flags=frozenset({flag}))


def test_every_code_is_fired_by_a_condition_a_chase_or_a_person_and_ships_with_a_rule() -> None:
    assert set(TRIGGERS) == set(CONDITIONS) | set(CHASES) | MANUAL
    assert len(TRIGGERS) == 15
    assert {rule.trigger for rule in POLICY.rules} == set(TRIGGERS)


# By time

DUE = {"needed_by": MORNING + HOUR}
CLIMBS_AFTER: list[tuple[str, Given, timedelta]] = [
    ("NOT_ACCEPTED", of_band(IMMEDIATE), 2 * HOUR),
    ("NOT_ACCEPTED", of_band(PRIORITY), 8 * HOUR),
    ("NOT_ACCEPTED", of_band(SCHEDULED), 2 * DAY),
    ("NOT_ACCEPTED", of_band(ROUTINE), 8 * DAY),  # six working days
    ("OVERDUE", of_band(IMMEDIATE, **DUE), HOUR),
    ("OVERDUE", of_band(PRIORITY, **DUE), HOUR),
    ("OVERDUE", of_band(SCHEDULED, **DUE), HOUR + 48 * HOUR),
    ("OVERDUE", of_band(ROUTINE, **DUE), HOUR + 7 * DAY),
    ("VULNERABILITY", flagged("DA_HIGH_OUTSTANDING"), DAY),
]


@pytest.mark.parametrize(("trigger", "given", "border"), CLIMBS_AFTER)
def test_a_rule_of_time_sends_up_exactly_when_its_time_is_over(
    desk: Desk, trigger: str, given: Given, border: timedelta
) -> None:
    task = given(desk)
    desk.clock.advance(border - INSTANT)
    assert proposed(desk, task, trigger) is None
    desk.clock.advance(INSTANT)
    found = proposed(desk, task, trigger)
    assert found is not None
    assert (found.trigger, found.from_unit, found.to_unit) == (trigger, "HP", "DIV_N")


CHASES_AFTER: list[tuple[str, Given, timedelta]] = [
    ("NOT_ACCEPTED", of_band(IMMEDIATE), HOUR),
    ("NOT_ACCEPTED", of_band(PRIORITY), 4 * HOUR),
    ("NOT_ACCEPTED", of_band(SCHEDULED), DAY),
    ("NOT_ACCEPTED", of_band(ROUTINE), 3 * DAY),
    *[("OVERDUE", of_band(band, **DUE), HOUR) for band in PriorityBand],
    ("STALLED", of_band(IMMEDIATE), 8 * HOUR),
    ("STALLED", of_band(PRIORITY), 2 * DAY),
    ("STALLED", of_band(SCHEDULED), 14 * DAY),
    ("STALLED", of_band(ROUTINE), 28 * DAY),
]


@pytest.mark.parametrize(("trigger", "given", "border"), CHASES_AFTER)
def test_a_manager_is_told_exactly_when_the_time_is_over(
    desk: Desk, trigger: str, given: Given, border: timedelta
) -> None:
    task = given(desk)
    desk.clock.advance(border - INSTANT)
    assert chased(desk, task, trigger) == ()
    desk.clock.advance(INSTANT)
    assert [each.trigger for each in chased(desk, task, trigger)] == [trigger]


@pytest.mark.parametrize("trigger", ["NOT_ACCEPTED", "OVERDUE", "STALLED"])
def test_of_a_task_that_is_done_nobody_is_told(desk: Desk, trigger: str) -> None:
    task = desk.on_board(desk.raised(needed_by=MORNING), progress=100)
    desk.clock.advance(30 * DAY)
    assert chased(desk, task, trigger) == ()


def test_any_movement_begins_the_time_of_a_stalled_task_anew(desk: Desk) -> None:
    task = desk.raised(assessment=BY_BAND[IMMEDIATE])
    desk.clock.advance(7 * HOUR)
    desk.on_board(task, progress=50)
    desk.clock.advance(7 * HOUR)
    assert chased(desk, task, "STALLED") == ()
    desk.reassessed(task, BY_BAND[IMMEDIATE])
    desk.clock.advance(8 * HOUR - INSTANT)
    assert chased(desk, task, "STALLED") == ()
    desk.clock.advance(INSTANT)
    assert chased(desk, task, "STALLED") != ()


def test_stalled_never_sends_a_task_up(desk: Desk) -> None:
    task = desk.raised()
    desk.clock.advance(400 * DAY)
    assert proposed(desk, task, "STALLED") is None


# By what is known


def rising(*, by: int) -> Given:
    risen = {14: ThriveAssessment(1, 2, 2, 1, 4, 0), 15: ThriveAssessment(1, 3, 3, 0, 1, 0)}[by]
    return lambda desk: desk.reassessed(desk.raised(assessment=LOW), risen)


def labelled(label: str) -> Given:
    return lambda desk: desk.on_board(desk.raised(), labels=frozenset({label}))


def vulnerable(*, level: int, repeats: int) -> Given:
    assessment = ThriveAssessment(1, 1, 1, 0, level, 0)
    return lambda desk: desk.raised(assessment=assessment, context=RiskContext(repeats_28d=repeats))


def again(*before: timedelta, **changes: Any) -> Given:
    """A task of the same problem as one that was raised so long before."""

    def given(desk: Desk) -> Task:
        for gap in before:
            desk.raised()
            desk.clock.advance(gap)
        return desk.raised(**changes)

    return given


def completed(ago: timedelta) -> Given:
    """A task of the same problem as one that was completed so long before, and raised much earlier."""

    def given(desk: Desk) -> Task:
        first = desk.raised()
        desk.clock.advance(60 * DAY)
        desk.on_board(first, progress=100)
        desk.clock.advance(ago)
        return desk.raised()

    return given


def link(desk: Desk, task: Task, other: Task) -> None:
    with desk.act() as uow:
        link_tasks(uow, task.reference, other.reference, "The same vehicle")


def linked(*units: str) -> Given:
    def given(desk: Desk) -> Task:
        task = desk.raised()
        for unit in units:
            link(desk, task, desk.raised(unit=unit))
        return desk.now(task)

    return given


BORDERS: list[tuple[str, Given, str | None]] = [
    ("MISSING_HIGH", flagged("MISSING_HIGH"), "PKS"),
    ("MISSING_HIGH", flagged("MISSING_MEDIUM"), None),
    ("CRITICAL_INCIDENT", flagged("CRITICAL_INCIDENT"), "PKS"),
    ("CRITICAL_INCIDENT", flagged("MISSING_HIGH"), None),
    ("RISK_RISEN", rising(by=15), "DIV_N"),
    ("RISK_RISEN", rising(by=14), None),
    ("ASKED_BY_LABEL", labelled(ASK), "DIV_N"),
    ("ASKED_BY_LABEL", labelled("BLOCKED"), None),
    ("VULNERABILITY", flagged("CHILD_EXPLOITATION"), "DIV_N"),
    ("VULNERABILITY", flagged("DA_HIGH"), None),
    ("VULNERABILITY", vulnerable(level=3, repeats=1), "DIV_N"),
    ("VULNERABILITY", vulnerable(level=2, repeats=1), None),
    ("VULNERABILITY", vulnerable(level=3, repeats=0), None),
    ("CROSS_BORDER", linked("DD"), "DIV_N"),
    ("CROSS_BORDER", linked("DD", "DE"), "PKS"),
    ("CROSS_BORDER", linked("DE"), "PKS"),
    ("CROSS_BORDER", linked("HP"), None),
    ("CROSS_BORDER", of_band(SCHEDULED), None),
    ("REPEAT", again(DAY, 27 * DAY), "DIV_N"),
    ("REPEAT", again(DAY, 27 * DAY + INSTANT), None),
    ("REPEAT", again(DAY), None),
    ("REPEAT", again(DAY, DAY, unit="DD"), None),
    ("REPEAT", again(DAY, DAY, pillar="RURAL"), None),
    ("REPEAT", again(DAY, DAY, text=TaskText(place="mill lane.")), "DIV_N"),
    ("REPEAT", again(DAY, DAY, text=TaskText(place="Church Lane")), None),
    ("REPEAT", again(DAY, DAY, text=TaskText()), None),
    ("REPEAT", completed(28 * DAY), "DIV_N"),
    ("REPEAT", completed(28 * DAY + INSTANT), None),
    ("REPEAT", with_context(repeats_28d=3), "DIV_N"),
    ("REPEAT", with_context(repeats_28d=2), None),
]


@pytest.mark.parametrize(("trigger", "given", "to_unit"), BORDERS)
def test_a_rule_of_facts_sends_up_on_one_side_of_its_border_only(
    desk: Desk, trigger: str, given: Given, to_unit: str | None
) -> None:
    found = proposed(desk, given(desk), trigger)
    assert (found.to_unit if found else None) == to_unit


def test_only_the_last_of_three_goes_up_and_a_withdrawn_one_does_not_count(desk: Desk) -> None:
    first, second = desk.raised(), desk.raised()
    desk.clock.advance(DAY)
    third = desk.raised()
    assert [bool(proposed(desk, task, "REPEAT")) for task in (first, second, third)] == [False, False, True]
    with desk.act() as uow:
        withdraw(uow, first.task_id, "Raised by mistake.")
    assert proposed(desk, third, "REPEAT") is None


def test_another_unit_linked_later_is_a_new_fact_and_another_task_of_a_known_unit_is_not(desk: Desk) -> None:
    task = linked("DD")(desk)
    first = proposed(desk, task, "CROSS_BORDER")
    assert first is not None
    task = desk.escalated(task, replace(first, needs_endorsement=False))
    for unit, goal in (("DD", None), ("DE", "PKS")):
        desk.clock.advance(HOUR)
        link(desk, task, desk.raised(unit=unit))
        found = proposed(desk, task, "CROSS_BORDER")
        assert (found.to_unit if found else None) == goal


def test_each_sign_of_vulnerability_is_a_fact_of_its_own(desk: Desk) -> None:
    both = frozenset({"CHILD_EXPLOITATION", "DA_HIGH_OUTSTANDING"})
    task = desk.raised(context=RiskContext(flags=both))
    first = proposed(desk, task, "VULNERABILITY")
    assert first is not None
    assert first.reason == "Child exploitation."
    task = desk.returned(desk.escalated(task, first))
    desk.clock.advance(DAY)
    second = proposed(desk, task, "VULNERABILITY")
    assert second is not None
    assert second.reason == "High-risk domestic abuse suspect still outstanding."


def test_reports_counted_on_the_form_of_a_later_assessment_fire_once(desk: Desk) -> None:
    task = desk.raised()
    for _ in range(2):
        context = RiskContext(repeats_28d=3)
        request = ReassessRequest(task.reference, BY_BAND[SCHEDULED], context, "bea", desk.clock.now(), "Reports")
        with desk.act() as uow:
            reassess(uow, FORCE, request)
        desk.clock.advance(HOUR)
        if first := proposed(desk, task, "REPEAT"):
            desk.escalated(task, first)
    assert len(desk.escalations(task)) == 1


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("Mill Lane", "HP ROADS mill lane"),
        ("  MILL-LANE!", "HP ROADS mill lane"),
        ("Straße 5", "HP ROADS strasse 5"),
        ("", ""),
        (" ., ", ""),
    ],
)
def test_the_same_place_is_the_same_problem_however_it_is_written(place: str, key: str) -> None:
    assert problem_key("HP", "ROADS", place) == key


# By people


def a_request(trigger: str, **changes: Any) -> DecisionRequest:
    said = {"rationale": "We have four officers for six sites.", "resources": "Two officers on Friday night"}
    return DecisionRequest("T-1001", DecisionType.ESCALATE, "ann", "Owner", **{**said, "trigger": trigger, **changes})


@pytest.mark.parametrize("trigger", sorted(MANUAL))
def test_what_people_ask_for_goes_where_its_rule_says_and_no_clock_ever_asks_it(desk: Desk, trigger: str) -> None:
    task = desk.raised(assessment=BY_BAND[PRIORITY])
    desk.clock.advance(90 * DAY)
    assert proposed(desk, task, trigger) is None
    found = asked_for(POLICY, FORCE, task, a_request(trigger), desk.clock.now())
    assert (found.trigger, found.from_unit, found.to_unit) == (trigger, "HP", "DIV_N")
    assert (found.needs_endorsement, found.notifies_at_once) == (True, False)
    assert found.resources_requested == "Two officers on Friday night"


REFUSED: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"unit": "PKS"}, {}, "stands as high as it can go"),
    ({"unit": "DIV_N"}, {"trigger": "TENSION_CONFIDENCE"}, "stands as high as it can go"),
    ({}, {"trigger": "OVERDUE"}, "no rule by which people ask for OVERDUE"),
    ({}, {"unit": "DIV_N"}, "stands with Northfell: that level asks further"),
    ({}, {"meeting_ref": "DIV_N_DAILY 2026-11-02"}, "stands with Northfell: that level asks further"),
]


@pytest.mark.parametrize(("raised", "said", "words"), REFUSED)
def test_what_cannot_be_asked_for_is_told_why(
    desk: Desk, raised: dict[str, Any], said: dict[str, Any], words: str
) -> None:
    task = desk.raised(**raised)
    with pytest.raises(RuleBroken, match=words):
        asked_for(POLICY, FORCE, task, a_request(**{"trigger": "BEYOND_RESOURCES", **said}), MORNING)


def test_a_policy_without_the_rule_says_so(desk: Desk) -> None:
    with pytest.raises(RuleBroken, match="The policy bare has no rule by which people ask for NOT_WORKING"):
        asked_for(EscalationPolicy("bare", ()), FORCE, desk.raised(), a_request("NOT_WORKING"), MORNING)


def test_who_asks_in_the_meeting_they_chair_needs_nobody_to_agree(desk: Desk) -> None:
    request = a_request("BEYOND_RESOURCES", meeting_ref="HP_DAILY 2026-11-02")
    assert asked_for(POLICY, FORCE, desk.raised(), request, MORNING).needs_endorsement is False
