"""Reads the parts of config/force.yaml about meetings: kinds with their agendas, calendar, cycle, roles, authority.

All of them may be left out: a meeting is then only a channel, and nobody's authority has a limit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from service.config_files import ConfigFile, Item, Loc, did_you_mean
from service.force_parts import AuthorityPart, CyclePart, LevelPart, MeetingKindPart, MeetingPart
from service.roster_config import check_roster, roster_of
from service.stage_config import check_stages, stages_of
from tasking.deciding import LIMITED_DECISIONS
from tasking.decision import DecisionType
from tasking.force import TaskingMeeting
from tasking.meetings import AgendaSection, Authority, MeetingKind, Recurrence
from tasking.recurrence import fault_of
from tasking.thrive import PriorityBand

SECTIONS = ("cycle", "meeting_kinds", "authority")
"""Sections that may be left out."""
KNOWN_POSTERS = ("teams_workflow", "teams_channel")
DAILY_MOST_ITEMS = 10
"""What a daily meeting shows at most, where its kind does not say."""


@dataclass(frozen=True, slots=True)
class MeetingConfig:
    """The sections about meetings, as the domain has them."""

    meetings: tuple[TaskingMeeting, ...]
    kinds: dict[str, MeetingKind]
    authorities: dict[str, Authority]
    cycle_first_day: date | None
    cycle_days: int
    cycle_report_to: tuple[str, ...]


def read_meetings(
    file: ConfigFile, meetings: Sequence[Item[MeetingPart]], levels: Sequence[Item[LevelPart]]
) -> MeetingConfig:
    """The sections about meetings; their faults are noted in `file`, and what comes out then is not to be used."""
    kinds = file.models(("meeting_kinds",), MeetingKindPart)
    file.check_unique(kinds, "meeting kind", "code", lambda kind: kind.code)
    for kind in kinds:
        _check_agenda(file, kind)
        check_stages(file, kind)
    first_of: dict[str, MeetingPart] = {}
    for item in meetings:
        _check_meeting(file, item)
        _check_channel(file, item, first_of)
    for level in levels:
        _check_roles(file, (*level.loc, "duty_roles"), "duty role", level.value.duty_roles)
    authority = _authority(file)
    cycle = file.model(("cycle",), CyclePart)
    report_to = _report_to(file, cycle, levels)
    return MeetingConfig(
        meetings=tuple(_meeting(item.value, first_of) for item in meetings),
        kinds={item.value.code: _kind(item.value) for item in kinds},
        authorities={item.value.role: _limits(item.value) for item in authority},
        cycle_first_day=cycle.first_day if cycle else None,
        cycle_days=cycle.days if cycle else 28,
        cycle_report_to=report_to,
    )


def _meeting(part: MeetingPart, first_of: Mapping[str, MeetingPart]) -> TaskingMeeting:
    place = part if part.channel is not None else first_of.get(part.unit, part)
    return TaskingMeeting(
        code=part.code,
        name=part.name,
        unit=part.unit,
        chair_role=part.chair_role,
        channel=place.channel or "",
        kind=part.kind or "",
        deputy_roles=tuple(part.deputy_roles),
        recurrence=_recurrence(part),
        poster=part.poster or place.poster or "",
        action_manager_role=part.action_manager_role or "",
        tasking_officer_role=part.tasking_officer_role or "",
        roster=roster_of(part),
        quorum=part.quorum,
    )


def _report_to(file: ConfigFile, cycle: CyclePart | None, levels: Sequence[Item[LevelPart]]) -> tuple[str, ...]:
    """Codes of the levels whose channels are told when a cycle has ended; the highest where config names none."""
    known = [level.value.code for level in sorted(levels, key=lambda level: level.value.rank)]
    if cycle is None or cycle.report_to is None:
        return tuple(known[-1:])
    for index, code in enumerate(cycle.report_to):
        if code not in known:
            words = f"level '{code}' is not listed under 'levels'{did_you_mean(code, known)}"
            file.fault(("cycle", "report_to", index), words)
    return tuple(cycle.report_to)


def _recurrence(part: MeetingPart) -> Recurrence | None:
    if part.first is None or part.repeats is None:
        return None
    return Recurrence(part.first, part.repeats, part.minutes, frozenset(part.exceptions))


def _kind(part: MeetingKindPart) -> MeetingKind:
    return MeetingKind(
        code=part.code,
        name=part.name,
        agenda=_sections(part.agenda),
        partner_sections=_sections(part.partner_sections),
        is_daily=part.daily,
        is_tasking=part.tasking,
        sets_control_strategy=part.sets_control_strategy,
        policy_url=part.policy_url,
        longest_gap=part.longest_gap,
        interim_percent=part.interim_percent,
        stages=stages_of(part),
        most_items=part.most_items or (DAILY_MOST_ITEMS if part.daily else None),
    )


def _sections(names: Iterable[str]) -> tuple[AgendaSection, ...]:
    return tuple(AgendaSection(name) for name in names if name in list(AgendaSection))


def _check_agenda(file: ConfigFile, item: Item[MeetingKindPart]) -> None:
    part, known = item.value, list(AgendaSection)
    if not part.agenda:
        file.fault((*item.loc, "agenda"), "'agenda' must list at least one section")
    for key, names in (("agenda", part.agenda), ("partner_sections", part.partner_sections)):
        for index, name in enumerate(names):
            loc = (*item.loc, key, index)
            if name not in known:
                words = f"unknown agenda section '{name}'{did_you_mean(name, known)} (known: {', '.join(known)})"
                file.fault(loc, words)
            elif name in names[:index]:
                file.fault(loc, f"agenda section '{name}' is listed twice")
            elif name not in part.agenda:
                file.fault(loc, f"'{name}' is for partners, but not on the agenda of '{part.code}'")


def _check_meeting(file: ConfigFile, item: Item[MeetingPart]) -> None:
    part, loc = item.value, item.loc
    _check_kind(file, item)
    check_roster(file, item)
    _check_roles(file, (*loc, "deputy_roles"), "deputy", part.deputy_roles)
    if part.chair_role in part.deputy_roles:
        file.fault((*loc, "deputy_roles"), f"'{part.chair_role}' takes the chair, so it cannot be its own deputy")
    if part.poster is not None and part.poster not in KNOWN_POSTERS:
        hint = did_you_mean(part.poster, KNOWN_POSTERS)
        file.fault((*loc, "poster"), f"unknown poster '{part.poster}'{hint} (known: {', '.join(KNOWN_POSTERS)})")
    recurrence = _recurrence(part)
    if recurrence is not None:
        words = fault_of(recurrence)
        if words is not None:
            file.fault((*loc, "repeats"), f"the rule '{recurrence.rule}' {words}")
        return
    for key, has, other in (("repeats", part.first, "first"), ("first", part.repeats, "repeats")):
        if has is not None:
            file.fault(loc, f"'{key}' is missing: a meeting with '{other}' needs it to have a place in the calendar")


def _check_kind(file: ConfigFile, item: Item[MeetingPart]) -> None:
    part = item.value
    known = sorted(str(code) for code in file.named(("meeting_kinds",), "code"))
    if part.kind is None:
        if part.first is not None:
            file.fault(item.loc, "'kind' is missing: a meeting of the calendar needs one, for its agenda")
    elif part.kind not in known:
        words = f"meeting kind '{part.kind}' is not listed under 'meeting_kinds'{did_you_mean(part.kind, known)}"
        file.fault((*item.loc, "kind"), words)


def _check_channel(file: ConfigFile, item: Item[MeetingPart], first_of: dict[str, MeetingPart]) -> None:
    """A meeting without a channel uses that of its unit's first meeting, which `first_of` is filled with."""
    part = item.value
    if part.channel is not None:
        first_of.setdefault(part.unit, part)
    elif part.unit not in first_of and not _earlier_is_broken(file, item):
        words = "'channel' is missing: only a unit's later meetings may leave it out, to share that of its first"
        file.fault(item.loc, words)


