"""Reads config/force.yaml into the domain's Force and the intake's settings; names the line of every fault."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

from service.config_files import ConfigFile, Item, did_you_mean
from service.force_parts import (
    BoardPart,
    ColumnsPart,
    ForcePart,
    IntakePart,
    LabelPart,
    LevelPart,
    MeetingPart,
    PillarPart,
    QualityPart,
    ReferenceKindPart,
    SkillPart,
    UnitPart,
)
from service.meeting_config import SECTIONS as MEETING_SECTIONS
from service.meeting_config import MeetingConfig, read_meetings
from tasking.escalation_policy import ASK_LABEL
from tasking.force import (
    LEVEL_LABEL,
    RESTRICTED_BOARD,
    TRIAGE,
    Board,
    Force,
    Label,
    Pillar,
    QualityRules,
    ReferenceKind,
    Skill,
    TaskingLevel,
    Unit,
)
from tasking.references import fault_of_kind
from tasking.thrive import PriorityBand

OPTIONAL = ("quality", "external_references", "skills", "restricted_board")
SECTIONS = ("force", "levels", "units", "pillars", "labels", "meetings", "boards", "intake", "replies")
SERVICE_LABELS = (
    *(f"BAND_{band}" for band in PriorityBand),
    "ESCALATED",
    "RETURNED",
    "DECISION_NEEDED",
    "RESULT_NEEDED",
    "RE_THRIVE_DUE",
)


@dataclass(frozen=True, slots=True)
class IntakeColumns:
    """Names of the intake list's columns, as the flow fills them."""

    form_id: str
    response_id: str
    responder: str
    submitted: str
    answers: str


@dataclass(frozen=True, slots=True)
class IntakeConfig:
    """Where responses arrive. `replies` maps a stop code to the sentence that says where to turn instead."""

    group_nickname: str
    list_name: str
    columns: IntakeColumns
    time_zone: ZoneInfo
    replies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Parts:
    """The checked entries of force.yaml, before they are held against one another."""

    levels: list[Item[LevelPart]]
    units: list[Item[UnitPart]]
    pillars: list[Item[PillarPart]]
    labels: list[Item[LabelPart]]
    meetings: list[Item[MeetingPart]]
    boards: list[Item[BoardPart]]


def load_force(config_dir: Path) -> tuple[Force, IntakeConfig]:
    """The force and its intake as `config_dir`/force.yaml says. Raises ConfigError naming every fault with its line."""
    file = ConfigFile(config_dir / "force.yaml")
    file.check_keys((*SECTIONS, *MEETING_SECTIONS, *OPTIONAL), SECTIONS)
    head = file.model(("force",), ForcePart)
    parts = _Parts(
        file.models(("levels",), LevelPart),
        file.models(("units",), UnitPart),
        file.models(("pillars",), PillarPart),
        file.models(("labels",), LabelPart),
        file.models(("meetings",), MeetingPart),
        file.models(("boards",), BoardPart),
    )
    for check in (_check_levels, _check_units, _check_pillars, _check_labels, _check_meetings, _check_boards):
        check(file, parts)
    if head is not None:
        _check_known(file, ("force", "triage_unit"), "unit", head.triage_unit, "units")
    meetings = read_meetings(file, parts.meetings, parts.levels)
    quality = file.model(("quality",), QualityPart)
    apart = _restricted_board(file)
    kinds, skills = _reference_kinds(file), _skills(file)
    intake = _intake(file)
    file.raise_faults()
    assert head is not None
    assert intake is not None
    force = _force(head, parts, meetings, kinds, skills)
    rules = QualityRules(**(quality or QualityPart()).model_dump())
    return replace(force, quality=rules, restricted_board=apart), intake


def _force(
    head: ForcePart, parts: _Parts, meetings: MeetingConfig, kinds: tuple[ReferenceKind, ...], skills: dict[str, Skill]
) -> Force:
    return Force(
        code=head.code,
        name=head.name,
        reference_prefix=head.reference_prefix,
        levels=tuple(sorted((_level(e.value) for e in parts.levels), key=lambda e: e.rank)),
        units={e.value.code: Unit(e.value.code, e.value.name, e.value.level, e.value.parent) for e in parts.units},
        pillars={e.value.code: _pillar(e.value) for e in parts.pillars},
        labels={
            e.value.code: Label(e.value.slot, e.value.code, e.value.name, e.value.kept_by == "service")
            for e in parts.labels
        },
        meetings=meetings.meetings,
        boards={e.value.unit: Board(**e.value.model_dump()) for e in parts.boards},
        triage_unit=head.triage_unit,
        deleted_task_policy=head.deleted_task_policy,
        hand_made_task_policy=head.hand_made_task_policy,
        completed_stay_days=head.completed_stay_days,
        next_plan_title=head.next_plan_title,
        meeting_kinds=meetings.kinds,
        authorities=meetings.authorities,
        cycle_first_day=meetings.cycle_first_day,
        cycle_days=meetings.cycle_days,
        cycle_report_to=meetings.cycle_report_to,
        reference_kinds=kinds,
        skills=skills,
    )


