"""A small Peakshire for tests of the record: three levels, a policy, a clock to set, and a real store in memory."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine

from service.event_routes import ROUTES
from store.database import open_database
from store.outbox import Delivery
from store.schema import metadata
from store.tables import outbox
from store.unit_of_work import SqlUnitOfWork, Store
from tasking import actions, board_actions
from tasking.escalation_policy import EscalationPolicy, Proposal, Rule
from tasking.events import Event, event_from
from tasking.force import TRIAGE, Board, Force, Label, Pillar, TaskingLevel, TaskingMeeting, Unit
from tasking.requests import BoardChanges, ReassessRequest, ReturnRequest, TaskRequest
from tasking.task import Task, TaskText
from tasking.thrive import PriorityBand, RiskContext, ThriveAssessment

MORNING = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
IMMEDIATE, PRIORITY, SCHEDULED, ROUTINE = PriorityBand

BY_BAND: Mapping[PriorityBand, ThriveAssessment] = {
    IMMEDIATE: ThriveAssessment(4, 4, 4, 2, 4, 2),
    PRIORITY: ThriveAssessment(3, 3, 3, 0, 2, 0),
    SCHEDULED: ThriveAssessment(2, 2, 2, 0, 1, 0),
    ROUTINE: ThriveAssessment(1, 1, 1, 0, 0, 0),
}
"""One assessment in each band: 88, 47, 24 and 7 points."""

ASK = "ESCALATE_ASKED"
MISSING = frozenset({"MISSING_HIGH"})


class SetClock:
    """Stands still until it is moved."""

    def __init__(self, at: datetime = MORNING) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment it is set to, UTC."""
        return self.at

    def advance(self, by: timedelta) -> None:
        """Moves it ahead."""
        self.at += by


def small_force(**changes: Any) -> Force:
    """Peakshire with one division of two sections."""
    units = [
        Unit("PKS", "Peakshire", "FORCE", None),
        Unit("DIV_N", "North Division", "DIVISION", "PKS"),
        Unit("HP", "Northfell", "LPU", "DIV_N"),
        Unit("DD", "Dalesmere", "LPU", "DIV_N"),
    ]
    pillars = [Pillar(TRIAGE, "0 Awaiting triage"), Pillar("ROADS", "Roads policing"), Pillar("RURAL", "Rural")]
    force = Force(
        code="PKS",
        name="Peakshire",
        reference_prefix="T",
        levels=(
            TaskingLevel("LPU", "Section", 1),
            TaskingLevel("DIVISION", "Division", 2),
            TaskingLevel("FORCE", "Force", 3),
        ),
        units={unit.code: unit for unit in units},
        pillars={pillar.code: pillar for pillar in pillars},
        labels={ASK: Label(22, ASK, "Ask: escalate", False)},
        meetings=tuple(
            TaskingMeeting(f"{unit.code}_DAILY", f"{unit.name} daily tasking", unit.code, "Duty Inspector", "Tasking")
            for unit in units
        ),
        boards={unit.code: Board(unit.code, unit.code.lower(), unit.name, f"{unit.name} board") for unit in units},
        triage_unit="PKS",
    )
    return replace(force, **changes)


def limits(immediate: timedelta, priority: timedelta, scheduled: timedelta, routine: timedelta) -> Any:
    """A length of time for each band."""
    return dict(zip(PriorityBand, (immediate, priority, scheduled, routine), strict=True))


def small_policy(*triggers: str) -> EscalationPolicy:
    """A rule for each trigger, or for those named only. RISK_RISEN takes 15 points, OVERDUE 0, 0, 48 h and 7 d."""
    hour, day = limits(HOUR, HOUR, HOUR, HOUR), limits(DAY, DAY, DAY, DAY)
    rules = (
        Rule("MISSING_HIGH", "FORCE", True, hour),
        Rule("RISK_RISEN", "NEXT", False, limits(HOUR, 4 * HOUR, 4 * HOUR, 4 * HOUR), points=15),
        Rule("NOT_ACCEPTED", "NEXT", True, hour),
        Rule("OVERDUE", "NEXT", True, day, after=limits(0 * HOUR, 0 * HOUR, 48 * HOUR, 7 * DAY)),
        Rule("ASKED_BY_LABEL", "NEXT", False, limits(HOUR, 4 * HOUR, DAY, DAY)),
    )
    return EscalationPolicy("test-1", tuple(rule for rule in rules if not triggers or rule.trigger in triggers))


