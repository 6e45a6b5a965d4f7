"""What a force is made of: levels, units, pillars, labels, meetings. Read from config, never changed while running."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from tasking.errors import RuleBroken
from tasking.meetings import Authority, MeetingKind, Recurrence, Seat

TRIAGE = "TRIAGE"
"""Code of the pillar whose bucket holds what could not be placed (policing glossary: awaiting triage)."""

RESTRICTED_BOARD = "RESTRICTED_BOARD"
"""Code of the board that takes restricted tasks in place of their units' boards, where the force has one."""

LEVEL_LABEL = "LEVEL_"
"""How the code of a label begins that says at which level a task stands; the level's code follows."""


@dataclass(frozen=True, slots=True)
class TaskingLevel:
    """One rung of the ladder. A higher `rank` is a higher level of tasking.

    `duty_roles` decide for it between meetings, the first asked first; `action_manager_role` looks after what has no
    owner or goes stale, `tasking_officer_role` after everything else in the inbox. A meeting may name its own.
    """

    code: str
    name: str
    rank: int
    duty_roles: tuple[str, ...] = ()
    action_manager_role: str = ""
    tasking_officer_role: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of the force that holds a board: a local policing unit, a division, or the force itself."""

    code: str
    name: str
    level: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Pillar:
    """A theme of work, shown as a bucket on every board. `meeting` is the code of the meeting whose channel alone has
    the cards about its restricted tasks, empty where they go to their units' channels. `accept_within` and
    `finish_within` are the limits of this kind of work, where they are tighter than the band's."""

    code: str
    label: str
    restricted: bool = False
    retired: bool = False
    meeting: str = ""
    accept_within: timedelta | None = None
    finish_within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """One of Planner's 25 label slots, with the same meaning on every board."""

    slot: int
    code: str
    name: str
    kept_by_service: bool


@dataclass(frozen=True, slots=True)
class TaskingMeeting:
    """A meeting that tasks are decided at, with the Teams channel where its chair reads.

    `poster` carries its cards, the force's own where empty. Without a `recurrence` it is only a channel. The two last
    roles are its level's where empty. `roster` is its tasking team, of which `quorum` are needed.
    """

    code: str
    name: str
    unit: str
    chair_role: str
    channel: str
    kind: str = ""
    deputy_roles: tuple[str, ...] = ()
    recurrence: Recurrence | None = None
    poster: str = ""
    action_manager_role: str = ""
    tasking_officer_role: str = ""
    roster: tuple[Seat, ...] = ()
    quorum: int = 0


@dataclass(frozen=True, slots=True)
class Board:
    """Where tasks stand in Microsoft 365: the group that owns the plan, and the plan's title.

    `unit` is whose tasks those are that people make there by hand. `code` is what the board goes by, empty for the
    board of `unit`, which goes by that.
    """

    unit: str
    group_nickname: str
    group_name: str
    plan_title: str
    code: str = ""

    @property
    def goes_by(self) -> str:
        """Its code, by which the record and the commands know it."""
        return self.code or self.unit


@dataclass(frozen=True, slots=True)
class QualityRules:
    """How scores are checked. With `blind_second_score` a second assessor is not shown the first score.

    `sample_high` tasks in band IMMEDIATE or PRIORITY and `sample_standard` others are drawn each cycle.
    """

    blind_second_score: bool = False
    sample_high: int = 5
    sample_standard: int = 5


@dataclass(frozen=True, slots=True)
class ReferenceKind:
    """A kind of reference in another system. `pattern` is what one looks like, with a group for each part;
    `written` puts the parts together as people are shown it; `example` is a reference of this kind."""

    code: str
    name: str
    pattern: str
    written: str
    example: str


