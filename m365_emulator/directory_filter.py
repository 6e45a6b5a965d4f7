"""The part of $filter that directory lists understand: eq and startswith, joined by `and` or `or`.

What Entra calls advanced queries needs ConsistencyLevel: eventual (concepts/aad-advanced-queries.md).
"""

import re
from dataclasses import dataclass

from m365_emulator.odata import GraphFault, Json
from m365_emulator.routing import Call

FILTERABLE = frozenset(
    {"id", "displayname", "userprincipalname", "mail", "mailnickname", "accountenabled", "usertype", "department"}
)
_EQ = re.compile(r"(\w+)\s+eq\s+(?:'((?:[^']|'')*)'|(true|false|null))", re.IGNORECASE)
_STARTS = re.compile(r"startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_ANY = re.compile(r"(\w+)/any\(\s*(\w+)\s*:\s*\2\s+eq\s+'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_ADVANCED = re.compile(r"\b(ne|not|endswith)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `relation` is 'eq', 'startswith' or 'any'. `value` is lower-case text, a truth or None."""

    prop: str
    relation: str
    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Condition:
    """Terms joined by one word, 'and' or 'or'."""

    terms: tuple[Term, ...]
    word: str


def require_consistency(call: Call) -> None:
    """400 for an advanced query without the header ConsistencyLevel: eventual and $count=true."""
    text = re.sub(r"'(?:[^']|'')*'", "''", call.query.get("$filter", ""))
    sorted_filter = "$filter" in call.query and "$orderby" in call.query
    if not (_ADVANCED.search(text) or "$search" in call.query or sorted_filter):
        return
    if call.headers.get("consistencylevel", "").lower() != "eventual" or call.query.get("$count") != "true":
        raise unsupported("Request with $search, ne, not, endsWith or sorted $filter needs ConsistencyLevel.")
    raise unsupported("Advanced queries are not modelled by this tenant.")


def parse_filter(text: str) -> Condition:
    """The condition of a $filter; 400 Request_UnsupportedQuery for what is not understood."""
    for word in ("or", "and"):
        pieces = re.split(rf"\s+{word}\s+(?=(?:[^']*'[^']*')*[^']*$)", text.strip(), flags=re.IGNORECASE)
        if len(pieces) > 1:
            return Condition(tuple(_term(piece) for piece in pieces), word)
    return Condition((_term(text),), "and")


def matches(row: Json, condition: Condition) -> bool:
    """True when a row fulfils the condition; text compares without case."""
    results = (_holds(row, term) for term in condition.terms)
    return any(results) if condition.word == "or" else all(results)


def unsupported(message: str) -> GraphFault:
    """Entra's refusal of a query."""
    return GraphFault(400, "Request_UnsupportedQuery", message)


def _term(text: str) -> Term:
    text = text.strip().removeprefix("(").removesuffix(")") if text.strip().startswith("(") else text.strip()
    if found := _EQ.fullmatch(text):
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        plain = found[2] is None
        value = words[found[3].lower()] if plain else found[2].replace("''", "'").lower()
        return Term(_filterable(found[1]), "eq", value)
    if found := _STARTS.fullmatch(text):
        return Term(_filterable(found[1]), "startswith", found[2].replace("''", "'").lower())
    if (found := _ANY.fullmatch(text)) and found[1].lower() in ("grouptypes", "resourceprovisioningoptions"):
        return Term(found[1].lower(), "any", found[3].lower())
    raise GraphFault(400, "Request_BadRequest", f"Invalid filter clause: {text!r}.")


def _filterable(name: str) -> str:
    if name.lower() not in FILTERABLE:
        raise unsupported(f"Unsupported or invalid query filter clause specified for property '{name}'.")
    return name.lower()


def _holds(row: Json, term: Term) -> bool:
    value = next((v for k, v in row.items() if k.lower() == term.prop), None)
    if term.relation == "any":
        return term.value in [str(v).lower() for v in value or []]
    if term.relation == "startswith":
        return isinstance(value, str) and value.lower().startswith(str(term.value))
    return (value.lower() if isinstance(value, str) else value) == term.value