def a_request(reference: str = "T-1001", **changes: Any) -> TaskRequest:
    """A whole request of HP's for Roads, in band SCHEDULED."""
    request = TaskRequest(
        reference=reference,
        title="Speeding past the school",
        unit="HP",
        pillar="ROADS",
        text=TaskText(ask="Two officers", why_now="Term starts", place="Mill Lane"),
        wanted="DO_LOCALLY",
        assessment=BY_BAND[SCHEDULED],
        context=RiskContext(),
        form="raise_task",
        response_id=f"response of {reference}",
        submitted_by="ann@peakshire.example",
        submitted_at=MORNING,
        checklist=("Set out cones", "Report back"),
    )
    return replace(request, **changes)


def a_proposal(from_unit: str = "HP", to_unit: str = "DIV_N", **changes: Any) -> Proposal:
    """A rule's wish that a task goes up one level."""
    proposal = Proposal("OVERDUE", "due", from_unit, to_unit, "It is past its due time.", None, True, "test-1")
    return replace(proposal, **changes)


@contextmanager
def tables_in(engine: Engine) -> Iterator[Engine]:
    """The engine with empty tables, closed afterwards."""
    metadata.create_all(engine)
    try:
        yield engine
    finally:
        engine.dispose()


class Desk:
    """A store with short ways to do to a task what a test needs, each in its own commit."""

    def __init__(self, engine: Engine, clock: SetClock, force: Force | None = None) -> None:
        self.clock = clock
        self.force = force or small_force()
        self.store = Store(engine, clock, ROUTES)

    @contextmanager
    def act(self, actor: str = "ann@peakshire.example") -> Iterator[SqlUnitOfWork]:
        """A transaction in which somebody acts."""
        with self.store.act(actor, "test", "c-1") as uow:
            yield uow

    def raised(self, **changes: Any) -> Task:
        """A new task with the next reference."""
        with self.act() as uow:
            return actions.raise_task(uow, self.force, a_request(uow.next_reference(), **changes))

    def on_board(self, task: Task, unit: str = "", **changes: Any) -> Task:
        """The task after a person changed this on the board of `unit`, by default its own."""
        with self.act(f"board of {unit or task.unit}") as uow:
            changed = BoardChanges(**changes)
            return board_actions.record_board_changes(uow, self.force, task.task_id, unit or task.unit, changed)

    def reassessed(
        self,
        task: Task,
        assessment: ThriveAssessment,
        flags: frozenset[str] = frozenset(),
        reason: str = "New facts",
    ) -> Task:
        """The task with one more assessment."""
        request = ReassessRequest(task.reference, assessment, RiskContext(flags=flags), "bea", self.clock.now(), reason)
        with self.act() as uow:
            return actions.reassess(uow, self.force, request)

    def escalated(self, task: Task, proposal: Proposal | None = None) -> Task:
        """The task one level up."""
        with self.act("rule:test") as uow:
            actions.escalate(uow, self.force, task.task_id, proposal or a_proposal())
        return self.now(task)

    def returned(
        self,
        task: Task,
        reason: str = "Risk is lower",
        conditions: str = "Patrol daily",
        residual_risk: str = "A repeat",
        receiver: str = "Duty Inspector",
    ) -> Task:
        """The task given back by the level that has it."""
        with self.act("chair") as uow:
            request = ReturnRequest(
                task.reference, reason, conditions, residual_risk, receiver, "chair", self.clock.now()
            )
            actions.de_escalate(uow, self.force, request)
        return self.now(task)

    def now(self, task: Task) -> Task:
        """The task as it stands."""
        with self.act() as uow:
            return uow.task(task.task_id)

    def escalations(self, task: Task) -> Sequence[Any]:
        """Its escalations, oldest first."""
        with self.act() as uow:
            return uow.escalations(task.task_id)

    def events(self) -> list[Event]:
        """What has happened so far, each event once, oldest first."""
        found: list[Event] = []
        for row in self.rows(outbox):
            event = event_from(row["event"], row["payload"])
            if event not in found[-1:]:
                found.append(event)
        return found

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table, in the order they were put there."""
        with self.store.open() as connection:
            return list(connection.execute(table.select()).mappings())


@contextmanager
def open_desk(force: Force | None = None) -> Iterator[Desk]:
    """A desk on an empty store in memory, its clock at 08:30."""
    with tables_in(open_database("sqlite://")) as engine:
        yield Desk(engine, SetClock(), force)


def a_delivery(row: Mapping[str, Any]) -> Delivery:
    """An outbox row as the worker would hand it on."""
    return Delivery(**{name: row[name] for name in Delivery.__dataclass_fields__})
