"""A hall for tests of announcing: the record with duty roles, every handler, and a poster that keeps what it gets."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from escalation.announce import Announce
from service.outbox_worker import OutboxWorker
from store import notebook
from store.tables import outbox as rows
from tasking import climbing
from tasking.decision import Capacity, Decision, DecisionType, Snapshot
from tasking.escalation import Escalation, EscalationStatus
from tasking.events import (
    DecisionRecorded,
    Event,
)
from tasking.force import Force, TaskingLevel
from tasking.task import Task
from tests.escalation.noting_poster import NotingPoster
from tests.peakshire import HOUR, MORNING, Desk, a_proposal, open_desk, small_force

RECORD = "https://tasking.example/tasks/{reference}"
PACK = "https://tasking.example/packs/{pack_id}"


def force_with_roles() -> Force:
    """Peakshire with duty roles at each level."""
    levels = (
        TaskingLevel("LPU", "Section", 1, ("Duty Inspector",), "Tasking Sergeant"),
        TaskingLevel("DIVISION", "Division", 2, ("Duty Superintendent", "Chief Inspector"), "Tasking Officer"),
        TaskingLevel("FORCE", "Force", 3, ("Force Duty Officer",), "Force Tasking Officer"),
    )
    return small_force(levels=levels)


@dataclass
class Hall:
    """The record, what is announced from it, and what was handed over."""

    desk: Desk
    poster: NotingPoster
    worker: OutboxWorker

    async def deliver(self) -> list[tuple[str, str]]:
        """Delivers every announcement that is promised and not made; the newest cards' channels and banners."""
        before = len(self.poster.handed)
        self.desk.clock.advance(timedelta(seconds=1))
        for row in self.promised():
            if row["state"] == "PENDING":
                await self.worker.deliver(row["outbox_id"])
        return self.poster.told[before:]

    def promised(self) -> list[Mapping[str, Any]]:
        """Every announcement ever promised."""
        return [row for row in self.desk.rows(rows) if row["handler"].startswith("announce.")]

    def escalated(self, **changes: Any) -> tuple[Task, Escalation]:
        """A task of Northfell's before North Division, to be decided in an hour."""
        proposal = a_proposal(decide_by=self.desk.clock.now() + HOUR, **changes)
        task = self.desk.raised()
        with self.desk.act("rule:OVERDUE") as uow:
            step = climbing.propose_to_climb(uow, self.desk.force, task.task_id, proposal)
        return self.desk.now(task), step

    def say(self, event: Event) -> None:
        """Says that something has happened."""
        with self.desk.act() as uow:
            uow.emit(event)

    def back(self, task: Task, step: Escalation, status: EscalationStatus) -> None:
        """The higher level sends it back in this way."""
        with self.desk.act("chair") as uow:
            climbing.send_back(uow, task, step, status, "back")

    def decided(self, task: Task, kind: DecisionType, unit: str, step: Escalation | None = None) -> Decision:
        """A decision on the record, about which DecisionRecorded is said."""
        with self.desk.act("chair") as uow:
            decision = a_decision(uow.new_id(), uow.next_decision_reference(), task, kind, unit, step)
            uow.add_decision(decision)
            uow.emit(DecisionRecorded(task.task_id, decision.decision_id))
        return decision

    def notices(self) -> list[str]:
        """What the operator is told."""
        with self.desk.store.open() as connection:
            return [row["text"] for row in notebook.open_notices(connection)]


def a_decision(
    decision_id: str, reference: str, task: Task, kind: DecisionType, unit: str, step: Escalation | None
) -> Decision:
    return Decision(
        decision_id=decision_id,
        decision_ref=reference,
        task_id=task.task_id,
        task_reference=task.reference,
        escalation_id=step.escalation_id if step else None,
        decision_type=kind,
        unit=unit,
        meeting_ref="",
        classification=task.classification,
        text="x",
        rationale="because of Ann",
        options=(),
        information="",
        threat_assessment="",
        powers_policy="",
        dissent="",
        decided_by="ann@peakshire.example",
        role="Duty Superintendent",
        capacity=Capacity.DUTY,
        decided_at=MORNING,
        recorded_by="ann@peakshire.example",
        recorded_at=MORNING,
        policy_version="1",
        snapshot=Snapshot(None, None, {}, "TRIAGED"),
    )


@contextmanager
def open_hall(force: Force | None = None) -> Iterator[Hall]:
    """On an empty store in memory, at 08:30."""
    with open_desk(force or force_with_roles()) as desk:
        poster = NotingPoster()
        told = Announce(
            desk.store, desk.force, poster, "https://p/{plan_id}/{task_id}", "https://p/{plan_id}", RECORD, PACK
        )
        handlers: Any = {
            f"announce.{name}": getattr(told, name)
            for name in (
                "proposed",
                "escalated",
                "passed_on",
                "overrun",
                "returned",
                "decided",
                "chased",
                "pack_ready",
                "strategy",
                "digest",
                "cycle_closed",
                "interim_review",
                "canary",
            )
        }
        yield Hall(desk, poster, OutboxWorker(desk.store, handlers))
