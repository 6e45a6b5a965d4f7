"""One transaction: task rows, audit rows and outbox rows are committed together or not at all."""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from store import (
    agenda,
    audit_log,
    decisions,
    intelligence,
    meetings,
    notes,
    offers,
    outbox,
    packs,
    saved_views,
    strategies,
    tasks,
)
from store.together import Together
from tasking.agenda import AgendaStep
from tasking.audit import AuditKind
from tasking.clocks import LONDON
from tasking.decision import Decision
from tasking.errors import RuleBroken
from tasking.escalation import Escalation
from tasking.events import Event
from tasking.intelligence_items import IntelligenceItem
from tasking.meetings import MeetingRecord
from tasking.note import Note
from tasking.offers import Offer
from tasking.ports import Clock
from tasking.saved_views import SavedView
from tasking.strategy import ControlStrategy
from tasking.task import Task
from tasking.thrive import AssessedRisk

Routes = Mapping[type[Event], tuple[str, ...]]


class Store:
    """The service's memory: makes transactions, and tells the work queue what a commit has promised.

    `routes` says which handlers an event goes to; `on_promised` is called after a commit with the new outbox ids.
    `together` runs a piece of work that many deliveries do at the same moment (see store/together.py).
    """

    def __init__(self, engine: Engine, clock: Clock, routes: Routes, reference_prefix: str = "T") -> None:
        self.engine = engine
        self.clock = clock
        self.routes = routes
        self.reference_prefix = reference_prefix
        self.on_promised: Callable[[Sequence[int]], None] = lambda ids: None
        self.together = Together(engine).run

    @contextmanager
    def act(self, actor: str, source: str, correlation_id: str) -> Iterator["SqlUnitOfWork"]:
        """A transaction in which `actor` acts. Rolled back whole when the block raises."""
        with self.engine.begin() as connection:
            uow = SqlUnitOfWork(self, connection, actor, source, correlation_id)
            yield uow
        uow.tell_promised()

    def new_delivery_id(self) -> str:
        """A name for a delivery whose carrier gave it none."""
        return secrets.token_hex(8)

    def consulted(
        self, actor: str, source: str, object_ref: str, recipient: str | None = None, correlation_id: str | None = None
    ) -> None:
        """Audits, in a commit of its own, that `actor` looks at this. Call it before showing it, outside of `act`."""
        line = (self.clock.now(), actor, source, object_ref, correlation_id or self.new_delivery_id(), recipient)
        with self.engine.begin() as connection:
            audit_log.consulted(connection, *line)

    def disclosed(
        self, actor: str, source: str, object_ref: str, recipient: str | None = None, correlation_id: str | None = None
    ) -> None:
        """Audits, in a commit of its own, that `actor` gives this to `recipient`. Call it before it goes, as above."""
        line = (self.clock.now(), actor, source, object_ref, correlation_id or self.new_delivery_id(), recipient)
        with self.engine.begin() as connection:
            audit_log.disclosed(connection, *line)

    @contextmanager
    def open(self) -> Iterator[Connection]:
        """A transaction on rows that are not tasks: inbox, cursors, links."""
        with self.engine.begin() as connection:
            yield connection


