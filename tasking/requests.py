"""What people ask of tasking, already valid: the arguments of `actions`."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from tasking.task import Classification, EvidenceLink, ExternalReference, TaskText
from tasking.thrive import AssessmentSource, Confidence, RiskContext, ThriveAssessment


class Unset:
    """Marks a field that the board did not change, where None is a value."""

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Final = Unset()


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """One response, read: what was submitted, before a task exists. `faults` are sentences for a person.

    `pillar` and `unit` are codes that the force has; `needed_by` and `submitted_at` are UTC.
    """

    reference: str
    title: str
    unit: str
    pillar: str
    text: TaskText
    wanted: str
    assessment: ThriveAssessment
    context: RiskContext
    form: str
    response_id: str
    submitted_by: str
    submitted_at: datetime
    needed_by: datetime | None = None
    checklist: tuple[str, ...] = ()
    links: tuple[EvidenceLink, ...] = ()
    faults: tuple[str, ...] = ()
    classification: Classification = Classification.OFFICIAL
    control_priority: str = ""
    control_version: int | None = None
    nim_level: int | None = None
    intelligence_gap: str = ""
    confidence: Confidence | None = None
    source: AssessmentSource | None = None
    external_references: tuple[ExternalReference, ...] = ()


@dataclass(frozen=True, slots=True)
class ReassessRequest:
    """A repeat of THRIVE on changed facts (re-THRIVE), for the task with this reference, with the `reason`.

    With `is_review` a second assessor scores the same facts: not the one who scored last.
    """

    reference: str
    assessment: ThriveAssessment
    context: RiskContext
    submitted_by: str
    submitted_at: datetime
    reason: str = ""
    is_review: bool = False
    confidence: Confidence | None = None
    source: AssessmentSource | None = None


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """A higher level gives a task back: why the risk is lower, on what conditions, what risk remains, and who takes it
    over below: a role, or somebody's sign-in name. `review_at` is UTC."""

    reference: str
    reason: str
    conditions: str
    residual_risk: str
    receiver: str
    submitted_by: str
    submitted_at: datetime
    review_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BoardChanges:
    """What people changed on a board since it was last read. UNSET where they changed nothing.

    `priority` is Planner's 0 to 10; `labels` are codes; `ticks` maps checklist line ids to done or not.
    """

    title: str | Unset = UNSET
    owner_ids: tuple[str, ...] | Unset = UNSET
    progress: int | Unset = UNSET
    pillar: str | Unset = UNSET
    start_at: datetime | Unset | None = UNSET
    due_at: datetime | Unset | None = UNSET
    priority: int | Unset = UNSET
    labels: frozenset[str] | Unset = UNSET
    ticks: dict[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AdoptRequest:
    """A task that people made on the board of `unit`, as the board shows it.

    `made_by` is a person's directory id; `copied_from` the reference that it bore when it was found, if it is a copy
    or a repeat of one of ours. Times are UTC; `priority` is Planner's 0 to 10; `labels` are codes. It `is_restricted`
    from the start where it was made on the restricted board, or copied from what stands there.
    """

    planner_task_id: str
    unit: str
    pillar: str
    title: str
    made_by: str
    made_at: datetime | None
    copied_from: str | None
    owner_ids: tuple[str, ...]
    progress: int
    start_at: datetime | None
    due_at: datetime | None
    priority: int
    labels: frozenset[str]
    is_restricted: bool = False
