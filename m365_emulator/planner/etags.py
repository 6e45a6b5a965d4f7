"""Planner's versions: every resource keeps which property changed when, so that only a real clash is refused.

An etag is weak and carries a base64 text such as '1-Task  @@@@@@@@@@@@@@@X': kind, then a counter in base 32
from '@' upwards that steps by four. The counter runs over the whole tenant, so no two resources share a version.
"""

import base64
import binascii
import re
from bisect import bisect_left
from dataclasses import dataclass, field

Path = tuple[str, ...]

STEP = 4
_DIGITS = 16
_ALPHABET = [chr(ord("@") + value) for value in range(32)]
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]
_FORM = re.compile(r"'1-([A-Za-z]+) *([@-_]{16})'")


@dataclass(slots=True)
class Counter:
    """The tenant's version counter."""

    value: int = 0

    def next(self) -> int:
        """The next version, greater than every one before."""
        self.value += STEP
        return self.value


@dataclass(slots=True)
class Versions:
    """The versions one resource has had, and the version in which each property path last changed."""

    kind: str
    current: int
    known: list[int] = field(default_factory=list)
    """Every version so far, in order."""
    changed: dict[Path, int] = field(default_factory=dict)
    _etag: str = ""

    def __post_init__(self) -> None:
        self.known.append(self.current)

    @property
    def etag(self) -> str:
        """The present version as Graph writes it, put into words when first asked for: most are never read."""
        if not self._etag:
            self._etag = encode(self.kind, self.current)
        return self._etag

    def move(self, version: int, paths: set[Path]) -> None:
        """Record a change of these paths as the new present version."""
        self.current = version
        self._etag = ""
        self.known.append(version)
        for path in paths:
            self.changed[path] = version

    def version_of(self, etag: str) -> int | None:
        """The version that an etag names, or None if it never was one of this resource."""
        read = decode(etag)
        if read is None or read[0] != self.kind:
            return None
        at = bisect_left(self.known, read[1])
        return read[1] if self.known[at : at + 1] == [read[1]] else None

    def changed_since(self, version: int) -> set[Path]:
        """The paths that changed after a version."""
        return {path for path, when in self.changed.items() if when > version}


def clash(mine: set[Path], theirs: set[Path]) -> bool:
    """True when a path of one side is, or lies inside or around, a path of the other."""
    return any(a[: len(b)] == b or b[: len(a)] == a for a in mine for b in theirs)


def encode(kind: str, version: int) -> str:
    """The etag text W/"..." for a kind and version."""
    digits = ""
    while version:
        version, pair = divmod(version, len(_PAIRS))
        digits = _PAIRS[pair] + digits
    width = -(-len(kind) // 6) * 6
    payload = f"'1-{kind.ljust(width)}{digits.rjust(_DIGITS, '@')}'"
    return f'W/"{base64.b64encode(payload.encode()).decode()}"'


def decode(etag: str) -> tuple[str, int] | None:
    """(kind, version) of an etag, or None if it has not Planner's form."""
    if not (etag.startswith('W/"') and etag.endswith('"')):
        return None
    try:
        payload = base64.b64decode(etag[3:-1], validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    match = _FORM.fullmatch(payload)
    if match is None:
        return None
    version = 0
    for digit in match[2]:
        version = version * 32 + ord(digit) - ord("@")
    return match[1], version
