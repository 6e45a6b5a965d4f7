"""Builds the Adaptive Cards (version 1.4) that channels show. Pointers only: no names, nothing that a person typed.

Limits kept: at most six facts, every text wraps, buttons only open addresses, well under 8 KB.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tasking.escalation import Escalation
from tasking.force import Force
from tasking.task import Classification, Task

LONDON = ZoneInfo("Europe/London")
MOST_FACTS = 6

TRIGGER_WORDS = {
    "MISSING_HIGH": "High-risk missing person",
    "RISK_RISEN": "Risk has risen",
    "NOT_ACCEPTED": "Not taken up in time",
    "OVERDUE": "Past its due time",
    "ASKED_BY_LABEL": "Asked for on the board",
}


@dataclass(frozen=True, slots=True)
class CardLinks:
    """Addresses that the card's buttons open. None where there is nothing to open yet."""

    task: str | None
    board: str | None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card may say of a task. `as_at` is UTC; `checklist_done` and `checklist_all` count lines."""

    task: Task
    escalation: Escalation
    links: CardLinks
    as_at: datetime
    sent_again: bool


def escalated_card(force: Force, facts: CardFacts) -> dict[str, Any]:
    """The card for the chair of the higher level: what is asked, why now, by when."""
    task, step = facts.task, facts.escalation
    to_unit, from_unit = force.units[step.to_unit], force.units[step.from_unit]
    meeting = force.meeting_of(step.to_unit)
    decide = f" - decision needed by {clock_text(step.decide_by)}" if step.decide_by else " - for decision"
    shown = [
        ("Risk", _risk(facts)),
        ("Reason", TRIGGER_WORDS[step.trigger]),
        ("From", f"{from_unit.name} ({force.level_of(step.from_unit).name})"),
        *([("Place", force.units[task.unit].name)] if task.unit != step.from_unit else []),
        ("Owner", "Assigned, still accountable" if task.owner_ids else "Nobody yet"),
        ("Meeting", meeting.name if meeting else to_unit.name),
    ]
    body = [
        _text(f"ESCALATED to {to_unit.name}{decide}", weight="Bolder", color="Attention"),
        _text(_headline(force, task), size="Medium"),
        _text(f"Why now: {step.reason}", maxLines=3),
        _facts(shown),
        _text(_so_far(task)),
    ]
    plain = f"Escalated to {to_unit.name}: {task.reference}. {TRIGGER_WORDS[step.trigger]}{decide}."
    return _card(facts, body, plain)


def returned_card(force: Force, facts: CardFacts) -> dict[str, Any]:
    """The card for the level that gets the task back: on what conditions, and who holds it."""
    task, step = facts.task, facts.escalation
    above, below = force.units[step.to_unit].name, force.units[step.from_unit].name
    shown = [
        ("Returned by", above),
        ("Held by", below),
        ("Owner", "Assigned" if task.owner_ids else "Nobody yet: assign an owner"),
        ("Risk", _risk(facts)),
        ("Due", clock_text(task.due_at) if task.due_at else "No due time"),
    ]
    body = [
        _text(f"RETURNED to {below}", weight="Bolder", color="Good"),
        _text(_headline(force, task), size="Medium"),
        _text("Returned with conditions: read them in the task's description."),
        _facts(shown),
    ]
    return _card(facts, body, f"Returned to {below}: {task.reference}. Conditions are on the task.")


def clock_text(at: datetime) -> str:
    """A moment as people in the force say it: London time, day and 24-hour clock.

    In the hour that comes twice when clocks go back, BST or GMT is said too.
    """
    local = at.astimezone(LONDON)
    comes_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%a} {local.day} {local:%b %H:%M}" + (f" {local:%Z}" if comes_twice else "")


def _headline(force: Force, task: Task) -> str:
    """Reference and pillar. The title is what somebody typed, so it is read on the task, not in a channel."""
    if task.classification is Classification.OFFICIAL_SENSITIVE:
        return f"{task.reference}: OFFICIAL-SENSITIVE task, open it on the restricted board"
    return f"{task.reference} · {force.pillars[task.pillar].label}"


def _risk(facts: CardFacts) -> str:
    step, band = facts.escalation, facts.task.working_band
    if band is None:
        return "Not yet assessed"
    if step.score_then is None:
        return f"{band.value} (set by a person; not yet assessed)"
    was = f", was {step.score_before}" if step.score_before not in (None, step.score_then) else ""
    return f"{band.value} (score {step.score_then} of 100{was})"


def _so_far(task: Task) -> str:
    done = sum(line.is_done for line in task.checklist)
    started = "Work has started." if task.accepted_at else "Nobody has started on it."
    return f"So far: {started} Actions done: {done} of {len(task.checklist)}."


def _card(facts: CardFacts, body: list[dict[str, Any]], plain: str) -> dict[str, Any]:
    if facts.sent_again:
        body.insert(0, _text("SENT AGAIN: an earlier copy of this card may be above. Nothing new has happened."))
        plain = f"Sent again: {plain}"
    buttons = (("Open task", facts.links.task), ("Open board", facts.links.board))
    footer = f"{facts.task.classification.value} · as at {clock_text(facts.as_at)} · sent by the tasking service"
    return {
        "type": "AdaptiveCard",
        "version": "1.4",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "fallbackText": plain,
        "speak": plain,
        "body": [*body, _text(footer, size="Small", isSubtle=True)],
        "actions": [{"type": "Action.OpenUrl", "title": title, "url": url} for title, url in buttons if url],
    }


def _text(words: str, **style: object) -> dict[str, Any]:
    return {"type": "TextBlock", "text": words, "wrap": True, **style}


def _facts(shown: list[tuple[str, str]]) -> dict[str, Any]:
    facts = [{"title": title, "value": value} for title, value in shown]
    if len(facts) > MOST_FACTS:
        raise ValueError(f"a card shows at most {MOST_FACTS} facts")
    return {"type": "FactSet", "facts": facts}
