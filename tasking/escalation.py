"""One escalation of one task: who asked, why, how far up, and what became of it. Its policy's version stays with it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasking.thrive import PriorityBand


class EscalationStatus(StrEnum):
    """PROPOSED by a rule, REQUESTED by a person, ACCEPTED by the higher level, RETURNED to the lower one,
    WITHDRAWN with its task."""

    PROPOSED = "PROPOSED"
    REQUESTED = "REQUESTED"
    ACCEPTED = "ACCEPTED"
    RETURNED = "RETURNED"
    WITHDRAWN = "WITHDRAWN"


AWAITING_DECISION = frozenset({EscalationStatus.PROPOSED, EscalationStatus.REQUESTED})
STANDING = AWAITING_DECISION | {EscalationStatus.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Escalation:
    """A step up the ladder. Times are UTC. `fact` names what fired it, so that the same fact fires once."""

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

    @property
    def is_standing(self) -> bool:
        """Whether the task is at the higher level because of it, decided or not."""
        return self.status in STANDING
