"""Reads config/escalation_policy.yaml into the domain's EscalationPolicy; names the line of every fault."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from service.config_files import ConfigFile, ConfigModel, Item, Loc, did_you_mean
from tasking.escalation_policy import EscalationPolicy
from tasking.force import Force
from tasking.thrive import PriorityBand
from tasking.triggers import (
    CHASES,
    COMMON_LEVEL,
    CONDITIONS,
    NEXT_LEVEL,
    TRIGGERS,
    Limit,
    MeetingLimit,
    Rule,
    WorkingDays,
)

LENGTH = re.compile(r"(\d{1,4})(m|h|d)", re.ASCII)
WORKING = re.compile(r"(\d{1,3})w", re.ASCII)
SIZES: Mapping[str, timedelta] = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=366)
T = TypeVar("T")

Written = dict[str, str]


class RulePart(ConfigModel):
    trigger: str
    notify_at_once: bool
    to: str | None = None
    decide_within: Written | None = None
    needs_endorsement: bool | None = None
    after: Written | None = None
    chase_after: Written | None = None
    points: int | None = None
    chase_at: int | None = None
    climb_at: int | None = None
    count: int | None = None
    level: int | None = None
    within: str | None = None


CLIMBS = ("to", "decide_within", "needs_endorsement")
"""Settings of every rule by which a task can go up."""

NEEDED: Mapping[str, tuple[str, ...]] = {
    "RISK_RISEN": ("points",),
    "OVERDUE": ("after",),
    "STALLED": ("chase_at",),
    "VULNERABILITY": ("after", "level"),
    "REPEAT": ("count", "within"),
}
"""Settings that a rule has besides and cannot do without."""

OPTIONAL: Mapping[str, tuple[str, ...]] = {"NOT_ACCEPTED": ("chase_at", "climb_at"), "OVERDUE": ("chase_after",)}
"""Settings that a rule may have besides. Left out, nobody is chased, and it climbs at once the time to accept."""

NUMBERS: Mapping[str, tuple[int, int]] = {
    "points": (1, 100),
    "chase_at": (1, 20),
    "climb_at": (1, 20),
    "count": (2, 100),
    "level": (1, 4),
}
"""The least and the most that a number may be."""


def load_policy(config_dir: Path, force: Force) -> EscalationPolicy:
    """The escalation rules of `config_dir`/escalation_policy.yaml, in the order they stand there.

    Raises ConfigError naming every fault with its line.
    """
    return load_policy_file(config_dir / "escalation_policy.yaml", force)


def load_policy_file(path: Path, force: Force) -> EscalationPolicy:
    """The escalation rules of any one file, for instance a draft to try out. Raises ConfigError."""
    file = ConfigFile(path)
    file.check_keys(("version", "rules"))
    version = _version(file)
    items = file.models(("rules",), RulePart)
    file.check_unique(items, "rule", "trigger", lambda rule: rule.trigger)
    rules = tuple(_rule(file, item, force) for item in items)
    if file.at(("rules",)) == []:
        file.fault(("rules",), "'rules' must list at least one rule")
    file.raise_faults()
    return EscalationPolicy(version, rules)


def length_from(text: str) -> timedelta:
    """The length of time written as `30m`, `4h` or `2d`. Raises ValueError saying how to write one."""
    match = LENGTH.fullmatch(text)
    if match is None:
        raise ValueError("must be a length of time like 30m, 4h or 2d")
    length = int(match[1]) * SIZES[match[2]]
    if length > LONGEST:
        raise ValueError("is longer than a year")
    return length


def limit_from(text: str) -> Limit:
    """How long somebody has to decide: a length, working days such as `2w`, or the name of a meeting limit.

    Raises ValueError saying how to write one.
    """
    if text in list(MeetingLimit):
        return MeetingLimit(text)
    if match := WORKING.fullmatch(text):
        if int(match[1]) > LONGEST.days:
            raise ValueError("is longer than a year")
        return WorkingDays(int(match[1]))
    if LENGTH.fullmatch(text) is None:
        words = ", ".join(MeetingLimit)
        raise ValueError(f"must be a length of time like 30m, 4h or 2d, working days like 2w, or one of: {words}")
    return length_from(text)


def _version(file: ConfigFile) -> str:
    version = file.at(("version",))
    if "version" in file.data and (not isinstance(version, str) or not version.strip() or len(version) > 60):
        file.fault(("version",), "'version' must be text of at most 60 characters; it is kept with every escalation")
    return str(version)


def _rule(file: ConfigFile, item: Item[RulePart], force: Force) -> Rule:
    part, loc = item.value, item.loc
    if part.trigger not in TRIGGERS:
        hint = did_you_mean(part.trigger, TRIGGERS)
        file.fault((*loc, "trigger"), f"unknown trigger '{part.trigger}'{hint} (known: {', '.join(TRIGGERS)})")
    else:
        _check_settings(file, item)
        _check_goal(file, item, force)
    return Rule(
        trigger=part.trigger,
        to=part.to or "",
        notifies_at_once=part.notify_at_once,
        decide_within=_by_band(file, (*loc, "decide_within"), part.decide_within, limit_from),
        after=_by_band(file, (*loc, "after"), part.after, length_from),
        points=part.points or 0,
        needs_endorsement=not part.notify_at_once if part.needs_endorsement is None else part.needs_endorsement,
        chase_after=_by_band(file, (*loc, "chase_after"), part.chase_after, length_from),
        chase_at=part.chase_at or 0,
        climb_at=part.climb_at or 1,
        count=part.count or 0,
        level=part.level or 0,
        within=_length(file, (*loc, "within"), part.within, length_from) or timedelta(0),
    )


def _check_settings(file: ConfigFile, item: Item[RulePart]) -> None:
    """Each trigger has the settings of its own and no others."""
    part = item.value
    only_chases = part.trigger in CHASES and part.trigger not in CONDITIONS
    needed = (*(() if only_chases else CLIMBS[:2]), *NEEDED.get(part.trigger, ()))
    known = {*needed, *OPTIONAL.get(part.trigger, ()), *(() if only_chases else CLIMBS)}
    for key in needed:
        if getattr(part, key) is None:
            file.fault(item.loc, f"'{key}' is missing: the rule {part.trigger} needs it")
    for key in RulePart.model_fields.keys() - known - {"trigger", "notify_at_once"}:
        if getattr(part, key) is not None:
            file.fault((*item.loc, key), f"'{key}' means nothing to the rule {part.trigger}{_owners(key)}")
    for key, (least, most) in NUMBERS.items():
        number = getattr(part, key)
        if number is not None and not least <= number <= most:
            file.fault((*item.loc, key), f"'{key}' must be {least} to {most}")
    if part.chase_at is not None and part.climb_at is not None and part.climb_at < part.chase_at:
        file.fault((*item.loc, "climb_at"), "'climb_at' must not come before 'chase_at'")
    if part.decide_within == {}:
        file.fault((*item.loc, "decide_within"), "'decide_within' must give a length of time for at least one band")


def _owners(key: str) -> str:
    owners = [trigger for table in (NEEDED, OPTIONAL) for trigger, keys in table.items() if key in keys]
    return f"; only {' and '.join(owners)} {'has' if len(owners) == 1 else 'have'} it" if owners else ""


def _check_goal(file: ConfigFile, item: Item[RulePart], force: Force) -> None:
    part = item.value
    levels = [level.code for level in force.levels]
    goals = [NEXT_LEVEL, *([COMMON_LEVEL] if part.trigger == "CROSS_BORDER" else []), *levels]
    if part.to is not None and part.to not in goals:
        words = f"'to' is '{part.to}'{did_you_mean(part.to, goals)} (known: {', '.join(goals)})"
        file.fault((*item.loc, "to"), words)


def _by_band(file: ConfigFile, loc: Loc, written: Written | None, read: Callable[[str], T]) -> dict[PriorityBand, T]:
    found = {}
    for band, text in (written or {}).items():
        if band not in list(PriorityBand):
            hint = did_you_mean(band, list(PriorityBand))
            file.fault((*loc, band), f"unknown band '{band}'{hint} (known: {', '.join(PriorityBand)})")
        elif (length := _length(file, (*loc, band), text, read)) is not None:
            found[PriorityBand(band)] = length
    return found


def _length(file: ConfigFile, loc: Loc, text: str | None, read: Callable[[str], T]) -> T | None:
    try:
        return None if text is None else read(text)
    except ValueError as error:
        file.fault(loc, f"'{loc[-1]}' {error}")
        return None
