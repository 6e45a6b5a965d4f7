"""Meetings: their kinds and agendas, when they recur, who may chair them and how far their authority goes."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from tasking.decision import DecisionType
from tasking.thrive import PriorityBand


class MeetingState(StrEnum):
    """PLANNED by the calendar, CANCELLED by a person, HELD once its chair has opened it."""

    PLANNED = "PLANNED"
    CANCELLED = "CANCELLED"
    HELD = "HELD"


class AgendaSection(StrEnum):
    """What a meeting goes through. reporting/meeting_pack.py has a query for each."""

    ATTENDANCE = "ATTENDANCE"
    ACTIONS_OUTSTANDING = "ACTIONS_OUTSTANDING"
    OVERNIGHT = "OVERNIGHT"
    LAST_24_HOURS = "LAST_24_HOURS"
    NEXT_24_HOURS = "NEXT_24_HOURS"
    LOCAL_PRIORITIES = "LOCAL_PRIORITIES"
    PARTNER_TASKS = "PARTNER_TASKS"
    CONTROL_STRATEGY = "CONTROL_STRATEGY"
    INTELLIGENCE = "INTELLIGENCE"
    MISSING = "MISSING"
    DUE_AND_OVERDUE = "DUE_AND_OVERDUE"
    ESCALATIONS = "ESCALATIONS"
    NEW_TASKS = "NEW_TASKS"
    RESOURCES = "RESOURCES"
    RESULTS = "RESULTS"
    DE_ESCALATIONS = "DE_ESCALATIONS"
    RISK_GRADING = "RISK_GRADING"
    DECISIONS = "DECISIONS"


class Stage(StrEnum):
    """The four stages of a tasking meeting, in their order (requirement 63)."""

    REVIEW = "REVIEW"
    PRIORITISE = "PRIORITISE"
    PLAN = "PLAN"
    TASK = "TASK"


@dataclass(frozen=True, slots=True)
class MeetingKind:
    """A kind of meeting. `agenda` is in order; `partner_sections` of it are for partners too, the rest police only.

    `is_daily` meetings run by exception, show at most `most_items` items, and are what an undecided escalation may
    not cross twice. `is_tasking` says that it is a tasking and co-ordination meeting (APP: the daily one is not).
    Only one that `sets_control_strategy` does. `policy_url` is where the policy stands by which it takes place: only of
    such a kind a missed meeting is flagged. Where two of them are further apart than `longest_gap` an interim review
    falls between them, after so many per cent of that time. `stages` groups the agenda where the meeting has stages.
    """

    code: str
    name: str
    agenda: tuple[AgendaSection, ...]
    partner_sections: tuple[AgendaSection, ...] = ()
    is_daily: bool = False
    is_tasking: bool = True
    most_items: int | None = None
    sets_control_strategy: bool = False
    policy_url: str = ""
    longest_gap: timedelta | None = None
    interim_percent: int = 50
    stages: tuple[tuple[Stage, tuple[AgendaSection, ...]], ...] = ()

    def stage_of(self, section: AgendaSection) -> Stage | None:
        """The stage at which the meeting takes this section; None without stages."""
        return next((stage for stage, sections in self.stages if section in sections), None)


@dataclass(frozen=True, slots=True)
class Recurrence:
    """When a meeting takes place, in London time. `first` is its first start, without a time zone.

    `rule` is an RRULE of RFC 5545; `exceptions` are local days on which it does not take place; `minutes` its length.
    """

    first: datetime
    rule: str
    minutes: int
    exceptions: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Cycle:
    """A tasking cycle. `ends` is its last day."""

    code: str
    starts: date
    ends: date


@dataclass(frozen=True, slots=True)
class Authority:
    """How far a role's decisions go: hours at a go, the highest band of a task, and decisions that it may not take.
    None is no limit. Beyond it the matter goes up."""

    role: str
    most_hours: float | None = None
    highest_band: PriorityBand | None = None
    may_not: tuple[DecisionType, ...] = ()


@dataclass(frozen=True, slots=True)
class Attendance:
    """Somebody who was there, for a role or an agency, in the partner part, the police part or both. In neither part
    are those who sent apologies."""

    who: str
    role: str
    agency: str = ""
    partner_part: bool = True
    police_part: bool = True


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a meeting's tasking team: a role, of an `agency` where it is a partner's, and who may come instead."""

    role: str
    agency: str = ""
    deputies: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """As a list of who is expected says it."""
        agency = f", {self.agency}" if self.agency else ""
        deputies = f" (or {', '.join(self.deputies)})" if self.deputies else ""
        return f"{self.role}{agency}{deputies}"


@dataclass(frozen=True, slots=True)
class Opening:
    """How a meeting was opened at first, before it was opened again: by whom, as what, when (UTC), and with whom."""

    chaired_by: str
    role: str
    opened_at: datetime | None
    attendance: tuple[Attendance, ...]


@dataclass(frozen=True, slots=True)
class MeetingRecord:
    """One meeting as it was planned, cancelled or held. Times are UTC. `meeting_ref` is its code and local day.

    `attendance` are all who were there or sent apologies; `earlier` the openings before the last, oldest first.
    """

    meeting_ref: str
    code: str
    starts_at: datetime
    state: MeetingState
    chaired_by: str = ""
    role: str = ""
    attendance: tuple[Attendance, ...] = ()
    reason: str = ""
    opened_at: datetime | None = None
    earlier: tuple[Opening, ...] = ()


def attended(entry: str) -> Attendance:
    """Somebody who is there: a role of the force, or `agency:role` for a partner, who is there for the partner part
    only."""
    agency, colon, role = entry.rpartition(":")
    return Attendance(role.strip(), role.strip(), agency.strip(), police_part=not colon)


def excused(entry: str) -> Attendance:
    """The same who sent apologies: in neither part."""
    return replace(attended(entry), partner_part=False, police_part=False)
