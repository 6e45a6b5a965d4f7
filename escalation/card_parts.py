"""What every Adaptive Card (version 1.4) of ours is built of, so that all keep the same limits and the same order.

At most six facts, every text wraps, buttons only open addresses, and the handling mark with the moment stands last.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tasking.clocks import clock_text
from tasking.force import Force
from tasking.restricted import is_restricted
from tasking.task import Classification, Task
from tasking.thrive import LOW_CONFIDENCE

Card = dict[str, Any]
Facts = Sequence[tuple[str, str]]

MOST_FACTS = 6
MOST_BUTTONS = 4
SENT_AGAIN = "SENT AGAIN: an earlier copy of this card may be above. Nothing new has happened."

RED, GREEN, PLAIN = "Attention", "Good", "Default"
"""Colours of a banner. Its first words say the same: colour is never the only sign."""


@dataclass(frozen=True, slots=True)
class CardLinks:
    """Addresses that the card's buttons open, '' or None where there is nothing to open."""

    task: str | None = None
    board: str | None = None
    record: str | None = None
    pack: str | None = None
    record_words: str = "Record decision"

    def buttons(self) -> list[Card]:
        """The buttons in their order."""
        named = (
            ("Open task", self.task),
            ("Open board", self.board),
            (self.record_words, self.record),
            ("Open pack", self.pack),
        )
        return [{"type": "Action.OpenUrl", "title": title, "url": url} for title, url in named if url][:MOST_BUTTONS]


@dataclass(frozen=True, slots=True)
class Mark:
    """What the frame says of a card: its classification, the moment it is true of (UTC), if a copy may be above."""

    classification: Classification
    as_at: datetime
    sent_again: bool = False


def framed(
    mark: Mark, links: CardLinks, banner: str, color: str, headline: str, body: Iterable[Card], plain: str
) -> Card:
    """The whole card. `plain` is read aloud and shown where a card cannot be; it says the matter in a sentence."""
    top = [
        *([text(SENT_AGAIN)] if mark.sent_again else []),
        text(banner, weight="Bolder", color=color),
        text(headline, size="Medium"),
    ]
    footer = f"{mark.classification.value} · as at {clock_text(mark.as_at)} · sent by the tasking service"
    heard = f"Sent again: {plain}" if mark.sent_again else plain
    return {
        "type": "AdaptiveCard",
        "version": "1.4",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "fallbackText": heard,
        "speak": heard,
        "body": [*top, *body, text(footer, size="Small", isSubtle=True)],
        "actions": links.buttons(),
    }


def text(words: str, **style: object) -> Card:
    """A paragraph."""
    return {"type": "TextBlock", "text": words, "wrap": True, **style}


def fact_set(shown: Facts) -> Card:
    """Titles and values, one under another. ValueError for more than six."""
    if len(shown) > MOST_FACTS:
        raise ValueError(f"a card shows at most {MOST_FACTS} facts")
    return {"type": "FactSet", "facts": [{"title": title, "value": value} for title, value in shown]}


def headline_of(force: Force, task: Task) -> str:
    """Reference and pillar. The title is what somebody typed, so it is read on the task, not in a channel."""
    if task.classification is Classification.OFFICIAL_SENSITIVE:
        return f"{task.reference}: OFFICIAL-SENSITIVE task, read it on the record"
    pillar = force.pillars[task.pillar].label if task.pillar in force.pillars else "Restricted"
    return f"{task.reference} · {pillar}{': read it on the record' if is_restricted(force, task) else ''}"


def owner_words(task: Task, nobody: str = "Nobody yet", somebody: str = "Assigned") -> str:
    """Whether it has an owner; never who."""
    return somebody if task.owner_ids else nobody


def due_words(task: Task) -> str:
    """When it is due."""
    return clock_text(task.due_at) if task.due_at else "No due time"


def band_words(task: Task) -> str:
    """The band that people work by."""
    return f"{task.working_band.value}{unsure_words(task)}" if task.working_band else "Not yet assessed"


def unsure_words(task: Task) -> str:
    """What follows the risk of a task whose assessor was not sure of it; '' for others."""
    return f" - {LOW_CONFIDENCE}" if task.is_unsure else ""


def unit_words(force: Force, unit: str) -> str:
    """A unit with its level: `Northfell (Section)`."""
    return f"{force.units[unit].name} ({force.level_of(unit).name})"
