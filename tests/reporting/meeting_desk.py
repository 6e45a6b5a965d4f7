"""Peakshire with kinds of meeting, and a desk that puts a whole morning on record in short ways. All is made up."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from reporting.meeting_pack import build_pack, freeze_pack, pack_now
from reporting.pack_parts import Pack
from store.database import open_database
from tasking import holding
from tasking.calendar import meeting_ref
from tasking.deciding import decide
from tasking.decision import Decision, DecisionRequest, DecisionType
from tasking.escalation_policy import EscalationPolicy, Rule
from tasking.force import Force, Pillar
from tasking.meetings import AgendaSection as A
from tasking.meetings import Attendance, MeetingKind, MeetingRecord, Recurrence
from tasking.task import Task, TaskText
from tasking.thrive import Alignment, PriorityBand, RiskContext
from tests.peakshire import BY_BAND, DAY, HOUR, MORNING, Desk, SetClock, limits, small_force, small_policy, tables_in

MEETS_AT = datetime(2026, 11, 2, 9, 15, tzinfo=UTC)
"""When every daily meeting of this force begins on the day of MORNING."""
DAILY = MeetingKind(
    "DAILY",
    "Daily management meeting",
    (
        A.ATTENDANCE,
        A.OVERNIGHT,
        A.LAST_24_HOURS,
        A.NEXT_24_HOURS,
        A.DUE_AND_OVERDUE,
        A.ESCALATIONS,
        A.NEW_TASKS,
        A.DECISIONS,
    ),
    is_daily=True,
    is_tasking=False,
    most_items=10,
)
LOCAL = MeetingKind(
    "LOCAL",
    "Fortnightly local tasking",
    (
        A.ATTENDANCE,
        A.LOCAL_PRIORITIES,
        A.PARTNER_TASKS,
        A.DUE_AND_OVERDUE,
        A.MISSING,
        A.RESOURCES,
        A.ESCALATIONS,
        A.DE_ESCALATIONS,
        A.RESULTS,
        A.DECISIONS,
    ),
    partner_sections=(A.ATTENDANCE, A.LOCAL_PRIORITIES, A.PARTNER_TASKS),
)
TACTICAL = MeetingKind(
    "TACTICAL",
    "Divisional tasking and co-ordination",
    (
        A.ATTENDANCE,
        A.ACTIONS_OUTSTANDING,
        A.CONTROL_STRATEGY,
        A.ESCALATIONS,
        A.RESOURCES,
        A.RESULTS,
        A.RISK_GRADING,
        A.DE_ESCALATIONS,
        A.DECISIONS,
    ),
)
CHAIR, DEPUTY = "Duty Inspector", "Local Policing Inspector"


def meeting_force(**changes: Any) -> Force:
    """The small force with daily meetings at 09:15 everywhere, and Northfell's fortnightly and North's tactical one."""
    force = small_force()
    pillars = [
        Pillar("MISSING_EXPLOITATION", "Missing and exploitation", restricted=True),
        Pillar("ASB_NEIGHBOURHOOD", "ASB and local priorities"),
        Pillar("PARTNERSHIP_DEMAND", "Repeat demand and partners"),
    ]
    daily = Recurrence(datetime.fromisoformat("2026-01-05T09:15"), "FREQ=DAILY", 20)
    meetings = [
        replace(each, kind="DAILY", chair_role=CHAIR, deputy_roles=(DEPUTY,), recurrence=daily)
        for each in force.meetings
    ]
    north, northfell = meetings[1], meetings[2]
    fortnightly = Recurrence(datetime.fromisoformat("2026-01-06T10:00"), "FREQ=WEEKLY;INTERVAL=2", 60)
    monthly = Recurrence(datetime.fromisoformat("2026-01-15T10:00"), "FREQ=WEEKLY;INTERVAL=4", 90)
    others = [
        replace(northfell, code="HP_LOCAL", name="Northfell fortnightly tasking", kind="LOCAL", recurrence=fortnightly),
        replace(north, code="DIV_N_TACTICAL", name="North Division tasking", kind="TACTICAL", recurrence=monthly),
    ]
    whole = replace(
        force,
        levels=tuple(replace(level, duty_roles=(CHAIR,)) for level in force.levels),
        pillars=force.pillars | {pillar.code: pillar for pillar in pillars},
        meetings=(*meetings, *others),
        meeting_kinds={kind.code: kind for kind in (DAILY, LOCAL, TACTICAL)},
    )
    return replace(whole, **changes)


def meeting_policy() -> EscalationPolicy:
    """The small policy, and what people may ask for."""
    asked = limits(HOUR, 4 * HOUR, DAY, DAY)
    asking = tuple(Rule(trigger, "NEXT", False, asked) for trigger in ("BEYOND_RESOURCES", "TENSION_CONFIDENCE"))
    return EscalationPolicy("test-1", (*small_policy().rules, *asking))


class MeetingDesk(Desk):
    """A desk from which meetings are prepared and held."""

    def banded(self, band: PriorityBand, alignment: Alignment = Alignment.NONE, **changes: Any) -> Task:
        """A new task in this band."""
        context = RiskContext(alignment, flags=changes.pop("flags", frozenset()))
        return self.raised(assessment=BY_BAND[band], context=context, **changes)

    def taken_on(self, task: Task) -> Task:
        """The task with an owner who has begun."""
        return self.on_board(task, owner_ids=("owner-1",), progress=50)

    def decide(self, task: Task, decision: DecisionType, role: str = CHAIR, **given: Any) -> Decision:
        """One decision in a commit of its own."""
        said: dict[str, Any] = {"rationale": "It is proportionate to the risk.", "decided_by": "insp@peakshire.example"}
        request = DecisionRequest(reference=task.reference, decision_type=decision, role=role, **said | given)
        with self.act(request.decided_by) as uow:
            return decide(uow, self.force, meeting_policy(), request)

    def held(
        self, code: str, starts_at: datetime, *there: Attendance, role: str = CHAIR, by: str = "insp@peakshire.example"
    ) -> MeetingRecord:
        """The meeting opened by whoever takes its chair."""
        with self.act(by) as uow:
            return holding.open_meeting(uow, self.force, code, starts_at, by, role, there)

    def pack(self, code: str = "HP_DAILY", starts_at: datetime = MEETS_AT, previous: Pack | None = None) -> Pack:
        """The pack of a meeting as it would be now."""
        with self.store.open() as connection:
            return build_pack(connection, self.force, self.force.meeting(code), starts_at, self.clock.now(), previous)

    def pack_after_the_last(self, code: str = "HP_DAILY", starts_at: datetime = MEETS_AT) -> Pack:
        """The pack with what changed since the one that was frozen last."""
        with self.store.open() as connection:
            return pack_now(connection, self.force, self.force.meeting(code), starts_at, self.clock.now())

    def frozen(self, pack: Pack) -> str:
        """The id of the pack, frozen."""
        with self.act() as uow:
            return freeze_pack(uow, pack, "ann@peakshire.example")

    def ref(self, code: str, starts_at: datetime = MEETS_AT) -> str:
        """The reference of one occasion of a meeting."""
        return meeting_ref(self.force.meeting(code), starts_at)


def texts(ask: str = "Two officers", good: str = "No reports for a week") -> TaskText:
    """What a form says of a task."""
    return TaskText(ask=ask, why_now="Term starts", place="Mill Lane", good_looks_like=good)


@contextmanager
def open_meeting_desk(force: Force | None = None) -> Iterator[MeetingDesk]:
    """A desk on an empty store in memory, its clock at 08:30 on the day of the meetings."""
    with tables_in(open_database("sqlite://")) as engine:
        yield MeetingDesk(engine, SetClock(MORNING), force or meeting_force())