class SqlUnitOfWork:
    """The promises of `tasking.ports.UnitOfWork`, kept in SQL. Made by `Store.act`, or for a transaction that is open:
    whoever opened it commits it and then calls `tell_promised`."""

    def __init__(self, store: Store, connection: Connection, actor: str, source: str, correlation_id: str) -> None:
        self.connection = connection
        self.promised: list[int] = []
        self._store = store
        self._actor = actor
        self._source = source
        self.correlation_id = correlation_id
        self._now = store.clock.now()

    @property
    def actor(self) -> str:
        """Who acts."""
        return self._actor

    def now(self) -> datetime:
        """The moment this transaction began, UTC."""
        return self._now

    def new_id(self) -> str:
        """32 hexadecimal digits that nothing else has."""
        return secrets.token_hex(16)

    def next_reference(self) -> str:
        """The next task reference; never given twice."""
        return tasks.next_reference(self.connection, self._store.reference_prefix)

    def task(self, task_id: str) -> Task:
        """The task as it stands. Raises UnknownTask."""
        return tasks.read_task(self.connection, task_id)

    def task_by_reference(self, reference: str) -> Task:
        """The task with this reference. Raises UnknownTask."""
        return tasks.read_task_by_reference(self.connection, reference)

    def add_task(self, task: Task, risk: AssessedRisk | None = None) -> None:
        """Keeps a new task, with its first assessment where it has one."""
        tasks.add_task(self.connection, task, risk)

    def save_task(self, task: Task) -> Task:
        """Keeps a changed task. Raises StaleTask."""
        return tasks.save_task(self.connection, task, self._now)

    def assessments(self, task_id: str) -> tuple[AssessedRisk, ...]:
        """A task's assessments, oldest first."""
        return tasks.read_assessments(self.connection, task_id)

    def add_assessment(self, task_id: str, risk: AssessedRisk) -> None:
        """Appends an assessment."""
        tasks.add_assessment(self.connection, task_id, risk)

    def escalations(self, task_id: str) -> tuple[Escalation, ...]:
        """A task's escalations, oldest first."""
        return tasks.read_escalations(self.connection, task_id)

    def put_escalation(self, escalation: Escalation) -> None:
        """Keeps a new or changed escalation."""
        tasks.put_escalation(self.connection, escalation)

    def awaiting_forum(self, meeting_ref: str) -> tuple[Escalation, ...]:
        """Undecided escalations that this meeting was to decide."""
        return tasks.awaiting_forum(self.connection, meeting_ref)

    def next_decision_reference(self) -> str:
        """The next decision reference of this London year; never given twice."""
        year = self._now.astimezone(LONDON).year
        _, number = tasks.next_reference(self.connection, f"DEC-{year}", first=1).rsplit("-", 1)
        return f"DEC-{year}-{int(number):06}"

    def add_decision(self, decision: Decision) -> None:
        """Appends a decision."""
        decisions.append(self.connection, decision)

    def decisions(self, task_id: str) -> tuple[Decision, ...]:
        """A task's decisions, oldest first."""
        return decisions.of_task(self.connection, task_id)

    def control_strategies(self) -> tuple[ControlStrategy, ...]:
        """Every version of the control strategy, oldest first."""
        return strategies.read_all(self.connection)

    def add_control_strategy(self, strategy: ControlStrategy) -> None:
        """Appends a version of the control strategy."""
        strategies.append(self.connection, strategy)

    def next_intelligence_reference(self) -> str:
        """The next reference of what intelligence puts before meetings; never given twice."""
        return tasks.next_reference(self.connection, "INT")

    def intelligence_item(self, reference: str) -> IntelligenceItem:
        """The item with this reference. Raises RuleBroken where there is none."""
        found = intelligence.read(self.connection, reference)
        if found is None:
            raise RuleBroken("There is no recommendation or feed item with that reference.")
        return found

    def intelligence_item_by_key(self, key: str) -> IntelligenceItem | None:
        """The item that its source gave this key."""
        return intelligence.read_by_key(self.connection, key)

    def put_intelligence_item(self, item: IntelligenceItem) -> None:
        """Keeps a new or answered item."""
        intelligence.put(self.connection, item)

    def add_note(self, note: Note) -> None:
        """Appends a note on a task."""
        notes.add(self.connection, note)

    def meeting_record(self, meeting_ref: str) -> MeetingRecord | None:
        """What is on record of one meeting."""
        return meetings.read(self.connection, meeting_ref)

    def put_meeting(self, record: MeetingRecord) -> None:
        """Keeps a meeting that was cancelled or held."""
        meetings.put(self.connection, record)

    def cancelled_meetings(self) -> frozenset[str]:
        """References of the meetings that were cancelled."""
        return meetings.cancelled(self.connection)

    def next_agenda_reference(self) -> str:
        """The next code of a point added by hand."""
        return tasks.next_reference(self.connection, "POINT")

    def agenda_steps(self, meeting_ref: str) -> tuple[AgendaStep, ...]:
        """What people did to an agenda, oldest first."""
        return agenda.of_meeting(self.connection, meeting_ref)

    def add_agenda_step(self, step: AgendaStep) -> None:
        """Appends a change to an agenda."""
        agenda.add(self.connection, step)

    def has_pack_since(self, meeting_ref: str, since: datetime) -> bool:
        """Whether a pack was frozen at or after this moment."""
        return packs.has_since(self.connection, meeting_ref, since)

    def saved_views(self, owner_id: str) -> tuple[SavedView, ...]:
        """A person's saved views, by name."""
        return saved_views.of_owner(self.connection, owner_id)

    def put_view(self, view: SavedView) -> None:
        """Keeps a new or changed view."""
        saved_views.put(self.connection, view)

    def delete_view(self, view_id: str) -> None:
        """Deletes a view."""
        saved_views.remove(self.connection, view_id)

    def next_offer_reference(self) -> str:
        """The next reference of an offer."""
        return tasks.next_reference(self.connection, "OFFER")

    def standing_offers(self) -> tuple[Offer, ...]:
        """Offers that are neither over nor withdrawn."""
        return offers.standing(self.connection, self._now)

    def add_offer(self, offer: Offer) -> None:
        """Keeps an offer."""
        offers.add(self.connection, offer)

    def add_offer_withdrawal(self, offer: Offer, by: str, because: str) -> None:
        """Notes that it stands no longer."""
        offers.withdraw(self.connection, offer, by, because, self._now)

    def audit(
        self,
        action: str,
        object_ref: str,
        changes: Mapping[str, tuple[object, object]],
        kind: AuditKind = AuditKind.ALTERATION,
        on_behalf_of: str | None = None,
        recipient: str | None = None,
    ) -> None:
        """Appends to the audit log."""
        line = (self._now, self._actor, self._source, action, object_ref, changes, self.correlation_id)
        audit_log.append(self.connection, *line, kind, on_behalf_of, recipient)

    def emit(self, event: Event) -> None:
        """One outbox row for each handler on the event's route."""
        payload = event.payload()
        urgency = tasks.urgency_of(self.connection, payload.get("task_id"))
        handlers = self._store.routes[type(event)]
        self.promised += outbox.add_for(
            self.connection, event.name, handlers, payload, self._now, self.correlation_id, urgency
        )

    def put_back(self, outbox_id: int | None = None) -> list[int]:
        """Puts one dead letter, or with None all of them, back to be delivered; audited, each once. Returns their ids,
        none where none is dead any more."""
        ids = outbox.replay(self.connection, outbox_id, self._now)
        for each in ids:
            self.audit("delivery put back", f"delivery {each}", {"state": ("DEAD", "PENDING")})
        self.promised += ids
        return ids

    def tell_promised(self) -> None:
        """Tells the work queue what was promised, now that it is committed."""
        if self.promised:
            self._store.on_promised(self.promised)
