"""$filter, $search and $orderby of directory lists (concepts/aad-advanced-queries.md).

What Entra calls advanced queries (ne, not, endsWith, $search, a sorted filter) needs ConsistencyLevel: eventual and
$count=true.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from m365_emulator.odata import GraphFault, Json
from m365_emulator.routing import Call

FILTERABLE = frozenset(
    {"id", "displayname", "userprincipalname", "mail", "mailnickname", "accountenabled", "usertype", "department"}
    | {"jobtitle", "givenname", "surname", "visibility", "mailenabled", "securityenabled"}
)
SEARCHABLE = frozenset({"displayname", "mail", "userprincipalname", "description", "mailnickname"})
SORTABLE = frozenset({"displayname", "userprincipalname", "mail", "createddatetime"})
LISTS = frozenset({"grouptypes", "resourceprovisioningoptions"})
_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|([(),:])|([\w$./-]+))")
_ADVANCED = re.compile(r"\b(ne|not|endswith)\b", re.IGNORECASE)
_CLAUSE = re.compile(r'"\s*(\w+)\s*:\s*([^"]*)"')
_NEEDS_HEADER = "Request with $search, ne, not, endsWith or sorted $filter needs ConsistencyLevel."
DEEPEST = 32

Row = Json
Condition = Callable[[Row], bool]


def wants_count(call: Call) -> bool:
    """$count=true with its header; without the header it is passed over."""
    return call.query.get("$count", "").lower() == "true" and is_eventual(call)


def is_eventual(call: Call) -> bool:
    """The header ConsistencyLevel: eventual."""
    return call.headers.get("consistencylevel", "").lower() == "eventual"


def require_consistency(call: Call, *, always: bool = False) -> None:
    """400 for an advanced query without ConsistencyLevel: eventual and $count=true; `always` makes any option one."""
    text = re.sub(r"'(?:[^']|'')*'", "''", call.query.get("$filter", ""))
    sorted_filter = "$filter" in call.query and "$orderby" in call.query
    advanced = _ADVANCED.search(text) or "$search" in call.query or sorted_filter
    if always:
        advanced = advanced or any(name in call.query for name in ("$filter", "$orderby"))
    if advanced and not wants_count(call):
        raise unsupported(_NEEDS_HEADER)


def refined(call: Call, rows: list[Row]) -> list[Row]:
    """The rows that $filter and $search keep, in the order of $orderby; 400 for what is not understood."""
    if "$filter" in call.query:
        condition = parse_filter(call.query["$filter"])
        rows = [row for row in rows if condition(row)]
    if "$search" in call.query:
        found = _search(call.query["$search"])
        rows = [row for row in rows if found(row)]
    return _ordered(rows, call.query["$orderby"]) if "$orderby" in call.query else rows


def parse_filter(text: str) -> Condition:
    """The condition of a $filter; text compares without case."""
    reader = _Reader(_tokens(text))
    condition = reader.either()
    if reader.ahead():
        raise _invalid(text)
    return condition


def unsupported(message: str) -> GraphFault:
    """Entra's refusal of a query."""
    return GraphFault(400, "Request_UnsupportedQuery", message)


