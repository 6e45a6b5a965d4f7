"""What has happened. Events carry ids only, never text that a person wrote: they are kept in the outbox."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    name: ClassVar[str]

    def payload(self) -> dict[str, str]:
        """The event as plain strings, for the outbox."""
        return {key: str(value) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class ResponseReceived(Event):
    """A response is safe in the inbox and waits to have its effect."""

    inbox_id: str
    name: ClassVar[str] = "ResponseReceived"


@dataclass(frozen=True, slots=True)
class TaskRaised(Event):
    """A response became a task."""

    task_id: str
    name: ClassVar[str] = "TaskRaised"


@dataclass(frozen=True, slots=True)
class TaskChanged(Event):
    """Something that boards show has changed on the record."""

    task_id: str
    name: ClassVar[str] = "TaskChanged"


@dataclass(frozen=True, slots=True)
class TaskReassessed(Event):
    """A new THRIVE assessment stands on the record."""

    task_id: str
    name: ClassVar[str] = "TaskReassessed"


@dataclass(frozen=True, slots=True)
class TaskEscalated(Event):
    """The task now also stands on the board of a higher unit."""

    task_id: str
    escalation_id: str
    name: ClassVar[str] = "TaskEscalated"


@dataclass(frozen=True, slots=True)
class TaskReturned(Event):
    """The higher level gave the task back, with conditions."""

    task_id: str
    escalation_id: str
    name: ClassVar[str] = "TaskReturned"


@dataclass(frozen=True, slots=True)
class TaskChased(Event):
    """Something about the task is late: its line manager or action manager is asked to look. It has not gone up.

    With `unit`, the code of the unit where it stands as high as it has to: that level is told of the trigger.
    """

    task_id: str
    trigger: str
    unit: str = ""
    name: ClassVar[str] = "TaskChased"


@dataclass(frozen=True, slots=True)
class EscalationProposed(Event):
    """A rule wants the task to climb, and a person of its unit has to say so first."""

    task_id: str
    escalation_id: str
    name: ClassVar[str] = "EscalationProposed"


@dataclass(frozen=True, slots=True)
class EscalationChased(Event):
    """Nobody decided in time: the next role is asked. `hop` is its number among the escalation's hops, from 0.

    `unit` is the code of the unit whose people had to answer; empty in what older versions said: the higher one.
    """

    task_id: str
    escalation_id: str
    hop: str
    unit: str = ""
    name: ClassVar[str] = "EscalationChased"


@dataclass(frozen=True, slots=True)
class EscalationOverrun(Event):
    """The escalation has crossed two daily meetings undecided, or nobody is left to ask. `unit` as above."""

    task_id: str
    escalation_id: str
    unit: str = ""
    name: ClassVar[str] = "EscalationOverrun"


@dataclass(frozen=True, slots=True)
class DecisionRecorded(Event):
    """A decision about the task stands on the record."""

    task_id: str
    decision_id: str
    name: ClassVar[str] = "DecisionRecorded"


@dataclass(frozen=True, slots=True)
class PackFrozen(Event):
    """A meeting's pack is ready to be read."""

    pack_id: str
    name: ClassVar[str] = "PackFrozen"


@dataclass(frozen=True, slots=True)
class StrategyPublished(Event):
    """A version of the control strategy is to be made known to a unit."""

    version: str
    unit: str
    name: ClassVar[str] = "StrategyPublished"


@dataclass(frozen=True, slots=True)
class DigestDue(Event):
    """It is time for the digest of a unit. `slot` is its local day and time, such as 2027-01-04 07:30."""

    unit: str
    slot: str
    name: ClassVar[str] = "DigestDue"


@dataclass(frozen=True, slots=True)
class CycleClosed(Event):
    """A tasking cycle has ended and its report is made. `unit` is one whose channel is told."""

    cycle: str
    unit: str
    name: ClassVar[str] = "CycleClosed"


@dataclass(frozen=True, slots=True)
class InterimReviewDue(Event):
    """A meeting is rarer than its policy allows, and is to be looked at before the next. `slot` is when the time
    between the two began."""

    meeting: str
    slot: str
    name: ClassVar[str] = "InterimReviewDue"


@dataclass(frozen=True, slots=True)
class CanaryDue(Event):
    """It is time to try the channel of a meeting. `day` is the local day."""

    channel: str
    day: str
    name: ClassVar[str] = "CanaryDue"


@dataclass(frozen=True, slots=True)
class TaskDeletedOnBoard(Event):
    """A person deleted the task from the board of `unit`, and it is still open."""

    task_id: str
    unit: str
    name: ClassVar[str] = "TaskDeletedOnBoard"


@dataclass(frozen=True, slots=True)
class TaskWithdrawn(Event):
    """An open task is not wanted any more: it ends on every board."""

    task_id: str
    name: ClassVar[str] = "TaskWithdrawn"


@dataclass(frozen=True, slots=True)
class BoardDamaged(Event):
    """A plan of the board of `unit` lacks a bucket or has lost label names."""

    unit: str
    plan_id: str
    name: ClassVar[str] = "BoardDamaged"


EVENTS: Mapping[str, type[Event]] = {
    event.name: event
    for event in (
        ResponseReceived,
        TaskRaised,
        TaskChanged,
        TaskReassessed,
        TaskEscalated,
        TaskReturned,
        TaskChased,
        EscalationProposed,
        EscalationChased,
        EscalationOverrun,
        DecisionRecorded,
        PackFrozen,
        StrategyPublished,
        DigestDue,
        CycleClosed,
        InterimReviewDue,
        CanaryDue,
        TaskDeletedOnBoard,
        TaskWithdrawn,
        BoardDamaged,
    )
}


def event_from(name: str, payload: Mapping[str, str]) -> Event:
    """The event that the outbox kept. Raises KeyError for a name that no event has."""
    return EVENTS[name](**payload)