@dataclass(frozen=True, slots=True)
class Skill:
    """People or equipment of one kind that units lend each other. `words` are what it is called besides its name."""

    code: str
    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Force:
    """The whole of `config/force.yaml`, checked. Lookups raise KeyError for codes that config does not hold.

    `authorities` are by role; `cycle_first_day` is the first day of any tasking cycle, from which all are counted;
    units of the levels `cycle_report_to` are told when one has ended.

    `deleted_task_policy` is restore or accept, `hand_made_task_policy` adopt or leave. `next_plan_title` names the plan
    that follows a full one: {title} is the board's, {number} counts from 2. `boards` are those of the units;
    `restricted_board`, where there is one, takes what is restricted in their place.
    """

    code: str
    name: str
    reference_prefix: str
    levels: tuple[TaskingLevel, ...]
    units: dict[str, Unit]
    pillars: dict[str, Pillar]
    labels: dict[str, Label]
    meetings: tuple[TaskingMeeting, ...]
    boards: dict[str, Board]
    triage_unit: str
    deleted_task_policy: str = "restore"
    hand_made_task_policy: str = "adopt"
    completed_stay_days: int = 28
    next_plan_title: str = "{title} ({number})"
    meeting_kinds: dict[str, MeetingKind] = field(default_factory=dict)
    authorities: dict[str, Authority] = field(default_factory=dict)
    cycle_first_day: date | None = None
    cycle_days: int = 28
    cycle_report_to: tuple[str, ...] = ()
    quality: QualityRules = QualityRules()
    reference_kinds: tuple[ReferenceKind, ...] = ()
    skills: dict[str, Skill] = field(default_factory=dict)
    restricted_board: Board | None = None

    def level(self, code: str) -> TaskingLevel:
        """The level with this code; KeyError when there is none."""
        return next_or_key_error((level for level in self.levels if level.code == code), code)

    def above(self, level: TaskingLevel) -> TaskingLevel | None:
        """The next level up, or None at the top."""
        higher = [each for each in self.levels if each.rank > level.rank]
        return min(higher, key=lambda each: each.rank, default=None)

    def below(self, level: TaskingLevel) -> TaskingLevel | None:
        """The next level down, or None at the bottom."""
        lower = [each for each in self.levels if each.rank < level.rank]
        return max(lower, key=lambda each: each.rank, default=None)

    def level_of(self, unit_code: str) -> TaskingLevel:
        """The level that a unit's board stands on."""
        return self.level(self.units[unit_code].level)

    def unit_at(self, unit_code: str, level_code: str) -> Unit:
        """The unit itself or the one above it that stands at this level.

        Raises RuleBroken when no unit in its line does, for instance a level below its own.
        """
        unit: Unit | None = self.units[unit_code]
        while unit is not None:
            if unit.level == level_code:
                return unit
            unit = self.units[unit.parent] if unit.parent else None
        raise RuleBroken(f"{unit_code} has no unit above it at level {level_code}.")

    @property
    def every_board(self) -> dict[str, Board]:
        """All boards by their codes: those of the units, then the restricted one."""
        apart = {RESTRICTED_BOARD: self.restricted_board} if self.restricted_board else {}
        return {**self.boards, **apart}

    def board_name(self, code: str) -> str:
        """What people call a board: by its unit, or by the group of one that is no unit's; its code where there is none
        any more."""
        board = self.every_board.get(code)
        return self.units[code].name if code in self.units else board.group_name if board else code

    def meeting_of(self, unit_code: str) -> TaskingMeeting | None:
        """The first meeting that config lists for this unit: where its chair reads."""
        return next((meeting for meeting in self.meetings if meeting.unit == unit_code), None)

    def meetings_of(self, unit_code: str) -> tuple[TaskingMeeting, ...]:
        """Every meeting of this unit, in the order of config."""
        return tuple(meeting for meeting in self.meetings if meeting.unit == unit_code)

    def meeting(self, code: str) -> TaskingMeeting:
        """The meeting with this code; KeyError when there is none."""
        return {meeting.code: meeting for meeting in self.meetings}[code]

    def action_manager(self, meeting: TaskingMeeting) -> str:
        """The role that looks after what has no owner or goes stale: the meeting's, else its level's; may be empty."""
        return meeting.action_manager_role or self.level_of(meeting.unit).action_manager_role

    def tasking_officer(self, meeting: TaskingMeeting) -> str:
        """The role that works from the inbox for this meeting: its own, else its level's; may be empty."""
        return meeting.tasking_officer_role or self.level_of(meeting.unit).tasking_officer_role

    def action_manager_at(self, unit_code: str) -> str:
        """The action manager of a unit: of its first meeting, else of its level; may be empty."""
        meeting = self.meeting_of(unit_code)
        return self.action_manager(meeting) if meeting else self.level_of(unit_code).action_manager_role

    def tasking_officer_at(self, unit_code: str) -> str:
        """The tasking officer of a unit: of its first meeting, else of its level; may be empty."""
        meeting = self.meeting_of(unit_code)
        return self.tasking_officer(meeting) if meeting else self.level_of(unit_code).tasking_officer_role

    def channel_code(self, meeting: TaskingMeeting) -> str:
        """The code that the meeting's channel goes by: that of the first meeting of its unit that has this channel."""
        name = meeting.channel.casefold()
        sharing = (each.code for each in self.meetings_of(meeting.unit) if each.channel.casefold() == name)
        return next(sharing, meeting.code)

    def kind_of(self, meeting: TaskingMeeting) -> MeetingKind | None:
        """The kind of a meeting, None where config gives it none."""
        return self.meeting_kinds.get(meeting.kind)

    def label_at(self, slot: int) -> Label | None:
        """The label that a slot number stands for on every board."""
        return next((label for label in self.labels.values() if label.slot == slot), None)


def next_or_key_error(found: Iterable[TaskingLevel], code: str) -> TaskingLevel:
    """The first of `found`; KeyError naming `code` when it is empty."""
    for level in found:
        return level
    raise KeyError(code)
