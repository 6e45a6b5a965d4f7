"""Planner's order hints: clients send '<previous> <next>!', the service keeps a short value of its own between them.

Rule: api-reference/v1.0/resources/planner-order-hint-format.md of Microsoft's Graph documentation.
"""

import secrets
import string

_LOW, _HIGH = ord("!"), ord("~") + 1
_SUFFIX = string.digits + string.ascii_uppercase[:15]
"""Below the middle of the characters, where `between` would put the next hint of a chain."""


def service_value(hint: str) -> str:
    """The value the service keeps for a client's hint; ValueError for illegal characters or a wrong form.

    A value that the service gave out has no space and no final '!', so that echoing it is an error.
    """
    if not _is_form(hint):
        raise ValueError(f"{hint!r} is no order hint")
    return _resolve(hint) + secrets.choice(_SUFFIX)


def _is_form(hint: str) -> bool:
    return hint.endswith("!") and " " in hint and all(32 <= ord(c) <= 126 for c in hint)


def _resolve(hint: str) -> str:
    previous, following = _neighbours(hint[:-1])
    low = _resolve(previous) if _is_form(previous) else previous.rstrip("!")
    high = _resolve(following) if _is_form(following) else following.rstrip("!")
    return between(low, high if high > low else "")


def _neighbours(text: str) -> tuple[str, str]:
    """Where the two hints part: each side is empty, a service value, or a client's own unfinished hint."""
    spaces = [i for i, c in enumerate(text) if c == " "]
    for at in spaces:
        sides = (text[:at], text[at + 1 :])
        if all(" " not in side or _is_form(side) for side in sides):
            return sides
    raise ValueError(f"{text + '!'!r} is no order hint")


def between(low: str, high: str) -> str:
    """A text ordinally between two others; an empty `high` is no upper bound."""
    made, at, bounded = "", 0, bool(high)
    while True:
        floor = ord(low[at]) if at < len(low) else _LOW
        ceiling = ord(high[at]) if bounded and at < len(high) else _HIGH
        if ceiling - floor > 1:
            return made + chr((floor + ceiling) // 2)
        made += chr(floor)
        bounded = bounded and ceiling == floor
        at += 1
