"""What the live board can be narrowed by. One table says for each heading what it keeps, in SQL, and which of its
values a task counts under: so a count and the list that it links to come of the same line."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_

from reporting.strategy import CONTROL_LABEL
from reporting.visible import holds, holds_any
from reporting.wording import STATUS_WORDS
from store.tab_tables import task_lines
from tasking.board_filter import ME, NOBODY, NOT_ASSESSED, STATUSES, BoardFilter
from tasking.force import Force
from tasking.restricted import open_pillars
from tasking.thrive import Alignment, PriorityBand
from tasking.viewing import Viewer, units_below

_c = task_lines.c
YES = "yes"
"""The one value of a heading that is only on or off."""
Condition = ColumnElement[bool]
Options = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at what, when (UTC): all that a heading needs. `below` and `above` are units by unit."""

    force: Force
    viewer: Viewer
    wanted: BoardFilter
    now: datetime
    below: Mapping[str, frozenset[str]] = field(default_factory=dict)
    above: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One heading: its name, what is chosen under it, what that keeps, and which values a counted row stands for."""

    code: str
    name: str
    chosen: Callable[[BoardFilter], frozenset[str]]
    keeps: Callable[[Look, frozenset[str]], Condition]
    values: Callable[[Look, Any], Iterable[str]]
    offered: Callable[[Look], Options]
    choose: Callable[[BoardFilter, str], BoardFilter]


def look_of(force: Force, viewer: Viewer, wanted: BoardFilter, now: datetime) -> Look:
    """The look, with the lines of units worked out once."""
    below = {unit: units_below(force, unit) for unit in force.units}
    above = {unit: frozenset(each for each in below if unit in below[each]) for unit in below}
    return Look(force, viewer, wanted, now, below, above)


def is_overdue(now: datetime) -> Condition:
    """Whether it is open and past its due time."""
    return _c.is_open & _c.due_at.is_not(None) & (_c.due_at < now)


def is_escalated() -> Condition:
    """Whether it stands on more than one board."""
    return _c.places.like("|%|%|")


def is_on_control_strategy() -> Condition:
    """Whether its newest assessment or the label that people set says so."""
    return or_(_c.alignment == Alignment.CONTROL_STRATEGY.value, holds(_c.labels, CONTROL_LABEL))


def is_owned_by(look: Look, owner: str) -> Condition:
    """Whether this is its owner: nobody, whoever looks, or somebody by directory id."""
    if owner == NOBODY:
        return _c.owners == ""
    return holds_any(_c.owners, look.viewer.person_ids if owner == ME else (owner,))


def _units(look: Look, chosen: frozenset[str]) -> Condition:
    return holds_any(_c.places, {code for unit in chosen for code in look.below.get(unit, (unit,))})


def _levels(look: Look, chosen: frozenset[str]) -> Condition:
    return holds_any(_c.places, {unit.code for unit in look.force.units.values() if unit.level in chosen})


def _unit_values(look: Look, row: Any) -> set[str]:
    return {unit for place in _parts(row.places) for unit in look.above.get(place, ())}


def _level_values(look: Look, row: Any) -> set[str]:
    return {look.force.units[place].level for place in _parts(row.places) if place in look.force.units}


def _parts(barred: str) -> list[str]:
    return [part for part in barred.split("|") if part]


def _one_of(column: ColumnElement[str]) -> Callable[[Look, frozenset[str]], Condition]:
    return lambda look, chosen: column.in_(sorted(chosen))


def _bands(look: Look, chosen: frozenset[str]) -> Condition:
    return _c.band.in_(sorted("" if band == NOT_ASSESSED else band for band in chosen))


def _owners(look: Look, chosen: frozenset[str]) -> Condition:
    return or_(*(is_owned_by(look, owner) for owner in sorted(chosen)))


def _owner_values(look: Look, row: Any) -> Iterable[str]:
    told = {NOBODY: row.is_unowned, ME: row.is_mine, look.wanted.owner: row.is_wanted_owner}
    return [owner for owner, holds_here in told.items() if holds_here and owner]


def _with(wanted: BoardFilter, code: str, value: Any) -> BoardFilter:
    return replace(wanted, **{code: value})


def _flag(code: str, name: str, condition: Callable[[Look], Condition]) -> Dimension:
    return Dimension(
        code,
        name,
        chosen=lambda wanted: frozenset({YES} if getattr(wanted, code) else ()),
        keeps=lambda look, chosen: condition(look),
        values=lambda look, row: [YES] if getattr(row, code) else [],
        offered=lambda look: ((YES, name),),
        choose=lambda wanted, value: _with(wanted, code, True),
    )


def _several(
    code: str,
    name: str,
    keeps: Callable[[Look, frozenset[str]], Condition],
    values: Callable[[Look, Any], Iterable[str]],
    offered: Callable[[Look], Options],
) -> Dimension:
    return Dimension(
        code,
        name,
        lambda wanted: frozenset(getattr(wanted, code)),
        keeps,
        values,
        offered,
        lambda wanted, value: _with(wanted, code, (value,)),
    )


def _offered_units(look: Look) -> Options:
    shown = (unit for unit in look.force.units.values() if look.viewer.may_see_unit(unit.code))
    return tuple((unit.code, unit.name) for unit in shown)


def _offered_pillars(look: Look) -> Options:
    shown = look.force.pillars if look.viewer.may_see_restricted else open_pillars(look.force)
    return tuple((each.code, each.label) for each in look.force.pillars.values() if each.code in shown)


def _offered_bands(look: Look) -> Options:
    return (*((band.value, band.capitalize()) for band in PriorityBand), (NOT_ASSESSED, "Not yet assessed"))


def _offered_statuses(look: Look) -> Options:
    return tuple(
        (status.value, words) for status, words in STATUS_WORDS.items() if status in STATUSES[look.wanted.scope]
    )


def _offered_labels(look: Look) -> Options:
    labels = sorted(look.force.labels.values(), key=lambda label: label.slot)
    return tuple((label.code, label.name) for label in labels if not label.kept_by_service)


def _offered_owners(look: Look) -> Options:
    return ((ME, "Mine"), (NOBODY, "Nobody yet"))


DIMENSIONS = (
    _several("units", "Unit", _units, _unit_values, _offered_units),
    _several(
        "levels",
        "Level",
        _levels,
        _level_values,
        lambda look: tuple((level.code, level.name) for level in sorted(look.force.levels, key=lambda each: each.rank)),
    ),
    _several("pillars", "Pillar", _one_of(_c.pillar), lambda look, row: [row.pillar], _offered_pillars),
    _several("bands", "Band", _bands, lambda look, row: [row.band or NOT_ASSESSED], _offered_bands),
    _several("statuses", "Status", _one_of(_c.status), lambda look, row: [row.status], _offered_statuses),
    Dimension(
        "owner",
        "Owner",
        lambda wanted: frozenset({wanted.owner} - {""}),
        _owners,
        _owner_values,
        _offered_owners,
        lambda wanted, value: replace(wanted, owner=value),
    ),
    _several(
        "labels",
        "Label",
        lambda look, chosen: holds_any(_c.labels, chosen),
        lambda look, row: _parts(row.labels),
        _offered_labels,
    ),
    _flag("overdue", "Past its due time", lambda look: is_overdue(look.now)),
    _flag("escalated", "Escalated", lambda look: is_escalated()),
    _flag("control_strategy", "On the control strategy", lambda look: is_on_control_strategy()),
)
"""Headings in the order that they are shown."""
BY_CODE: Mapping[str, Dimension] = {each.code: each for each in DIMENSIONS}


def narrowed(wanted: BoardFilter, heading: str, value: str) -> BoardFilter:
    """The filter that a count under this heading links to: this value there, all other headings as they are."""
    return BY_CODE[heading].choose(wanted, value)
