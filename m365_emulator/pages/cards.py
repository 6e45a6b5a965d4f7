"""An Adaptive Card told in words, for people without the renderer: headings, texts, facts and links, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BIG = ("medium", "large", "extralarge")
_PLANNER_TASK = re.compile(
    r"https://(?:planner\.cloud\.microsoft|tasks\.office\.com)/\S*?plan/(?P<plan>[\w-]{28})\S*?/task/(?P<task>[\w-]{28})\S*",
    re.IGNORECASE,
)
_PLANNER_BOARD = re.compile(
    r"https://(?:planner\.cloud\.microsoft|tasks\.office\.com)/\S*?plan/(?P<plan>[\w-]{28})\S*", re.IGNORECASE
)
_MARKDOWN_LINK = re.compile(r"\[([^\]]+)\]\((https?://[^)\s]+)\)")
_EMPHASIS = re.compile(r"(\*\*|__)(.+?)\1")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a card: kind is 'heading', 'text', 'facts' or 'links'."""

    kind: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def brought_home(card: Any) -> Any:
    """The card with Planner's own addresses turned into those of this tenant's boards, so that its links work here."""
    if isinstance(card, dict):
        return {name: _home(value) if name == "url" else brought_home(value) for name, value in card.items()}
    return [brought_home(part) for part in card] if isinstance(card, list) else card


def _home(url: Any) -> Any:
    task, board = (pattern.fullmatch(str(url)) for pattern in (_PLANNER_TASK, _PLANNER_BOARD))
    if task:
        return f"/boards/{task['plan']}/tasks/{task['task']}"
    return f"/boards/{board['plan']}" if board else url


def told(card: Mapping[str, Any]) -> list[Block]:
    """The card's blocks, its buttons as links last; its fallbackText where nothing else can be told."""
    blocks = [block for element in _list(card.get("body")) for block in _element(element)]
    links = tuple(_links(card.get("actions")))
    if links:
        blocks.append(Block("links", links=links))
    if not blocks and card.get("fallbackText"):
        blocks.append(Block("text", plain(str(card["fallbackText"]))))
    return blocks


def plain(text: str) -> str:
    """A card's small Markdown as plain text."""
    return _EMPHASIS.sub(r"\2", _MARKDOWN_LINK.sub(r"\1 (\2)", text)).strip()


def _element(element: Mapping[str, Any]) -> Iterator[Block]:
    kind = str(element.get("type"))
    if element.get("isVisible") is False:
        return
    for inner in ("items", "columns", "cells", "rows", "body"):
        for child in _list(element.get(inner)):
            yield from _element(child)
    teller = _TELLERS.get(kind)
    if teller:
        yield from teller(element)


def _text_block(element: Mapping[str, Any]) -> Iterator[Block]:
    text = plain(str(element.get("text", "")))
    big = str(element.get("size", "")).lower() in BIG or str(element.get("weight", "")).lower() == "bolder"
    if text:
        yield Block("heading" if big or element.get("style") == "heading" else "text", text)


def _rich_text(element: Mapping[str, Any]) -> Iterator[Block]:
    runs = element.get("inlines") or []
    parts = [run if isinstance(run, str) else str(run.get("text", "")) for run in runs]
    yield Block("text", "".join(parts))


def _fact_set(element: Mapping[str, Any]) -> Iterator[Block]:
    facts = [(plain(str(f.get("title", ""))), plain(str(f.get("value", "")))) for f in _list(element.get("facts"))]
    yield Block("facts", facts=tuple(facts))


def _image(element: Mapping[str, Any]) -> Iterator[Block]:
    if element.get("altText"):
        yield Block("text", f"Picture: {element['altText']}")


def _action_set(element: Mapping[str, Any]) -> Iterator[Block]:
    yield Block("links", links=tuple(_links(element.get("actions"))))


def _links(actions: Any) -> Iterator[tuple[str, str]]:
    for action in _list(actions):
        url = str(action.get("url", ""))
        if action.get("type") == "Action.OpenUrl" and url.lower().startswith(("http://", "https://", "/boards/")):
            yield str(action.get("title") or url), url


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


_TELLERS: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Block]]] = {
    "TextBlock": _text_block,
    "RichTextBlock": _rich_text,
    "FactSet": _fact_set,
    "Image": _image,
    "ActionSet": _action_set,
}
