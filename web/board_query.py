"""The filter of the board as it stands in an address and in a form: the same names both ways."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from reporting.board_dimensions import BY_CODE, DIMENSIONS, YES, narrowed
from tasking.board_filter import STATUSES, BoardFilter, Scope, check_filter
from tasking.errors import RuleBroken
from tasking.force import Force

SEVERAL = ("units", "levels", "pillars", "bands", "statuses", "labels")
FLAGS = ("overdue", "escalated", "control_strategy")
SCOPE = "scope"
NAMES = (SCOPE, *BY_CODE)


def asked(values: Mapping[str, Sequence[str]]) -> BoardFilter:
    """The filter that these fields ask for, not yet held against config. Raises RuleBroken for an unknown scope."""
    told = {name: tuple(dict.fromkeys(each for each in values.get(name, ()) if each)) for name in NAMES}
    scope = next(iter(told[SCOPE]), Scope.OPEN.value)
    if scope not in set(Scope):
        raise RuleBroken(f"There is no part of the board {scope[:40]!r}.")
    chosen: dict[str, Any] = {name: told[name] for name in SEVERAL} | {name: YES in told[name] for name in FLAGS}
    return BoardFilter(scope=Scope(scope), owner=next(iter(told["owner"]), ""), **chosen)


def understood(force: Force, values: Mapping[str, Sequence[str]]) -> tuple[BoardFilter, str]:
    """The filter, and a sentence where the address asks for what is not there: then nothing is narrowed."""
    try:
        wanted = asked(values)
        check_filter(force, wanted)
    except RuleBroken as error:
        return BoardFilter(), f"{error} The board is shown without a filter."
    return wanted, ""


def fields_of(wanted: BoardFilter) -> list[tuple[str, str]]:
    """The filter as fields, for hidden inputs; what is not chosen is left out."""
    scope = [(SCOPE, wanted.scope.value)] if wanted.scope is not Scope.OPEN else []
    return scope + [(each.code, value) for each in DIMENSIONS for value in sorted(each.chosen(wanted))]


def query_of(wanted: BoardFilter, **more: str) -> str:
    """The filter as the rest of an address."""
    return urlencode([*fields_of(wanted), *more.items()])


def query_narrowed(wanted: BoardFilter, code: str, value: str) -> str:
    """Where a count leads: this value alone under its heading, the others as they are."""
    return query_of(narrowed(wanted, code, value))


def query_without(wanted: BoardFilter, code: str, value: str) -> str:
    """The same without this value."""
    return urlencode([field for field in fields_of(wanted) if field != (code, value)])


def query_in(wanted: BoardFilter, scope: Scope) -> str:
    """The same in another part of the record; statuses stay only where they can be."""
    kept = tuple(each for each in wanted.statuses if each in STATUSES[scope])
    return query_of(replace(wanted, scope=scope, statuses=kept))
