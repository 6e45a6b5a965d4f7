"""Reads config/escalation_policy.yaml into the domain's EscalationPolicy; names the line of every fault."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from service.config_files import ConfigFile, ConfigModel, Item, did_you_mean
from tasking.escalation_policy import CONDITIONS, NEXT_LEVEL, EscalationPolicy, Rule
from tasking.force import Force
from tasking.thrive import PriorityBand

LENGTH = re.compile(r"(\d{1,4})(m|h|d)", re.ASCII)
SIZES: Mapping[str, timedelta] = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=366)

Lengths = dict[str, str]


class RulePart(ConfigModel):
    trigger: str
    to: str
    notify_at_once: bool
    decide_within: Lengths
    after: Lengths | None = None
    points: int | None = None


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


def _version(file: ConfigFile) -> str:
    version = file.at(("version",))
    if "version" in file.data and (not isinstance(version, str) or not version.strip() or len(version) > 60):
        file.fault(("version",), "'version' must be text of at most 60 characters; it is kept with every escalation")
    return str(version)


def _rule(file: ConfigFile, item: Item[RulePart], force: Force) -> Rule:
    part, loc = item.value, item.loc
    if part.trigger not in CONDITIONS:
        known = ", ".join(CONDITIONS)
        hint = did_you_mean(part.trigger, list(CONDITIONS))
        file.fault((*loc, "trigger"), f"unknown trigger '{part.trigger}'{hint} (known: {known})")
    goals = [NEXT_LEVEL, *(level.code for level in force.levels)]
    if part.to not in goals:
        file.fault((*loc, "to"), f"'to' is '{part.to}'{did_you_mean(part.to, goals)} (known: {', '.join(goals)})")
    _check_own_settings(file, item)
    return Rule(
        trigger=part.trigger,
        to=part.to,
        notifies_at_once=part.notify_at_once,
        decide_within=_lengths(file, (*loc, "decide_within"), part.decide_within),
        after=_lengths(file, (*loc, "after"), part.after or {}),
        points=part.points or 0,
    )


def _check_own_settings(file: ConfigFile, item: Item[RulePart]) -> None:
    part = item.value
    for key, value, owner in (("points", part.points, "RISK_RISEN"), ("after", part.after, "OVERDUE")):
        if value is None and part.trigger == owner:
            file.fault(item.loc, f"'{key}' is missing: the rule {owner} needs it")
        if value is not None and part.trigger != owner and part.trigger in CONDITIONS:
            file.fault((*item.loc, key), f"'{key}' means nothing to the rule {part.trigger}; only {owner} has it")
    if part.points is not None and not 1 <= part.points <= 100:
        file.fault((*item.loc, "points"), "'points' must be 1 to 100")
    if not part.decide_within:
        file.fault((*item.loc, "decide_within"), "'decide_within' must give a length of time for at least one band")


def _lengths(file: ConfigFile, loc: tuple[str | int, ...], written: Lengths) -> dict[PriorityBand, timedelta]:
    found = {}
    for band, text in written.items():
        if band not in list(PriorityBand):
            hint = did_you_mean(band, list(PriorityBand))
            file.fault((*loc, band), f"unknown band '{band}'{hint} (known: {', '.join(PriorityBand)})")
            continue
        try:
            found[PriorityBand(band)] = length_from(text)
        except ValueError as error:
            file.fault((*loc, band), f"'{band}' {error}")
    return found
