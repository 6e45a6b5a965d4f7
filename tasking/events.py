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
        TaskDeletedOnBoard,
        TaskWithdrawn,
        BoardDamaged,
    )
}


def event_from(name: str, payload: Mapping[str, str]) -> Event:
    """The event that the outbox kept. Raises KeyError for a name that no event has."""
    return EVENTS[name](**payload)
