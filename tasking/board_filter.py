"""What a person picks from the live board, as plain values: a saved view is one of these with a name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tasking.errors import RuleBroken
from tasking.force import Force
from tasking.task import Status
from tasking.thrive import PriorityBand

NOBODY, ME = "NOBODY", "ME"
"""Owners that a filter may name besides a directory id: no owner at all, and whoever looks."""
NOT_ASSESSED = "NOT_ASSESSED"
"""The band of a task that has none yet."""
MOST_VALUES = 60


class Scope(StrEnum):
    """Which part of the record: OPEN work, what is done and AWAITING_RESULT, or what has ENDED without."""

    OPEN = "OPEN"
    AWAITING_RESULT = "AWAITING_RESULT"
    ENDED = "ENDED"


STATUSES: Mapping[Scope, frozenset[Status]] = {
    Scope.OPEN: frozenset(Status) - {Status.COMPLETED, Status.WITHDRAWN},
    Scope.AWAITING_RESULT: frozenset({Status.COMPLETED}),
    Scope.ENDED: frozenset({Status.WITHDRAWN}),
}
"""Statuses of each scope; every status is in one."""


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """Codes to keep, any of several under one heading, and all headings together; an empty heading keeps everything.

    `units` keep what stands with the unit or any below it. `owner` is NOBODY, ME, a directory id, or empty.
    """

    scope: Scope = Scope.OPEN
    units: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    pillars: tuple[str, ...] = ()
    bands: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    owner: str = ""
    overdue: bool = False
    escalated: bool = False
    control_strategy: bool = False


def check_filter(force: Force, wanted: BoardFilter) -> None:
    """Raises RuleBroken with one sentence for each value that the force's config or the record does not know."""
    if wrong := [
        sentence for told, known, name in _headings(force, wanted) for sentence in _unknown(told, known, name)
    ]:
        raise RuleBroken(" ".join(wrong))
    if len(wanted.owner) > 200:
        raise RuleBroken("The owner's id is too long: 200 characters at most.")


def _headings(force: Force, wanted: BoardFilter) -> Iterator[tuple[tuple[str, ...], set[str], str]]:
    yield wanted.units, set(force.units), "unit"
    yield wanted.levels, {level.code for level in force.levels}, "level"
    yield wanted.pillars, set(force.pillars), "pillar"
    yield wanted.bands, {*PriorityBand, NOT_ASSESSED}, "band"
    yield wanted.statuses, set(STATUSES[wanted.scope]), "status here"
    yield wanted.labels, set(force.labels), "label"


def _unknown(told: tuple[str, ...], known: set[str], name: str) -> Iterator[str]:
    if len(told) > MOST_VALUES:
        yield f"Choose at most {MOST_VALUES} under one heading."
    for value in told[:MOST_VALUES]:
        if value not in known:
            yield f"There is no {name} {value[:40]!r}."
