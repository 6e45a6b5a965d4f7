"""One escalation of one task: who asked, why, how far up, and what became of it. Its policy's version stays with it.

Statuses and fields follow the policing notes, section 4.4; the table says what may follow what.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasking.resources import ResourceBid
from tasking.thrive import PriorityBand


class EscalationStatus(StrEnum):
    """Where an escalation is between the wish to climb and the task's return.

    PROPOSED waits for a person of the unit it stands with; REQUESTED is before the higher level, TO_MEETING before
    one of its meetings; RETURNED asks the sender for more; DE_ESCALATED gave the task back with conditions.
    """

    PROPOSED = "PROPOSED"
    REQUESTED = "REQUESTED"
    TO_MEETING = "TO_MEETING"
    ACCEPTED = "ACCEPTED"
    DECLINED = "DECLINED"
    RETURNED = "RETURNED"
    DE_ESCALATION_PROPOSED = "DE_ESCALATION_PROPOSED"
    RETAINED = "RETAINED"
    DE_ESCALATED = "DE_ESCALATED"
    WITHDRAWN = "WITHDRAWN"


_S = EscalationStatus
_BEFORE_THE_HIGHER_LEVEL = frozenset(
    {_S.ACCEPTED, _S.DECLINED, _S.RETURNED, _S.TO_MEETING, _S.DE_ESCALATED, _S.WITHDRAWN}
)
_TAKEN_ON = frozenset({_S.DE_ESCALATION_PROPOSED, _S.DE_ESCALATED, _S.WITHDRAWN})

ESCALATION_MAY_BECOME: Mapping[EscalationStatus, frozenset[EscalationStatus]] = {
    _S.PROPOSED: frozenset({_S.REQUESTED, _S.WITHDRAWN}),
    _S.REQUESTED: _BEFORE_THE_HIGHER_LEVEL,
    _S.TO_MEETING: _BEFORE_THE_HIGHER_LEVEL,
    _S.ACCEPTED: _TAKEN_ON,
    _S.RETAINED: _TAKEN_ON,
    _S.DE_ESCALATION_PROPOSED: frozenset({_S.DE_ESCALATED, _S.RETAINED, _S.WITHDRAWN}),
    _S.DECLINED: frozenset(),
    _S.RETURNED: frozenset(),
    _S.DE_ESCALATED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}

AWAITING_DECISION = frozenset({_S.REQUESTED, _S.TO_MEETING})
"""Before the higher level, which has not decided yet."""
UNDECIDED = AWAITING_DECISION | {_S.PROPOSED}
"""Somebody has still to decide: the unit that holds the task, or the level above."""
STANDING = AWAITING_DECISION | {_S.ACCEPTED, _S.RETAINED, _S.DE_ESCALATION_PROPOSED}
"""The task is shown on the higher level's board because of it."""
SENT_BACK = frozenset({_S.DECLINED, _S.RETURNED, _S.DE_ESCALATED})
"""The higher level gave the task back, one way or another."""


TRIGGER_WORDS: Mapping[str, str] = {
    "MISSING_HIGH": "High-risk missing person",
    "RISK_RISEN": "Risk has risen",
    "NOT_ACCEPTED": "Not taken up in time",
    "OVERDUE": "Past its due time",
    "ASKED_BY_LABEL": "Asked for on the board",
    "BEYOND_RESOURCES": "More people or hours than the unit has",
    "BEYOND_CAPABILITY": "Needs a capability the unit does not have",
    "STALLED": "No progress",
    "CROSS_BORDER": "Crosses a unit's or the force's border",
    "REPEAT": "Keeps coming back",
    "CRITICAL_INCIDENT": "Critical incident, or may become one",
    "VULNERABILITY": "Vulnerable person at risk",
    "TENSION_CONFIDENCE": "Community tension or public confidence",
    "PARTNER_BLOCKED": "A partner cannot or does not act",
    "NOT_WORKING": "What was tried does not work",
}
"""What an escalation is for, by its trigger, as cards, packs and minutes say it."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One role that was asked to decide between meetings, when, and until when (UTC)."""

    role: str
    asked_at: datetime
    decide_by: datetime


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step up the ladder. Times are UTC. `fact` names what fired it, so that the same fact fires once.

    `asked` is what people want of the higher level, `action_so_far` what they have tried, `bid` what they want of
    people or equipment. `forum` is the reference of the meeting that is to decide, empty between meetings. `hops` lists
    the roles asked, oldest first. `returned_*`, `conditions`, `residual_risk` and `receiver` belong to what came back
    down.
    """

    escalation_id: str
    task_id: str
    trigger: str
    fact: str
    from_unit: str
    to_unit: str
    status: EscalationStatus
    reason: str
    requested_by: str
    requested_at: datetime
    decide_by: datetime | None
    policy_version: str
    score_then: int | None
    score_before: int | None
    band_then: PriorityBand | None
    returned_at: datetime | None = None
    returned_by: str | None = None
    return_reason: str | None = None
    conditions: str | None = None
    asked: str = ""
    action_so_far: str = ""
    resources_requested: str = ""
    bid: ResourceBid | None = None
    endorsed_by: str | None = None
    endorsed_at: datetime | None = None
    forum: str = ""
    hops: tuple[Hop, ...] = ()
    alerted_at: datetime | None = None
    decided_by: str | None = None
    decided_role: str | None = None
    decided_at: datetime | None = None
    decision_ref: str | None = None
    rationale: str | None = None
    residual_risk: str | None = None
    receiver: str | None = None
    received_by: str | None = None
    received_at: datetime | None = None
    review_at: datetime | None = None

    @property
    def is_standing(self) -> bool:
        """Whether the task is at the higher level because of it, decided or not."""
        return self.status in STANDING

    @property
    def awaits_decision(self) -> bool:
        """Whether the higher level has still to decide."""
        return self.status in AWAITING_DECISION

    @property
    def awaits_receipt(self) -> bool:
        """Whether nobody has accepted yet what was given back to them."""
        return self.status is EscalationStatus.DE_ESCALATED and self.receiver is not None and self.received_at is None


def escalation_may_become(status: EscalationStatus, other: EscalationStatus) -> bool:
    """Whether the table allows the step."""
    return other in ESCALATION_MAY_BECOME[status]
