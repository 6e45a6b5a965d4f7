"""The task, its lifecycle, and what it holds. One record per piece of work, whatever boards it stands on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tasking.thrive import Confidence, PriorityBand


class Status(StrEnum):
    """Where a task is in its life. COMPLETED means the officer says done; CLOSED needs a result and a review."""

    SUBMITTED = "SUBMITTED"
    TRIAGED = "TRIAGED"
    ALLOCATED = "ALLOCATED"
    ACCEPTED = "ACCEPTED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    WITHDRAWN = "WITHDRAWN"


_OPEN = {Status.SUBMITTED, Status.TRIAGED, Status.ALLOCATED, Status.ACCEPTED, Status.IN_PROGRESS}

MAY_BECOME: Mapping[Status, frozenset[Status]] = {
    Status.SUBMITTED: frozenset(
        {Status.TRIAGED, Status.ALLOCATED, Status.ACCEPTED, Status.IN_PROGRESS, Status.COMPLETED, Status.WITHDRAWN}
    ),
    Status.TRIAGED: frozenset(
        {Status.ALLOCATED, Status.ACCEPTED, Status.IN_PROGRESS, Status.COMPLETED, Status.WITHDRAWN}
    ),
    Status.ALLOCATED: frozenset(
        {Status.TRIAGED, Status.ACCEPTED, Status.IN_PROGRESS, Status.COMPLETED, Status.WITHDRAWN}
    ),
    Status.ACCEPTED: frozenset({Status.TRIAGED, Status.IN_PROGRESS, Status.COMPLETED, Status.WITHDRAWN}),
    Status.IN_PROGRESS: frozenset({Status.TRIAGED, Status.ACCEPTED, Status.COMPLETED, Status.WITHDRAWN}),
    Status.COMPLETED: frozenset({Status.TRIAGED, Status.ACCEPTED, Status.IN_PROGRESS}),
    Status.WITHDRAWN: frozenset(),
}


class Classification(StrEnum):
    """The handling mark (Government Security Classifications Policy)."""

    OFFICIAL = "OFFICIAL"
    OFFICIAL_SENSITIVE = "OFFICIAL-SENSITIVE"


NO_PRODUCT = "none"
"""What is said of an analysis of which nothing came."""


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One action on the task's checklist. `line_id` is also the key of the item in Planner."""

    line_id: str
    text: str
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceLink:
    """A file or page that belongs to the task; only the link is kept."""

    url: str
    title: str


@dataclass(frozen=True, slots=True, order=True)
class ExternalReference:
    """What it goes by in another system: a kind that config lists, and the reference as config writes it."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class TaskText:
    """The lines that a person needs on the board. Empty where the form left them blank."""

    ask: str = ""
    why_now: str = ""
    place: str = ""
    good_looks_like: str = ""
    constraints: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which the task's clock stands. Times are UTC; `until` is None while it does."""

    since: datetime
    review_at: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One piece of work. All times are UTC. `stands_on` lists unit codes, its own first, the highest last.

    `ended_reason` is a sentence that says why it was withdrawn. `moved_at` is when a person last did something to it,
    None where nobody has since it was raised; `chased` holds what its managers have been told of, as "TRIGGER fact";
    `linked` the ids of tasks that belong to the same matter, the last since `linked_at`, with the reasons that people
    gave; `re_thrive_due` says that its assessment is too old to go by; `confidence` how sure its last assessor was.
    `is_held` says that it is restricted, whatever its pillar is now (tasking.handling); `board_titles` are titles that
    people gave it on boards since: they stand there, and go nowhere else.

    `control_priority` is the code of a priority of the control strategy of `control_version`, `intelligence_gap` that
    of a gap in its intelligence requirement, both empty where there is none; `nim_level` is 1 to 3. A commissioned
    analysis has `terms_of_reference`; its `product` is empty until it is answered, and says none, with `product_why`,
    where nothing came of it.

    `accept_within` is the time to take it up that its kind of work has, `default_due_at` the due time that the service
    set itself: where `due_at` is another, a person set that. `pauses` are in their order (tasking.time_limits).
    """

    task_id: str
    reference: str
    title: str
    unit: str
    pillar: str
    status: Status
    classification: Classification
    text: TaskText
    wanted: str
    stands_on: tuple[str, ...]
    faults: tuple[str, ...]
    band: PriorityBand | None
    score: int | None
    band_override: PriorityBand | None
    flags: frozenset[str]
    labels: frozenset[str]
    owner_ids: tuple[str, ...]
    progress: int
    checklist: tuple[ChecklistLine, ...]
    links: tuple[EvidenceLink, ...]
    form: str
    response_id: str
    submitted_by: str
    submitted_at: datetime
    raised_at: datetime
    start_at: datetime | None = None
    due_at: datetime | None = None
    allocated_at: datetime | None = None
    accepted_at: datetime | None = None
    completed_at: datetime | None = None
    asked_up_at: datetime | None = None
    asked_up_from: str | None = None
    decision_needed: bool = False
    was_returned: bool = False
    ended_reason: str = ""
    moved_at: datetime | None = None
    chased: frozenset[str] = frozenset()
    linked: frozenset[str] = frozenset()
    linked_at: datetime | None = None
    link_reasons: tuple[str, ...] = ()
    re_thrive_due: bool = False
    control_priority: str = ""
    control_version: int | None = None
    nim_level: int | None = None
    intelligence_gap: str = ""
    terms_of_reference: str = ""
    product: str = ""
    product_why: str = ""
    confidence: Confidence | None = None
    is_held: bool = False
    board_titles: tuple[str, ...] = ()
    external_references: tuple[ExternalReference, ...] = ()
    accept_within: timedelta | None = None
    default_due_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()
    version: int = 0

    @property
    def is_open(self) -> bool:
        """Whether work is still to be done on it."""
        return self.status in _OPEN

    @property
    def working_band(self) -> PriorityBand | None:
        """The band that people work by: a person's override if there is one, else the computed band."""
        return self.band_override or self.band

    @property
    def pause(self) -> Pause | None:
        """The pause that is on, None where its clock was not stopped."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].until is None else None

    @property
    def clock_stands(self) -> bool:
        """Whether its clock is stopped. That of an Immediate task never is, also where it rose while it was paused."""
        return self.pause is not None and self.working_band is not PriorityBand.IMMEDIATE

    @property
    def is_unsure(self) -> bool:
        """Whether its last assessor said that confidence in the score is low: shown wherever the score is."""
        return self.confidence is Confidence.LOW

    @property
    def service_labels(self) -> frozenset[str]:
        """Codes of the labels that the service keeps on every board the task stands on."""
        band = self.working_band
        shown = {
            f"BAND_{band}": band is not None,
            "ESCALATED": len(self.stands_on) > 1,
            "DECISION_NEEDED": self.decision_needed,
            "RETURNED": self.was_returned,
            "RESULT_NEEDED": self.status is Status.COMPLETED and not self.product,
            "RE_THRIVE_DUE": self.re_thrive_due and self.is_open,
        }
        return frozenset(code for code, is_shown in shown.items() if is_shown)

    @property
    def top_unit(self) -> str:
        """The highest unit whose board it stands on."""
        return self.stands_on[-1]


def may_become(status: Status, other: Status) -> bool:
    """Whether the lifecycle table allows the step; staying the same is always allowed."""
    return status == other or other in MAY_BECOME[status]
