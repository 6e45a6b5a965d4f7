"""Values that nothing expects, and sound bodies with one of them in the place of each part."""

from collections.abc import Iterator
from typing import Any

DATES = (
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "2026-12-01T10:00:00",
    "2026-12-01",
    "0000-01-01T00:00:00Z",
    "2026-W01-1T00:00:00Z",
)
ODD: tuple[Any, ...] = (
    None,
    True,
    5,
    -1,
    1.5,
    10**30,
    10**400,
    -1e308,
    "",
    "x",
    "²",
    "\x00",
    [],
    {},
    [1],
    [None],
    {"a": 1},
    {"": None},
    [[]],
    [{}],
    "x" * 300,
    *DATES,
)


def changed(value: Any) -> Iterator[Any]:
    """The value with each of its parts in turn, however deep, replaced by each odd value."""
    return (body for _, body in changed_at(value))


def changed_at(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """As `changed`, each with the place of what was replaced."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from (((*place, name), {**value, name: odd}) for odd in ODD)
            yield from ((at, {**value, name: other}) for at, other in changed_at(part, (*place, name)))
    if isinstance(value, list):
        for at, part in enumerate(value):
            yield from (((*place, at), [*value[:at], odd, *value[at + 1 :]]) for odd in ODD)
            yield from (
                (deep, [*value[:at], other, *value[at + 1 :]]) for deep, other in changed_at(part, (*place, at))
            )
