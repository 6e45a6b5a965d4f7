"""What has to be said when people ask the level above for something (policing notes, sections 4.2 and 4.4)."""

from collections.abc import Mapping

from tasking.decision import DecisionRequest
from tasking.errors import RuleBroken
from tasking.escalation import Escalation
from tasking.resources import ResourceBid

ASKS_FOR_PEOPLE = "BEYOND_RESOURCES"
BEYOND = frozenset({ASKS_FOR_PEOPLE, "BEYOND_CAPABILITY"})
"""Reason codes by which something is beyond a unit: it says what it has tried."""
BID: Mapping[str, str] = {
    "resources": "what is needed",
    "how_many": "how many",
    "hours": "how many hours that is",
    "starts_at": "from when",
    "ends_at": "until when",
}
"""What a bid for people or equipment says, by the request's names."""


def check_asked(request: DecisionRequest) -> None:
    """Raises RuleBroken, naming all that is missing."""
    missing = missing_in(request)
    if missing:
        raise RuleBroken(f"To ask the next level ({request.trigger}), also say {', '.join(missing.values())}.")


def missing_in(request: DecisionRequest) -> Mapping[str, str]:
    """What has still to be said, by the request's names: what is asked for always; what was tried where it is beyond
    the unit; of people also how many, for how many hours, from when and until when."""
    if request.trigger == ASKS_FOR_PEOPLE:
        missing = {name: words for name, words in BID.items() if not _is_said(request, name)}
    else:
        missing = {} if asked_in(request) else {"text": "what is asked of the next level"}
    if request.trigger in BEYOND and not _is_said(request, "tried"):
        missing["tried"] = "what was tried so far"
    return missing


def asks_for_people(step: Escalation) -> bool:
    """Whether people or equipment are asked for by an escalation, so that whoever accepts it may grant them."""
    return step.bid is not None or bool(step.resources_requested) or step.trigger == ASKS_FOR_PEOPLE


def asked_in(request: DecisionRequest) -> str:
    """What is asked for, in the words of the person who asks."""
    return request.text.strip() or request.resources.strip()


def _is_said(request: DecisionRequest, name: str) -> bool:
    return bool(str(getattr(request, name) or "").strip())


def bid_in(request: DecisionRequest) -> ResourceBid | None:
    """The people or equipment that a request names, None where it names none."""
    if not any(_is_said(request, name) for name in BID):
        return None
    return ResourceBid(request.resources.strip(), request.how_many, request.hours, request.starts_at, request.ends_at)
