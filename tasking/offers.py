"""What units offer each other for a time, and which request an offer is suggested for (policing notes, 11.4).

A person decides who gets what; a suggestion follows a rule that packs print.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasking.force import Force, Skill

MATCH_RULE = (
    "An offer is suggested for a request that names its skill and is of a unit within the area offered. The request "
    "that stands higher in the list comes first; of several offers the one of the nearest unit, then the earliest."
)


@dataclass(frozen=True, slots=True)
class Offer:
    """So many people or pieces of equipment of one skill, from `starts_at` until `ends_at` (UTC).

    `unit` gives it, for use by `within` and the units below that.
    """

    offer_ref: str
    unit: str
    skill: str
    how_many: int
    starts_at: datetime
    ends_at: datetime
    within: str
    offered_by: str
    offered_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What a task asks for, in the words of whoever asked; of `unit`."""

    reference: str
    unit: str
    asked: str


def suggestions(force: Force, requests: Iterable[Request], offers: Sequence[Offer]) -> dict[str, Offer]:
    """By the request's reference the offer that is suggested for it, each offer once. `requests` are in their rank."""
    left, found = list(offers), dict[str, Offer]()
    for request in requests:
        fitting = [each for each in left if _fits(force, each, request)]
        if fitting:
            best = min(fitting, key=lambda each: (_distance(force, each.unit, request.unit), each.starts_at))
            found[request.reference] = best
            left.remove(best)
    return found


def line_of(force: Force, unit: str) -> tuple[str, ...]:
    """Codes of the unit and of every unit above it, its own first."""
    line, code = list[str](), force.units[unit].code if unit in force.units else None
    while code is not None and code not in line:
        line.append(code)
        code = force.units[code].parent
    return tuple(line)


def _fits(force: Force, offer: Offer, request: Request) -> bool:
    skill = force.skills.get(offer.skill)
    return skill is not None and offer.within in line_of(force, request.unit) and _names(skill, request.asked)


def _names(skill: Skill, asked: str) -> bool:
    return any(re.search(rf"\b{re.escape(word)}\b", asked, re.IGNORECASE) for word in (skill.name, *skill.words))


def _distance(force: Force, giver: str, taker: str) -> int:
    """How many levels above the taker the first unit is that both belong to."""
    above: Collection[str] = line_of(force, giver)
    return next((steps for steps, unit in enumerate(line_of(force, taker)) if unit in above), len(force.levels))
