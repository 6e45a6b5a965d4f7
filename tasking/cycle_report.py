"""What a tasking cycle leaves behind: numbers by unit, and the open tasks that carry over into the next.

Each that carries over is kept, closed or escalated by a person's decision. What nobody has decided on stays open: the
service closes nothing (requirement 22; policing notes, section 2).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from tasking.decision import Decision, DecisionType
from tasking.task import Classification
from tasking.thrive import PriorityBand


class Choice(StrEnum):
    """What a person says of a task that carries over."""

    KEEP = "KEEP"
    CLOSE = "CLOSE"
    ESCALATE = "ESCALATE"


DECIDED_AS: Mapping[Choice, DecisionType] = {
    Choice.KEEP: DecisionType.CARRY_OVER,
    Choice.CLOSE: DecisionType.NO_TASKING,
    Choice.ESCALATE: DecisionType.ESCALATE,
}
"""Each choice is a decision like any other: by the same roles, with rationale, never edited."""
CHOICE_WORDS: Mapping[Choice, str] = {
    Choice.KEEP: "kept",
    Choice.CLOSE: "closed",
    Choice.ESCALATE: "asked of the next level",
}
_CHOICES = {kind: choice for choice, kind in DECIDED_AS.items()}


@dataclass(frozen=True, slots=True)
class CycleCounts:
    """The numbers of one unit's own tasks. `carried` are open at the end, `overdue` and `undecided` of those past
    their due time or with an escalation to decide, `left` of those carried over before and not decided on since."""

    unit: str
    raised: int = 0
    completed: int = 0
    decisions: int = 0
    carried: int = 0
    overdue: int = 0
    undecided: int = 0
    left: int = 0

    def in_words(self) -> tuple[tuple[str, int], ...]:
        """Each number with its name, in the order shown."""
        return tuple((words, getattr(self, name)) for name, words in COUNT_WORDS.items())


COUNT_WORDS: Mapping[str, str] = {
    "raised": "Raised",
    "completed": "Completed",
    "decisions": "Decisions",
    "carried": "Carry over",
    "overdue": "Of those past due",
    "undecided": "Of those to be decided above",
    "left": "Of those nobody decided on last time",
}


@dataclass(frozen=True, slots=True)
class CarriedTask:
    """An open task at the end of a cycle. Times are UTC; `title` says where to read it where it is restricted.

    `left_since` is the first cycle at whose end it was listed and nobody has decided on it since; empty where none.
    """

    task_id: str
    reference: str
    title: str
    classification: Classification
    unit: str
    band: PriorityBand | None
    raised_at: datetime
    due_at: datetime | None
    is_overdue: bool
    is_undecided: bool
    left_since: str = ""


@dataclass(frozen=True, slots=True)
class CycleReport:
    """The report at the end of a cycle. `ends` is its last day (London), `closed_at` (UTC) when the report was made.

    `previous` is the cycle of the report before, empty where there is none, and `since_then` how many of what carried
    over then were kept, closed, asked of the next level, ended otherwise or left, in words.
    """

    cycle: str
    starts: date
    ends: date
    closed_at: datetime
    counts: tuple[CycleCounts, ...]
    carried: tuple[CarriedTask, ...]
    previous: str = ""
    since_then: tuple[tuple[str, int], ...] = ()

    def counts_of(self, units: Collection[str]) -> CycleCounts:
        """The numbers of these units together; the unit is the first."""
        own = [each for each in self.counts if each.unit in units]
        sums = {name: sum(getattr(each, name) for each in own) for name in COUNT_WORDS}
        return CycleCounts(next(iter(units), ""), **sums)


def choices_of(made: Iterable[Decision], superseded: Collection[str]) -> dict[str, tuple[Choice, Decision]]:
    """By task id what was decided of it last, with the decision. `superseded` are references of those put right."""
    return {
        each.task_id: (_CHOICES[each.decision_type], each)
        for each in made
        if each.decision_type in _CHOICES and each.decision_ref not in superseded
    }
