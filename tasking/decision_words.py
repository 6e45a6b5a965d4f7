"""What a decision has to say, and how much: the rationale always, the rest by its type."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from tasking.decision import DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.recording import WORDS

LONGEST_TEXT = 4000
MOST_AT_A_GO = 1000
LONGEST_REASON = 500
"""Policing notes, section 4.4: the reason of an escalation."""
LIMITED = (
    *("rationale", "text", "information", "threat_assessment", "powers_policy", "options"),
    *("conditions", "residual_risk", "receiver", "resources", "tried", "dissent"),
)


def given_of(request: DecisionRequest) -> dict[str, str]:
    """What was said besides text and rationale, as plain words."""
    told = {name: getattr(request, name) for name in GIVEN if getattr(request, name)}
    return {name: value.isoformat() if isinstance(value, datetime) else str(value) for name, value in told.items()}


GIVEN = (
    *("band", "due_at", "to_meeting", "conditions", "residual_risk", "receiver", "trigger", "tried"),
    *("resources", "how_many", "starts_at", "ends_at"),
)
"""What is kept of a request besides text and rationale, by its names."""


def check_words(request: DecisionRequest, needs: Sequence[str]) -> None:
    """Raises RuleBroken for a decision without rationale or person, without what its type `needs`, or too long."""
    if not request.rationale.strip():
        raise RuleBroken("A decision needs its rationale: say why, in a sentence or two.")
    if not request.decided_by.strip():
        raise RuleBroken("A decision names the person who made it.")
    for name in LIMITED:
        if len(str(getattr(request, name))) > LONGEST_TEXT:
            raise RuleBroken(f"The {name.replace('_', ' ')} is longer than {LONGEST_TEXT} characters: shorten it.")
    if request.decision_type is DecisionType.ESCALATE and len(request.rationale) > LONGEST_REASON:
        raise RuleBroken(f"What is asked of the next level has at most {LONGEST_REASON} characters: shorten it.")
    missing = [NEEDED_WORDS[name] for name in needs if not str(getattr(request, name) or "").strip()]
    if missing:
        raise RuleBroken(f"To decide this ({WORDS[request.decision_type]}), also say {' and '.join(missing)}.")
    if request.hours is not None and not 0 < request.hours <= 10_000:
        raise RuleBroken("Hours must be more than 0 and at most 10,000.")
    if request.how_many is not None and not 0 < request.how_many <= MOST_AT_A_GO:
        raise RuleBroken(f"How many people or things must be 1 to {MOST_AT_A_GO}.")
    if request.starts_at and request.ends_at and request.ends_at <= request.starts_at:
        raise RuleBroken("The time until which people or equipment are wanted comes after the time from which.")


NEEDED_WORDS: Mapping[str, str] = {
    "band": "which band",
    "due_at": "the new due time",
    "review_at": "when it is to be looked at again",
    "conditions": "on what conditions",
    "residual_risk": "what risk remains",
    "receiver": "who takes it over below",
    "resources": "what is asked for, how much and when",
    "trigger": "for which reason (a trigger code)",
    "text": "what was decided",
    "hours": "how many hours",
}
