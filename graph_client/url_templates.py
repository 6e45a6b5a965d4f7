"""The SDK's URL templates (RFC 6570), read once each: expanding one anew for every call costs more than all the rest.

Knows what the SDK's request builders write: {+baseurl}, {name} in the path, and query options at the end.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

TOKEN = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class UrlTemplate:
    """A template. `path` names the resource without ids, such as /planner/tasks/{plannerTask-id}."""

    text: str
    path: str
    pieces: tuple[tuple[str, str], ...]
    last_piece: str
    options: frozenset[str]
    options_begin: str

    def url(self, base: str, parameters: Mapping[str, Any], query: Mapping[str, str] | None) -> str:
        """The whole address. `query` is by plain name, such as $select. ValueError for an option that the
        template does not have, which the SDK would drop in silence; KeyError for a parameter that is missing."""
        path = "".join(literal + quote(parameters[name], safe="") for literal, name in self.pieces)
        if not query:
            return base + path + self.last_piece
        if strange := query.keys() - self.options:
            raise ValueError(f"{self.text} takes no {min(strange)}")
        told = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        return base + path + self.last_piece + self.options_begin + told


@lru_cache(maxsize=512)
def url_template(text: str) -> UrlTemplate:
    """The template with this text. ValueError for one that does not begin at the base address."""
    literals = TOKEN.split(text)
    if literals[:2] != ["", "+baseurl"]:
        raise ValueError(f"{text} does not begin at the base address")
    pieces: list[tuple[str, str]] = []
    options, options_begin, literal = "", "?", literals[2]
    for token, after in zip(literals[3::2], literals[4::2], strict=True):
        if token[:1] in "?&":
            options_begin, options = token[0], token[1:]
        else:
            pieces.append((literal, token))
            literal = ""
        literal += after
    names = frozenset(unquote(name.removesuffix("*")) for name in options.split(",") if name)
    path = re.sub(r"\{[?&+][^{}]*\}", "", text).replace("%2D", "-")
    return UrlTemplate(text, path, tuple(pieces), literal, names, options_begin)


def path_without_names(url: str) -> str:
    """The first segment of an address below the version root: enough to tell what was asked, and never an id."""
    path = urlsplit(url).path.partition("/v1.0")[2]
    head, _, rest = path.strip("/").partition("/")
    return f"/{head}" + ("/…" if rest else "")
