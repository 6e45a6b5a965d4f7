"""Delta over a change log, for list items and drive items alike: opaque tokens, pages, and what is out of date.
Something that changes while it is being paged through is told again, as on SharePoint.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class Logged(Protocol):
    """Something in a change log: its place there, and whether it is gone."""

    @property
    def changed(self) -> int: ...

    @property
    def deleted(self) -> bool: ...


T = TypeVar("T", bound=Logged)


@dataclass(frozen=True, slots=True)
class DeltaToken:
    """Where a reader of one change log stands. In a first reading things already gone are left out."""

    log_id: str
    epoch: int
    position: int = 0
    first_reading: bool = True

    def encoded(self) -> str:
        """The opaque text of the token."""
        raw = json.dumps([self.log_id, self.epoch, self.position, self.first_reading], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class DeltaPage(Generic[T]):
    """One page; exactly one of the two tokens is there."""

    entries: Sequence[T]
    next_token: DeltaToken | None
    delta_token: DeltaToken | None


def read_token(text: str, log_id: str, epoch: int) -> DeltaToken | None:
    """The token, or None when it is garbled, of another log, or from before an expiry."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        token = DeltaToken(str(raw[0]), int(raw[1]), int(raw[2]), bool(raw[3]))
    except (binascii.Error, ValueError, TypeError, LookupError):
        return None
    return token if (token.log_id, token.epoch) == (log_id, epoch) else None


def page_of(log: Sequence[T], sequence: int, token: DeltaToken, size: int, repeat: bool = False) -> DeltaPage[T]:
    """The next page after the token. With `repeat`, each page but the first begins with one told before."""
    ordered = sorted(log, key=lambda entry: entry.changed)
    due = [e for e in ordered if e.changed > token.position and not (token.first_reading and e.deleted)]
    entries = due[:size]
    told = [e for e in ordered if 0 < e.changed <= token.position and not e.deleted]
    if repeat and told and entries:
        entries = [told[-1], *entries]
    if len(due) > size:
        here = DeltaToken(token.log_id, token.epoch, due[size - 1].changed, token.first_reading)
        return DeltaPage(entries, here, None)
    return DeltaPage(entries, None, DeltaToken(token.log_id, token.epoch, sequence, False))
