"""A decision: who, in what capacity, at which meeting, what, why, and what was known at the time. Never edited.

Shape and types follow the policing notes, section 1.6; the headings are those of the National Decision Model, offered
and not forced, but for the rationale. A mistake is put right by a new decision that supersedes the old one.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tasking.resources import Allocation
from tasking.strategy import ControlStrategy
from tasking.task import Classification


class DecisionType(StrEnum):
    """What was decided. The first group is recorded and changes nothing by itself; the others have an effect.

    The notes' list, and the steps of section 4.3 that it leaves without a name. Closing comes with results.
    """

    TASK_CREATE = "TASK_CREATE"
    ALLOCATE = "ALLOCATE"
    RESOURCE = "RESOURCE"
    RESOURCE_DECLINE = "RESOURCE_DECLINE"
    PLAN_COMMISSION = "PLAN_COMMISSION"
    ANALYSIS_COMMISSION = "ANALYSIS_COMMISSION"
    REVIEW_COMMISSION = "REVIEW_COMMISSION"
    TRANSFER_MAA = "TRANSFER_MAA"
    MERGE = "MERGE"
    CARRY_OVER = "CARRY_OVER"

    NO_TASKING = "NO_TASKING"
    PRIORITY_OVERRIDE = "PRIORITY_OVERRIDE"
    EXTEND = "EXTEND"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    ESCALATE = "ESCALATE"
    ENDORSE = "ENDORSE"
    ESCALATION_ACCEPT = "ESCALATION_ACCEPT"
    ESCALATION_DECLINE = "ESCALATION_DECLINE"
    ESCALATION_RETURN = "ESCALATION_RETURN"
    ESCALATION_TO_MEETING = "ESCALATION_TO_MEETING"
    ESCALATION_WITHDRAW = "ESCALATION_WITHDRAW"
    DE_ESCALATION_PROPOSE = "DE_ESCALATION_PROPOSE"
    DE_ESCALATE = "DE_ESCALATE"
    RETAIN = "RETAIN"
    RECEIVE = "RECEIVE"
    CONTROL_STRATEGY_SET = "CONTROL_STRATEGY_SET"


class Capacity(StrEnum):
    """In what capacity somebody decides: in a meeting, on duty between meetings, for the unit that holds the task, or
    by a form, whose answers name no role."""

    CHAIR = "CHAIR"
    DEPUTY = "DEPUTY"
    DUTY = "DUTY"
    UNIT = "UNIT"
    FORM = "FORM"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was known when it was decided: the decision is judged by this, not by what came after."""

    score: int | None
    band: str | None
    thrive: dict[str, int | None]
    status: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision about one task. Times are UTC; `decided_at` and `recorded_at` differ where it was written later.

    `meeting_ref` is empty between meetings. `supersedes` is the reference of the decision that this one corrects.
    `given` holds what its type needs besides, such as the band, the conditions or the receiver, by the request's names.
    `authority` says how far the role's decisions went then; `allocation` what was granted of people and equipment.
    """

    decision_id: str
    decision_ref: str
    task_id: str
    task_reference: str
    escalation_id: str | None
    decision_type: DecisionType
    unit: str
    meeting_ref: str
    classification: Classification
    text: str
    rationale: str
    options: tuple[str, ...]
    information: str
    threat_assessment: str
    powers_policy: str
    dissent: str
    decided_by: str
    role: str
    capacity: Capacity
    decided_at: datetime
    recorded_by: str
    recorded_at: datetime
    policy_version: str
    snapshot: Snapshot
    review_at: datetime | None = None
    supersedes: str | None = None
    hours: float | None = None
    given: dict[str, str] = field(default_factory=dict)
    authority: str = ""
    allocation: Allocation | None = None


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """What somebody decides about a task, before the rules have looked at it.

    `role` is what they say they act as; `meeting_ref` the meeting they sit in, empty between meetings. The fields at
    the end are needed by some types only: `band` by PRIORITY_OVERRIDE, `due_at` by EXTEND, `to_meeting` by
    ESCALATION_TO_MEETING (the next fitting one where empty), `conditions`, `residual_risk` and `receiver` by
    DE_ESCALATE, `trigger` and `tried` (what was tried so far) by ESCALATE, `strategy` by CONTROL_STRATEGY_SET.
    `resources`, `how_many`, `hours`, `starts_at` and `ends_at` (UTC) are people or equipment: asked for by ESCALATE,
    granted by RESOURCE and ESCALATION_ACCEPT.
    """

    reference: str
    decision_type: DecisionType
    decided_by: str
    role: str
    rationale: str
    text: str = ""
    meeting_ref: str = ""
    unit: str = ""
    decided_at: datetime | None = None
    options: tuple[str, ...] = ()
    information: str = ""
    threat_assessment: str = ""
    powers_policy: str = ""
    dissent: str = ""
    review_at: datetime | None = None
    supersedes: str | None = None
    band: str | None = None
    due_at: datetime | None = None
    to_meeting: str = ""
    conditions: str = ""
    residual_risk: str = ""
    receiver: str = ""
    resources: str = ""
    hours: float | None = None
    trigger: str = ""
    strategy: ControlStrategy | None = None
    tried: str = ""
    how_many: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