@dataclass(slots=True)
class _Reader:
    """Reads or, and, not, parentheses, comparisons and functions from left to right."""

    tokens: list[str]
    at: int = 0
    depth: int = 0

    def ahead(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.ahead()
        if not token or (wanted and token.lower() != wanted):
            raise _invalid(" ".join(self.tokens))
        self.at += 1
        return token

    def either(self) -> Condition:
        parts = [self.both()]
        while self.ahead().lower() == "or":
            self.take()
            parts.append(self.both())
        return lambda row: any(part(row) for part in parts)

    def both(self) -> Condition:
        parts = [self.one()]
        while self.ahead().lower() == "and":
            self.take()
            parts.append(self.one())
        return lambda row: all(part(row) for part in parts)

    def one(self) -> Condition:
        self.depth += 1
        if self.depth > DEEPEST:
            raise unsupported("The filter is nested too deeply.")
        try:
            return self._one()
        finally:
            self.depth -= 1

    def _one(self) -> Condition:
        word = self.ahead().lower()
        if word == "not":
            self.take()
            inner = self.one()
            return lambda row: not inner(row)
        if word == "(":
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        if word in ("startswith", "endswith"):
            return self._function()
        return self._comparison()

    def _function(self) -> Condition:
        name = self.take().lower()
        self.take("(")
        prop = _filterable(self.take())
        self.take(",")
        value = str(self._literal() or "").lower()
        self.take(")")
        test = str.startswith if name == "startswith" else str.endswith
        return lambda row: test(_text(row, prop), value)

    def _comparison(self) -> Condition:
        name = self.take()
        if "/" in name:
            return self._any(name)
        prop, verb = _filterable(name), self.take().lower()
        if verb == "in":
            return self._in(prop)
        if verb not in ("eq", "ne"):
            raise unsupported(f"The operator '{verb}' is not supported for property '{prop}'.")
        value = self._literal()
        same = verb == "eq"
        return lambda row: (_value(row, prop) == value) is same

    def _in(self, prop: str) -> Condition:
        self.take("(")
        values = [self._literal()]
        while self.ahead() == ",":
            self.take()
            values.append(self._literal())
        self.take(")")
        return lambda row: _value(row, prop) in values

    def _any(self, name: str) -> Condition:
        prop, _, verb = name.lower().partition("/")
        if prop not in LISTS or verb != "any":
            raise _invalid(" ".join(self.tokens))
        self.take("(")
        variable = self.take()
        self.take(":")
        self.take(variable.lower())
        self.take("eq")
        value = self._literal()
        self.take(")")
        return lambda row: value in [str(entry).lower() for entry in _held(row, prop) or []]

    def _literal(self) -> str | bool | None:
        token = self.take()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'").lower()
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        if token.lower() not in words:
            raise _invalid(" ".join(self.tokens))
        return words[token.lower()]


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    text = text.strip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise _invalid(text)
        tokens.append(found[1] or found[2] or found[3])
        at = found.end()
    if not tokens:
        raise _invalid(text)
    return tokens


def _search(text: str) -> Condition:
    """Quoted property:words clauses, joined by AND or OR; each word has to begin a word of the property."""
    clauses = _CLAUSE.findall(text)
    left = _CLAUSE.sub("", text).split()
    if not clauses or any(word not in ("AND", "OR") for word in left) or len(left) != len(clauses) - 1:
        raise GraphFault(400, "Request_BadRequest", f"Syntax error in the $search value {text!r}.")
    for prop, _ in clauses:
        if prop.lower() not in SEARCHABLE:
            raise unsupported(f"$search is not supported on property '{prop}'.")
    join = any if "OR" in left else all
    return lambda row: join(_begins(_text(row, prop.lower()), words.lower().split()) for prop, words in clauses)


def _begins(text: str, words: list[str]) -> bool:
    held = re.split(r"[\W_]+", text)
    return all(any(part.startswith(word) for part in held) or text.startswith(word) for word in words)


def _ordered(rows: list[Row], text: str) -> list[Row]:
    prop, _, direction = text.strip().partition(" ")
    if prop.lower() not in SORTABLE or direction.strip().lower() not in ("", "asc", "desc"):
        raise unsupported(f"Sorting by '{text}' is not supported.")
    return sorted(rows, key=lambda row: _text(row, prop.lower()), reverse=direction.strip().lower() == "desc")


def _filterable(name: str) -> str:
    if name.lower() not in FILTERABLE:
        raise unsupported(f"Unsupported or invalid query filter clause specified for property '{name}'.")
    return name.lower()


def _held(row: Row, prop: str) -> Any:
    return next((value for name, value in row.items() if name.lower() == prop), None)


def _value(row: Row, prop: str) -> object:
    held = _held(row, prop)
    return held.lower() if isinstance(held, str) else held


def _text(row: Row, prop: str) -> str:
    return str(_held(row, prop) or "").lower()


def _invalid(text: str) -> GraphFault:
    return GraphFault(400, "Request_BadRequest", f"Invalid filter clause: {text!r}.")
