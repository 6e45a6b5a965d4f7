"""What actions need from outside. `store` keeps these promises; nothing here knows how."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from tasking.agenda import AgendaStep
from tasking.audit import AuditKind
from tasking.decision import Decision
from tasking.escalation import Escalation
from tasking.events import Event
from tasking.intelligence_items import IntelligenceItem
from tasking.meetings import MeetingRecord
from tasking.note import Note
from tasking.offers import Offer
from tasking.strategy import ControlStrategy
from tasking.task import Task
from tasking.thrive import AssessedRisk

if TYPE_CHECKING:
    from tasking.saved_views import SavedView


class Clock(Protocol):
    """Tells the time, so that tests and the demo can set it."""

    def now(self) -> datetime:
        """The present moment, UTC, with a time zone."""
        ...


class UnitOfWork(Protocol):
    """One transaction: tasks, audit and outbox are saved together or not at all."""

    @property
    def actor(self) -> str:
        """Who acts: a person's id or address, or the name of a rule or job."""
        ...

    def now(self) -> datetime:
        """The moment of this transaction, UTC."""
        ...

    def new_id(self) -> str:
        """An id that nothing else has."""
        ...

    def next_reference(self) -> str:
        """The next task reference. Once committed it is never given again, whatever becomes of the task.

        A transaction rolled back gives its number back: nobody can have been told it.
        """
        ...

    def task(self, task_id: str) -> Task:
        """The task as it stands. Raises UnknownTask."""
        ...

    def task_by_reference(self, reference: str) -> Task:
        """The task with this reference, whatever the case it is written in. Raises UnknownTask."""
        ...

    def add_task(self, task: Task, risk: AssessedRisk | None = None) -> None:
        """Keeps a new task, with its first assessment where it has one."""
        ...

    def save_task(self, task: Task) -> Task:
        """Keeps the changed task and returns it with its new version. Raises StaleTask."""
        ...

    def assessments(self, task_id: str) -> tuple[AssessedRisk, ...]:
        """All assessments of a task, oldest first."""
        ...

    def add_assessment(self, task_id: str, risk: AssessedRisk) -> None:
        """Appends an assessment; none is ever changed."""
        ...

    def escalations(self, task_id: str) -> tuple[Escalation, ...]:
        """All escalations of a task, oldest first."""
        ...

    def put_escalation(self, escalation: Escalation) -> None:
        """Keeps a new or changed escalation."""
        ...

    def awaiting_forum(self, meeting_ref: str) -> tuple[Escalation, ...]:
        """Undecided escalations that this meeting was to decide."""
        ...

    def next_decision_reference(self) -> str:
        """The next decision reference of this London year, such as DEC-2027-000123. Never given twice."""
        ...

    def add_decision(self, decision: Decision) -> None:
        """Appends a decision; none is ever changed."""
        ...

    def decisions(self, task_id: str) -> tuple[Decision, ...]:
        """All decisions about a task, oldest first."""
        ...

    def control_strategies(self) -> tuple[ControlStrategy, ...]:
        """Every version, oldest first."""
        ...

    def add_control_strategy(self, strategy: ControlStrategy) -> None:
        """Appends a version; none is ever changed."""
        ...

    def next_intelligence_reference(self) -> str:
        """The next reference of what intelligence puts before meetings, such as INT-1001. Never given twice."""
        ...

    def intelligence_item(self, reference: str) -> IntelligenceItem:
        """The recommendation or feed item with this reference. Raises RuleBroken where there is none."""
        ...

    def intelligence_item_by_key(self, key: str) -> IntelligenceItem | None:
        """The item that its source gave this key; None where there is none."""
        ...

    def put_intelligence_item(self, item: IntelligenceItem) -> None:
        """Keeps a new or answered item."""

    def add_note(self, note: Note) -> None:
        """Appends what somebody wrote on a task; none is ever changed."""
        ...

    def meeting_record(self, meeting_ref: str) -> MeetingRecord | None:
        """What is on record of one meeting: None where the calendar alone knows of it."""
        ...

    def put_meeting(self, record: MeetingRecord) -> None:
        """Keeps a meeting that was cancelled or held."""
        ...

    def cancelled_meetings(self) -> frozenset[str]:
        """References of the meetings that were cancelled."""
        ...

    def next_agenda_reference(self) -> str:
        """The next code of a point added to an agenda by hand, such as POINT-1001. Never given twice."""
        ...

    def agenda_steps(self, meeting_ref: str) -> tuple[AgendaStep, ...]:
        """What people did to the agenda of one meeting, oldest first."""
        ...

    def add_agenda_step(self, step: AgendaStep) -> None:
        """Appends a change to an agenda; none is ever changed."""
        ...

    def has_pack_since(self, meeting_ref: str, since: datetime) -> bool:
        """Whether a pack of this meeting was frozen at or after this moment (UTC)."""
        ...

    def saved_views(self, owner_id: str) -> "tuple[SavedView, ...]":
        """A person's saved views, by name."""
        ...

    def put_view(self, view: "SavedView") -> None:
        """Keeps a new or changed view."""
        ...

    def delete_view(self, view_id: str) -> None:
        """Deletes a view."""
        ...

    def next_offer_reference(self) -> str:
        """The next reference of an offer, such as OFFER-1001. Never given twice."""
        ...

    def standing_offers(self) -> tuple[Offer, ...]:
        """Offers that are neither over nor withdrawn, the one that begins first first."""
        ...

    def add_offer(self, offer: Offer) -> None:
        """Keeps an offer; none is ever changed."""
        ...

    def add_offer_withdrawal(self, offer: Offer, by: str, because: str) -> None:
        """Notes that an offer stands no longer."""
        ...

    def audit(
        self,
        action: str,
        object_ref: str,
        changes: Mapping[str, tuple[object, object]],
        kind: AuditKind = AuditKind.ALTERATION,
        on_behalf_of: str | None = None,
        recipient: str | None = None,
    ) -> None:
        """Appends to the audit log: who, when, what, and for each field the value before and after.

        `on_behalf_of` is the person for whom a rule or service acts; `recipient` is who is given it, for a disclosure.
        """
        ...

    def emit(self, event: Event) -> None:
        """Puts one outbox row for each handler that the event's route names."""
        ...
