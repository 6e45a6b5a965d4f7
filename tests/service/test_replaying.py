"""Another policy tried on the last cycle: the same differs in nothing, another where it should; none is carried out."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from escalation.sweep import Sweep
from service.replaying import Played, Replay, as_document, as_table
from service.replaying import replay as replay_of
from store.database import open_database
from store.schema import metadata
from tasking.decision import DecisionType
from tasking.escalation_policy import EscalationPolicy
from tasking.linking import link_tasks
from tasking.task import Task, TaskText
from tasking.thrive import RiskContext
from tasking.triggers import MeetingLimit, Rule
from tests.peakshire import (
    ASK,
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
    SetClock,
    limits,
    tables_in,
)
from tests.tasking.deciding_force import ASKS, DecidingDesk, deciding_force

T = DecisionType
ASKED, DAILY = limits(HOUR, 4 * HOUR, DAY, DAY), limits(*[MeetingLimit.DAILY] * 4)
NOW = limits(*[timedelta(0)] * 4)
RULES = (
    Rule("MISSING_HIGH", "FORCE", True, ASKED),
    Rule("NOT_ACCEPTED", "NEXT", True, ASKED, chase_at=1, climb_at=2),
    Rule("OVERDUE", "NEXT", True, DAILY, after=limits(*[timedelta(0)] * 2, 2 * DAY, 7 * DAY), chase_after=NOW),
    Rule("ASKED_BY_LABEL", "NEXT", False, ASKED),
    Rule("RISK_RISEN", "NEXT", False, ASKED, points=15, needs_endorsement=True),
    Rule("CROSS_BORDER", "COMMON", False, ASKED, needs_endorsement=True),
    Rule("REPEAT", "DIVISION", False, DAILY, count=3, within=28 * DAY, needs_endorsement=True),
    Rule("BEYOND_RESOURCES", "NEXT", False, ASKED, needs_endorsement=True),
    Rule("STALLED", "", True, {}, chase_at=2),
)
POLICY = EscalationPolicy("in force", RULES)


def other(trigger: str, **changes: Any) -> EscalationPolicy:
    """The policy with one rule changed."""
    return EscalationPolicy(
        "draft", tuple(replace(each, **changes) if each.trigger == trigger else each for each in RULES)
    )


def without(trigger: str) -> EscalationPolicy:
    return EscalationPolicy("draft", tuple(each for each in RULES if each.trigger != trigger))


class Days(DecidingDesk):
    """A desk at which the sweep strikes every five minutes, as far as the clock is let run."""

    def run(self, until: timedelta) -> None:
        """Lets the clock run until so long after the first morning."""
        sweep = Sweep(self.store, self.force, POLICY)
        while self.clock.now() < MORNING + until:
            sweep.run()
            self.clock.advance(5 * MINUTE)


def busy_days(desk: Days) -> dict[str, Task]:
    """Three days in which all sorts of things happen."""
    plain = RiskContext()
    tasks = {
        "nobody": desk.raised(assessment=BY_BAND[IMMEDIATE]),
        "risen": desk.on_board(desk.raised(assessment=BY_BAND[ROUTINE], context=plain), progress=10),
        "asked": desk.on_board(desk.raised(text=TaskText(place="Church Lane")), progress=10),
        "overtaken": desk.raised(assessment=BY_BAND[SCHEDULED], text=TaskText(place="The Square")),
        "missing": desk.raised(assessment=BY_BAND[ROUTINE], context=RiskContext(flags=MISSING), unit="DD"),
        "stretched": desk.on_board(desk.raised(assessment=BY_BAND[PRIORITY], unit="DD"), progress=10),
    }
    desk.run(HOUR)
    desk.reassessed(tasks["risen"], BY_BAND[PRIORITY])
    desk.on_board(tasks["asked"], labels=frozenset({ASK}))
    desk.reassessed(tasks["overtaken"], BY_BAND[PRIORITY])
    desk.run(2 * HOUR)
    desk.decide(tasks["risen"], T.ENDORSE, "Duty Sergeant")
    desk.decide(tasks["asked"], T.ESCALATION_ACCEPT)
    desk.decide(tasks["stretched"], T.ESCALATE, "Owner", meeting_ref="", **ASKS)
    desk.run(4 * HOUR)
    desk.decide(tasks["risen"], T.ESCALATION_ACCEPT)
    back = {"conditions": "Patrol daily", "residual_risk": "Weekend", "receiver": "sgt@peakshire.example"}
    desk.decide(tasks["asked"], T.DE_ESCALATE, **back)
    desk.on_board(tasks["risen"], due_at=desk.clock.now() + 3 * HOUR)
    desk.run(DAY)
    with desk.act() as uow:
        link_tasks(uow, tasks["asked"].reference, tasks["stretched"].reference, "The same vehicle")
    desk.run(3 * DAY)
    return tasks


@pytest.fixture(scope="module")
def desk() -> Iterator[tuple[Days, dict[str, Task]]]:
    """The busy days, once for all tests, which only read."""
    with tables_in(open_database("sqlite://")) as engine:
        days = Days(engine, SetClock(), deciding_force())
        yield days, busy_days(days)


def everything(desk: Days) -> list[Any]:
    return [desk.rows(table) for table in metadata.sorted_tables]


def tried(desk: Days, policy: EscalationPolicy) -> Replay:
    return replay_of(desk.store, desk.force, policy)


def of(found: Replay, task: Task) -> Played:
    return next(each for each in found.tasks if each.reference == task.reference)


def test_the_policy_that_was_in_force_would_have_done_what_it_did(desk: tuple[Days, dict[str, Task]]) -> None:
    days, _ = desk
    found = tried(days, POLICY)
    assert {each.reference: each.differences() for each in found.tasks if each.differences()} == {}
    happened = {(step.trigger, step.to_unit) for each in found.tasks for step in each.happened}
    assert {trigger for trigger, _ in happened} == {rule.trigger for rule in RULES} - {"REPEAT"}
    assert {("NOT_ACCEPTED", "chase"), ("NOT_ACCEPTED", "DIV_N"), ("OVERDUE", "PKS")} <= happened


def test_trying_a_policy_writes_nothing_of_tasks_escalations_or_outbox(desk: tuple[Days, dict[str, Task]]) -> None:
    days, _ = desk
    before = everything(days)
    tried(days, without("OVERDUE"))
    assert everything(days) == before


def test_a_rule_left_out_takes_its_steps_with_it(desk: tuple[Days, dict[str, Task]]) -> None:
    days, tasks = desk
    found = of(tried(days, without("BEYOND_RESOURCES")), tasks["stretched"])
    assert "would not happen: BEYOND_RESOURCES DD > DIV_N" in found.differences()


def test_a_later_limit_comes_later_and_a_lower_threshold_fires_where_nothing_did(
    desk: tuple[Days, dict[str, Task]],
) -> None:
    days, tasks = desk
    slow = of(tried(days, other("NOT_ACCEPTED", climb_at=4)), tasks["nobody"])
    assert any(each.startswith("later, Mon 2 Nov 12:31: NOT_ACCEPTED HP > DIV_N") for each in slow.differences())
    eager = tried(days, other("REPEAT", count=2))
    assert any("would happen" in each and "REPEAT" in each for task in eager.tasks for each in task.differences())


def test_another_goal_is_another_step(desk: tuple[Days, dict[str, Task]]) -> None:
    days, tasks = desk
    found = of(tried(days, other("ASKED_BY_LABEL", to="FORCE")), tasks["asked"])
    assert any(each.startswith("would not happen: ASKED_BY_LABEL HP > DIV_N") for each in found.differences())
    assert any("ASKED_BY_LABEL HP > PKS" in each for each in found.differences())


def test_what_is_older_than_a_cycle_is_left_out(desk: tuple[Days, dict[str, Task]]) -> None:
    days, _ = desk
    at = days.clock.at
    try:
        days.clock.at = datetime(2027, 3, 1, 9, tzinfo=UTC)
        found = tried(days, EscalationPolicy("bare", ()))
    finally:
        days.clock.at = at
    assert found.tasks == ()


def test_it_is_shown_as_a_table_and_told_to_programs(desk: tuple[Days, dict[str, Task]]) -> None:
    days, tasks = desk
    found = tried(days, without("STALLED"))
    screen = io.StringIO()
    Console(file=screen, width=200).print(as_table(found))
    assert f"{found.differing} of {len(found.tasks)} tasks would differ" in " ".join(screen.getvalue().split())
    assert tasks["nobody"].reference in screen.getvalue()
    document: Any = as_document(found)
    told = {each["reference"]: each for each in document["tasks"]}
    assert document["differing"] == found.differing > 0
    assert {"at": "2026-11-02T10:31:00+00:00", "trigger": "NOT_ACCEPTED", "from": "HP", "to": "DIV_N"} in told[
        tasks["nobody"].reference
    ]["would"]