def _pillar(part: PillarPart) -> Pillar:
    meeting = part.meeting or ""
    limits = (part.accept_within, part.finish_within)
    return Pillar(part.code, part.label, part.restricted, part.retired, meeting, *limits)


def _skills(file: ConfigFile) -> dict[str, Skill]:
    """What units may offer each other."""
    found = file.models(("skills",), SkillPart)
    file.check_unique(found, "skill", "code", lambda skill: skill.code)
    file.check_unique(found, "skill name", "name", lambda skill: skill.name.casefold())
    return {e.value.code: Skill(e.value.code, e.value.name, tuple(e.value.words)) for e in found}


def _reference_kinds(file: ConfigFile) -> tuple[ReferenceKind, ...]:
    """The kinds of reference in other systems; each is tried on its own example."""
    found = file.models(("external_references",), ReferenceKindPart)
    file.check_unique(found, "kind of reference", "code", lambda kind: kind.code)
    kinds = []
    for item in found:
        kind = ReferenceKind(**item.value.model_dump())
        if words := fault_of_kind(kind):
            file.fault(item.loc, words)
        kinds.append(kind)
    return tuple(kinds)


def _level(part: LevelPart) -> TaskingLevel:
    roles = part.action_manager_role or "", part.tasking_officer_role or ""
    return TaskingLevel(part.code, part.name, part.rank, tuple(part.duty_roles), *roles)


def _check_levels(file: ConfigFile, parts: _Parts) -> None:
    file.check_unique(parts.levels, "level", "code", lambda level: level.code)
    file.check_unique(parts.levels, "level rank", "rank", lambda level: level.rank)
    if file.at(("levels",)) == []:
        file.fault(("levels",), "'levels' must list at least one level")


def _check_units(file: ConfigFile, parts: _Parts) -> None:
    file.check_unique(parts.units, "unit", "code", lambda unit: unit.code)
    file.check_unique(parts.units, "unit name", "name", lambda unit: unit.name.casefold())
    ranks = {level.value.code: level.value.rank for level in parts.levels}
    levels = {unit.value.code: unit.value.level for unit in parts.units}
    for item in parts.units:
        unit = item.value
        if not _check_known(file, (*item.loc, "level"), "level", unit.level, "levels") or unit.level not in ranks:
            continue
        higher = sorted((rank, code) for code, rank in ranks.items() if rank > ranks[unit.level])
        if unit.parent is None:
            if higher:
                words = (
                    f"unit '{unit.code}' needs a 'parent', a unit of level {higher[0][1]}, for its tasks to climb to"
                )
                file.fault(item.loc, words)
        elif not _check_known(file, (*item.loc, "parent"), "unit", unit.parent, "units"):
            continue
        elif unit.parent in levels and (not higher or levels[unit.parent] != higher[0][1]):
            goal = f"a unit of level {higher[0][1]}" if higher else "nothing: it is at the highest level"
            file.fault((*item.loc, "parent"), f"the parent of unit '{unit.code}' must be {goal}")


def _check_pillars(file: ConfigFile, parts: _Parts) -> None:
    file.check_unique(parts.pillars, "pillar", "code", lambda pillar: pillar.code)
    file.check_unique(parts.pillars, "pillar label", "label", lambda pillar: pillar.label.casefold())
    if "pillars" in file.data and TRIAGE not in file.named(("pillars",), "code"):
        file.fault(("pillars",), f"pillar '{TRIAGE}' is missing: it holds what could not be placed")
    for item in parts.pillars:
        if item.value.meeting is not None and not item.value.restricted:
            file.fault((*item.loc, "meeting"), "only a restricted pillar has a channel of its own")
        if item.value.meeting is not None:
            _check_known(file, (*item.loc, "meeting"), "meeting", item.value.meeting, "meetings")
        if item.value.code == TRIAGE and item.value.retired:
            file.fault(
                (*item.loc, "retired"), f"pillar '{TRIAGE}' cannot be retired: it holds what could not be placed"
            )


