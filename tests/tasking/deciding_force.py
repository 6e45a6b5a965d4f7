"""Peakshire with meetings that recur, roles that decide between them, and a policy for what people ask."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tasking.deciding import decide
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.escalation import Escalation
from tasking.escalation_policy import EscalationPolicy, Rule
from tasking.force import Force
from tasking.meetings import AgendaSection, Authority, MeetingKind, Recurrence
from tasking.task import Task
from tests.peakshire import DAY, HOUR, MORNING, Desk, limits, small_force, small_policy

DAILY = MeetingKind(
    "DAILY",
    "Daily management meeting",
    (AgendaSection.ESCALATIONS, AgendaSection.NEW_TASKS),
    is_daily=True,
    most_items=10,
)
TACTICAL = MeetingKind("TACTICAL", "Tactical tasking", (AgendaSection.ESCALATIONS, AgendaSection.RESOURCES))
DUTY: Mapping[str, tuple[str, ...]] = {
    "LPU": ("Duty Sergeant",),
    "DIVISION": ("Duty Inspector", "Duty Chief Inspector"),
    "FORCE": ("Duty Superintendent",),
}
BID: Mapping[str, Any] = {
    "resources": "Two officers on Friday",
    "how_many": 2,
    "hours": 20.0,
    "starts_at": MORNING + DAY,
    "ends_at": MORNING + 3 * DAY,
}
ASKS: Mapping[str, Any] = {"trigger": "BEYOND_RESOURCES", "tried": "Our own patrols, for a week.", **BID}
"""A whole bid for people, and asking for it."""
CHAIR, DEPUTY = "Duty Inspector", "Duty Sergeant"


def deciding_force(**changes: Any) -> Force:
    """Daily meetings at 09:15 London time everywhere, and a tactical one of the division every other Thursday."""
    force = small_force()
    daily = Recurrence(datetime.fromisoformat("2026-01-05T09:15"), "FREQ=DAILY", 20)
    meetings = tuple(replace(each, kind="DAILY", deputy_roles=(DEPUTY,), recurrence=daily) for each in force.meetings)
    fortnightly = Recurrence(datetime.fromisoformat("2026-01-08T10:00"), "FREQ=WEEKLY;INTERVAL=2", 90)
    tactical = replace(meetings[1], code="DIV_N_TACTICAL", kind="TACTICAL", recurrence=fortnightly)
    levels = tuple(replace(level, duty_roles=DUTY[level.code]) for level in force.levels)
    whole = replace(
        force,
        levels=levels,
        meetings=(*meetings, tactical),
        meeting_kinds={"DAILY": DAILY, "TACTICAL": TACTICAL},
        authorities={"Duty Sergeant": Authority("Duty Sergeant", 8)},
    )
    return replace(whole, **changes)


def deciding_policy() -> EscalationPolicy:
    """The small policy, and what people may ask for."""
    asked = limits(HOUR, 4 * HOUR, DAY, DAY)
    rules = tuple(
        Rule(trigger, "NEXT", False, asked)
        for trigger in ("BEYOND_RESOURCES", "BEYOND_CAPABILITY", "TENSION_CONFIDENCE")
    )
    return EscalationPolicy("test-1", (*small_policy().rules, *rules))


class DecidingDesk(Desk):
    """A desk at which people decide."""

    def decide(self, task: Task, decision: DecisionType | str, role: str = "Duty Inspector", **given: Any) -> Decision:
        """One decision in a commit of its own, by somebody who acts as `role`."""
        said: dict[str, Any] = {"rationale": "It is proportionate to the risk.", "decided_by": "chi@peakshire.example"}
        request = DecisionRequest(
            reference=task.reference, decision_type=DecisionType(decision), role=role, **said | given
        )
        with self.act(request.decided_by) as uow:
            return decide(uow, self.force, deciding_policy(), request)

    def last_step(self, task: Task) -> Escalation:
        """The newest escalation of a task."""
        found: Escalation = self.escalations(task)[-1]
        return found

    def decisions(self, task: Task) -> tuple[Decision, ...]:
        """All decisions about a task, oldest first."""
        with self.act() as uow:
            return uow.decisions(task.task_id)
