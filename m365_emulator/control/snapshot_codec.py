"""The tenant's state as JSON text and back: records of this program, plain values, and who shares what with whom.
Only classes of this program are made when reading, so a snapshot from elsewhere cannot run anything.

A dataclass field can carry metadata: `transient` (not kept, its default comes back) or `monotonic` (a reading of
time.monotonic(), kept as its distance from now).
"""

from __future__ import annotations

import base64
import importlib
import re
import time
from collections import UserDict, deque
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime, timedelta
from types import MethodType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

OWN = "m365_emulator."
PLAIN = (type(None), bool, int, float, str)


_NO_SNAPSHOT = (
    *(KeyError, TypeError, ValueError, AttributeError, ImportError),
    *(IndexError, OverflowError, RecursionError, ZoneInfoNotFoundError, re.error),
)


class SnapshotFault(Exception):
    """Something that cannot be kept, or a document that is no snapshot; the text says which."""


class Writer:
    """Turns one graph of objects into JSON; what appears twice is written once and then named by its number."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}
        self._kept: list[Any] = []

    def write(self, value: Any) -> Any:
        """The JSON of a value. SnapshotFault for a type that no rule is for."""
        if type(value) in PLAIN:
            return value
        for kind, mark, write in _VALUES:
            if type(value) is kind:
                return {"$": mark, "v": write(value)}
        if isinstance(value, tuple | frozenset) and type(value) in (tuple, frozenset):
            return {"$": type(value).__name__, "v": [self.write(part) for part in value]}
        if isinstance(value, MethodType):
            return {"$": "method", "of": self.write(value.__self__), "v": value.__func__.__name__}
        if id(value) in self._numbers:
            return {"$": "again", "v": self._numbers[id(value)]}
        self._numbers[id(value)] = len(self._kept)
        self._kept.append(value)
        return {"n": len(self._kept) - 1} | self._shared(value)

    def _shared(self, value: Any) -> dict[str, Any]:
        if type(value) is dict:
            return {"$": "dict", "v": [[self.write(key), self.write(part)] for key, part in value.items()]}
        if type(value) in (list, set):
            return {"$": type(value).__name__, "v": [self.write(part) for part in value]}
        if type(value) is deque:
            return {"$": "deque", "max": value.maxlen, "v": [self.write(part) for part in value]}
        if type(value).__module__.startswith(OWN):
            name = f"{type(value).__module__}:{type(value).__qualname__}"
            return {"$": "own", "is": name, "v": {k: self._field(value, k, v) for k, v in _state(value).items()}}
        raise SnapshotFault(f"{type(value).__module__}.{type(value).__qualname__} cannot be kept in a snapshot")

    def _field(self, owner: Any, name: str, value: Any) -> Any:
        if value is not None and _metadata(owner, name).get("monotonic"):
            return {"$": "ago", "v": time.monotonic() - value}
        return self.write(value)


class Reader:
    """Turns what a Writer wrote back into objects."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def read(self, wire: Any) -> Any:
        """The value. SnapshotFault where the document is not one that a Writer wrote."""
        if type(wire) in PLAIN:
            return wire
        try:
            mark = wire["$"]
            if mark in _READ_VALUES:
                return _READ_VALUES[mark](wire["v"])
            return _READERS[mark](self, wire)
        except _NO_SNAPSHOT as fault:
            raise SnapshotFault(f"this is no snapshot of this program: {type(fault).__name__} {fault}") from fault

    def again(self, wire: Any) -> Any:
        """Something read before."""
        return self._made[wire["v"]]

    def fixed(self, wire: Any) -> Any:
        """A tuple or frozenset."""
        parts = [self.read(part) for part in wire["v"]]
        return tuple(parts) if wire["$"] == "tuple" else frozenset(parts)

    def method(self, wire: Any) -> Any:
        """A method bound to one of our objects."""
        owner = self.read(wire["of"])
        if not type(owner).__module__.startswith(OWN):
            raise SnapshotFault("only methods of this program's objects can be read")
        return getattr(owner, wire["v"])

    def mapping(self, wire: Any) -> Any:
        """A dict."""
        made: dict[Any, Any] = {}
        self._made[wire["n"]] = made
        made.update((self.read(key), self.read(part)) for key, part in wire["v"])
        return made

    def sequence(self, wire: Any) -> Any:
        """A list, set or deque."""
        made: Any = {"list": [], "set": set(), "deque": deque(maxlen=wire.get("max"))}[wire["$"]]
        self._made[wire["n"]] = made
        for part in wire["v"]:
            (made.add if wire["$"] == "set" else made.append)(self.read(part))
        return made

    def own(self, wire: Any) -> Any:
        """An object of one of this program's classes."""
        module, _, name = str(wire["is"]).partition(":")
        kind = getattr(importlib.import_module(module), name) if module.startswith(OWN) else None
        if not isinstance(kind, type):
            raise SnapshotFault(f"{wire['is']!r} is no class of this program")
        made: Any = object.__new__(kind)
        self._made[wire["n"]] = made
        for field in fields(made) if is_dataclass(made) else ():
            object.__setattr__(made, field.name, _default(field))
        for attribute, value in wire["v"].items():
            object.__setattr__(made, attribute, self.read(value))
        return made


def _state(value: Any) -> dict[str, Any]:
    """Every attribute that is to be kept, whether it lives in slots or in __dict__."""
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    held = {name: getattr(value, name) for name in names if hasattr(value, name)} | getattr(value, "__dict__", {})
    if not isinstance(value, UserDict) and not is_dataclass(value) and not held and names:
        raise SnapshotFault(f"{type(value).__qualname__} has nothing that could be kept")
    return {name: part for name, part in held.items() if not _metadata(value, name).get("transient")}


def _metadata(owner: Any, name: str) -> Any:
    found = getattr(type(owner), "__dataclass_fields__", {}).get(name)
    return found.metadata if found is not None else {}


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default


_VALUES: tuple[tuple[type, str, Callable[[Any], Any]], ...] = (
    (bytes, "bytes", lambda value: base64.b64encode(value).decode()),
    (datetime, "datetime", lambda value: value.isoformat()),
    (date, "date", lambda value: value.isoformat()),
    (timedelta, "timedelta", lambda value: value / timedelta(microseconds=1)),
    (ZoneInfo, "zone", lambda value: value.key),
    (re.Pattern, "pattern", lambda value: [value.pattern, value.flags]),
)
_READ_VALUES: dict[str, Callable[[Any], Any]] = {
    "bytes": base64.b64decode,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "timedelta": lambda text: timedelta(microseconds=text),
    "zone": ZoneInfo,
    "pattern": lambda pair: re.compile(pair[0], pair[1]),
    "ago": lambda seconds: time.monotonic() - seconds,
}
_READERS: dict[str, Callable[[Reader, Any], Any]] = {
    "again": Reader.again,
    "tuple": Reader.fixed,
    "frozenset": Reader.fixed,
    "method": Reader.method,
    "dict": Reader.mapping,
    "list": Reader.sequence,
    "set": Reader.sequence,
    "deque": Reader.sequence,
    "own": Reader.own,
}
