"""Does a text look as if it held personal data? Patterns only: telephone, vehicle, postcode, birth, NI number, name.

Policing notes, IG-04. It says which kinds and never the value. It can be wrong both ways: it is a net, not a promise.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

PLACES = "Road|Street|Lane|Way|Close|Avenue|Drive|Park|School|House|Hospital|Court|Square|Bridge|Centre|Hall"
TITLES = (
    "Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Rev|Sir|Lady|Lord|Cllr|PC|DC|PS|DS|Sgt|Sergeant|Insp|DI|DCI|PCSO|Constable|Supt|"
    "[Nn]amed|[Cc]alled|[Kk]nown as"
)
MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"

PATTERNS: Mapping[str, re.Pattern[str]] = {
    "telephone": re.compile(r"(?<![\w/-])(?:\+44|0044|\(?0)[\s()-]*\d(?:[\s()-]*\d){8,9}(?![\w-])"),
    "vehicle registration": re.compile(
        r"\b(?:(?i:[a-z]{2}\d{2} ?[a-z]{3})"
        r"|[A-HJ-NPR-TV-Y]\d{1,3}[A-HJ-PR-TV-Y]{3}|[A-HJ-NPR-TV-Y]\d{3} [A-HJ-PR-TV-Y]{3}"
        r"|[A-HJ-PR-TV-Y]{3} ?\d{1,3}[A-HJ-NPR-TV-Y])\b"
    ),
    "postcode": re.compile(
        r"\b(?:[BEGLMNSW]|[A-PR-UWYZ][A-Z])\d[A-Z\d]? ?(?!(?-i:\d(?:st|nd|rd|th)))\d[ABD-HJLNP-UW-Z]{2}\b",
        re.IGNORECASE,
    ),
    "date of birth": re.compile(
        r"\b(?:d\.?o\.?b\b|date of birth|born (?:on|in)?\s?\d)"
        r"|\b\d{1,2}[/.-]\d{1,2}[/.-](?:19\d\d|20[01]\d)\b"
        rf"|\b\d{{1,2}}(?:st|nd|rd|th)? (?:{MONTHS})[a-z]* (?:19\d\d|20[01]\d)\b",
        re.IGNORECASE,
    ),
    "national insurance number": re.compile(
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d\d){3} ?[A-D]\b", re.IGNORECASE
    ),
    "e-mail address": re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+"),
    "name": re.compile(
        rf"\b(?:{TITLES})\.? (?!(?:\w+ )?(?:{PLACES})\b)"
        rf"(?:[A-Z]['’])?[A-Z][a-zà-ÿ'’-]+(?: (?:[A-Z]['’])?[A-Z][a-zà-ÿ'’-]+)?(?! (?:{PLACES})\b)(?!\w)"
    ),
}
LEFT_OUT = "Left out here: it may hold personal data. Read it on the task."
SHORT_LEFT_OUT = "See the task"


class Gated(NamedTuple):
    """A card that may be posted, and the kinds of what was left out of it."""

    card: dict[str, Any]
    kinds: tuple[str, ...]


def hits(text: str, known: Iterable[str] = ()) -> tuple[str, ...]:
    """Kinds of personal data that the text seems to hold, never the value. `known` are words of config: no hits."""
    if names := _any_of(frozenset(each for each in known if each)):
        text = names.sub("…", text)
    return tuple(kind for kind, pattern in PATTERNS.items() if pattern.search(text))


@cache
def _any_of(names: frozenset[str]) -> re.Pattern[str] | None:
    """Finds any of these words of config, of two at one place the longer; None where there are none."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)") if names else None


def gated(card: Mapping[str, Any], known: Iterable[str] = ()) -> Gated:
    """The last look at a card before it is posted: a text, fact or spoken line that hits is left out, saying so."""
    names, found = tuple(known), list[str]()

    def kept(words: str, instead: str) -> str:
        kinds = hits(words, names)
        found.extend(kinds)
        return instead if kinds else words

    def block(each: Mapping[str, Any]) -> dict[str, Any]:
        if each.get("type") == "TextBlock":
            return {**each, "text": kept(each["text"], LEFT_OUT)}
        facts = [{"title": fact["title"], "value": kept(fact["value"], SHORT_LEFT_OUT)} for fact in each["facts"]]
        return {**each, "facts": facts}

    spoken = {name: kept(card[name], LEFT_OUT) for name in ("fallbackText", "speak")}
    clean = {**card, **spoken, "body": [block(each) for each in card["body"]]}
    return Gated(clean, tuple(dict.fromkeys(found)))
