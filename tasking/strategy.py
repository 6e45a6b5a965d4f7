"""What a control strategy is made of. The rules about it are in control_strategy.py."""

from dataclasses import dataclass
from datetime import date, datetime

NIM_LEVELS = (1, 2, 3)
"""Levels of the National Intelligence Model; not the force's tasking levels."""


@dataclass(frozen=True, slots=True)
class Priority:
    """One priority. `owner_role` answers for it, `plan` is the link or reference of its delivery plan."""

    code: str
    title: str
    owner_role: str
    plan: str
    nim_level: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """What was weighed, taken or not, with the reason. `code` is that of the priority it became, else empty."""

    title: str
    is_taken: bool
    reason: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """One line of the strategic intelligence requirement: something that the force has to find out."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class ControlStrategy:
    """One version. Days are London's, both ends included; without `in_force_until` it holds until the next begins.

    `gaps` are the strategic intelligence requirement, to be looked at again on `review_on`. `version`, `decision_ref`,
    `meeting_ref` and `set_at` (UTC) come with the decision.
    """

    in_force_from: date
    in_force_until: date | None
    priorities: tuple[Priority, ...]
    candidates: tuple[Candidate, ...]
    gaps: tuple[Gap, ...]
    review_on: date
    version: int = 0
    decision_ref: str = ""
    meeting_ref: str = ""
    set_at: datetime | None = None

    @property
    def name(self) -> str:
        """What the audit log calls it."""
        return f"control strategy {self.version}"

    @property
    def priority_codes(self) -> tuple[str, ...]:
        """Codes of its priorities, in their order."""
        return tuple(priority.code for priority in self.priorities)

    @property
    def gap_codes(self) -> tuple[str, ...]:
        """Codes of its intelligence gaps, in their order."""
        return tuple(gap.code for gap in self.gaps)

    def priority(self, code: str) -> Priority | None:
        """The priority with this code, None where it has none."""
        return next((priority for priority in self.priorities if priority.code == code), None)