def _earlier_is_broken(file: ConfigFile, item: Item[MeetingPart]) -> bool:
    """Whether an earlier meeting of the unit is there but not fit to be read: one fault, one line."""
    entries = file.at(item.loc[:-1])
    earlier = entries[: int(item.loc[-1])]
    return any(isinstance(each, dict) and each.get("unit") == item.value.unit for each in earlier)


def _check_roles(file: ConfigFile, loc: Loc, what: str, roles: Sequence[str]) -> None:
    for index, role in enumerate(roles):
        if role in roles[:index]:
            file.fault((*loc, index), f"{what} '{role}' is listed twice")


def _authority(file: ConfigFile) -> list[Item[AuthorityPart]]:
    """The limits by role. A role that nobody has is a fault: a slip of the pen would leave somebody without a limit."""
    found = file.models(("authority",), AuthorityPart)
    file.check_unique(found, "role", "role", lambda part: part.role)
    known = _roles_named(file)
    for item in found:
        if item.value.role not in known:
            words = f"no chair, deputy, duty role or action manager is called '{item.value.role}'"
            file.fault((*item.loc, "role"), f"{words}{did_you_mean(item.value.role, sorted(known))}")
        _check_limits(file, item)
    return found


def _check_limits(file: ConfigFile, item: Item[AuthorityPart]) -> None:
    part, bands, kinds = item.value, list(PriorityBand), sorted(LIMITED_DECISIONS)
    if part.highest_band is not None and part.highest_band not in bands:
        words = f"unknown band '{part.highest_band}'{did_you_mean(part.highest_band, bands)}"
        file.fault((*item.loc, "highest_band"), f"{words} (known: {', '.join(bands)})")
    for index, kind in enumerate(part.may_not):
        if kind not in kinds:
            words = f"'{kind}' is no decision that can be kept from a role{did_you_mean(kind, kinds)}"
            file.fault((*item.loc, "may_not", index), f"{words} (known: {', '.join(kinds)})")


def _limits(part: AuthorityPart) -> Authority:
    band = PriorityBand(part.highest_band) if part.highest_band in list(PriorityBand) else None
    kinds = tuple(DecisionType(kind) for kind in part.may_not if kind in LIMITED_DECISIONS)
    return Authority(part.role, part.most_hours, band, kinds)


def _roles_named(file: ConfigFile) -> set[str]:
    """Every role that levels and meetings name, also in entries with faults."""
    sections = [file.at((section,)) for section in ("levels", "meetings")]
    entries = [each for found in sections if isinstance(found, list) for each in found if isinstance(each, dict)]
    one = [each.get(key) for each in entries for key in ("chair_role", "action_manager_role")]
    lists = [each.get(key) for each in entries for key in ("deputy_roles", "duty_roles")]
    several = [role for roles in lists if isinstance(roles, list) for role in roles]
    return {role for role in (*one, *several) if isinstance(role, str)}