def _check_labels(file: ConfigFile, parts: _Parts) -> None:
    file.check_unique(parts.labels, "label", "code", lambda label: label.code)
    file.check_unique(parts.labels, "label slot", "slot", lambda label: label.slot)
    file.check_unique(parts.labels, "label name", "name", lambda label: label.name.casefold())
    present = file.named(("labels",), "code")
    for code in (*SERVICE_LABELS, ASK_LABEL):
        if "labels" in file.data and code not in present:
            file.fault(("labels",), f"label '{code}' is missing: the service needs it")
    for item in parts.labels:
        level = item.value.code.removeprefix(LEVEL_LABEL)
        is_level = level != item.value.code
        if is_level:
            _check_known(file, (*item.loc, "code"), "level", level, "levels")
        keeper = "service" if is_level or item.value.code in SERVICE_LABELS else "people"
        if item.value.kept_by != keeper:
            file.fault((*item.loc, "kept_by"), f"label '{item.value.code}' must be kept by {keeper}")


def _check_meetings(file: ConfigFile, parts: _Parts) -> None:
    file.check_unique(parts.meetings, "meeting", "code", lambda meeting: meeting.code)
    for item in parts.meetings:
        _check_known(file, (*item.loc, "unit"), "unit", item.value.unit, "units")
    _check_each_unit_has(file, parts, "meetings", "a meeting, so that its chair has a channel to read in")


def _check_boards(file: ConfigFile, parts: _Parts) -> None:
    file.check_unique(parts.boards, "board of unit", "unit", lambda board: board.unit)
    file.check_unique(parts.boards, "group", "group_nickname", lambda board: board.group_nickname)
    for item in parts.boards:
        _check_known(file, (*item.loc, "unit"), "unit", item.value.unit, "units")
    _check_each_unit_has(file, parts, "boards", "a board for its tasks to stand on")


def _restricted_board(file: ConfigFile) -> Board | None:
    """The board that takes what is restricted: a group of its own, which no unit's board has."""
    loc = ("restricted_board",)
    part = file.model(loc, BoardPart)
    if part is None:
        return None
    _check_known(file, (*loc, "unit"), "unit", part.unit, "units")
    if part.group_nickname in file.named(("boards",), "group_nickname"):
        words = f"group '{part.group_nickname}' is a unit's: whoever is in it would see the restricted board"
        file.fault((*loc, "group_nickname"), words)
    if RESTRICTED_BOARD in file.named(("units",), "code"):
        file.fault(loc, f"a unit has the code '{RESTRICTED_BOARD}', which this board goes by: give the unit another")
    return Board(**part.model_dump(), code=RESTRICTED_BOARD)


def _check_each_unit_has(file: ConfigFile, parts: _Parts, section: str, what: str) -> None:
    having = file.named((section,), "unit")
    for item in parts.units:
        if section in file.data and item.value.code not in having:
            file.fault(item.loc, f"unit '{item.value.code}' needs {what}; add it under '{section}'")


def _check_known(file: ConfigFile, loc: tuple[str | int, ...], what: str, code: str, section: str) -> bool:
    known = file.named((section,), "code")
    if code not in known:
        hint = did_you_mean(code, sorted(str(each) for each in known))
        file.fault(loc, f"{what} '{code}' is not listed under '{section}'{hint}")
    return code in known


def _intake(file: ConfigFile) -> IntakeConfig | None:
    part = file.model(("intake",), IntakePart)
    columns = file.model(("intake", "columns"), ColumnsPart)
    replies = file.at(("replies",))
    if "replies" in file.data and not isinstance(replies, dict):
        file.fault(("replies",), "'replies' must hold codes, each with the sentence to send")
    for code, words in replies.items() if isinstance(replies, dict) else ():
        if not isinstance(words, str) or not words.strip():
            file.fault(("replies", code), f"the reply '{code}' must be a sentence")
    if part is None or columns is None or not isinstance(replies, dict):
        return None
    _check_group(file, part.group_nickname)
    names = list(columns.model_dump().values())
    for key, name in columns.model_dump().items():
        if names.count(name) > 1:
            file.fault(("intake", "columns", key), f"column '{name}' is named twice")
    return IntakeConfig(
        part.group_nickname,
        part.list_name,
        IntakeColumns(**columns.model_dump()),
        ZoneInfo(part.time_zone),
        {code: " ".join(str(words).split()) for code, words in replies.items()},
    )


def _check_group(file: ConfigFile, nickname: str) -> None:
    known = sorted(str(each) for each in file.named(("boards",), "group_nickname"))
    if nickname not in known:
        words = f"group '{nickname}' is the group of no board{did_you_mean(nickname, known)}"
        file.fault(("intake", "group_nickname"), words)
