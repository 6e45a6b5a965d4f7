"""What is asked of the level that meets: people and equipment, with figures and time, and what was tried below."""

from datetime import datetime

from reporting.pack_view import Seen, View
from tasking.asking import BEYOND
from tasking.decision import DecisionType
from tasking.escalation import Escalation
from tasking.resources import figures

ABOUT_PEOPLE = frozenset({DecisionType.RESOURCE, DecisionType.RESOURCE_DECLINE})


def wants_resources(seen: Seen, view: View) -> str | None:
    """People or equipment are asked of this level, and nothing was decided about them yet."""
    if seen.is_below or not seen.task.is_open:
        return None
    asking = [step for step in _asked_here(seen, view) if step.resources_requested or step.trigger in BEYOND]
    if asking:
        is_decided = _was_decided(seen, view, asking[0].requested_at)
        return None if is_decided else "More people or equipment is asked of this level"
    wants = seen.task.wanted == "RESOURCES" and seen.task.unit == view.unit
    is_decided = _was_decided(seen, view, seen.task.raised_at)
    return "More people or equipment is asked for" if wants and not is_decided else None


def asked_of(seen: Seen, view: View) -> str:
    """What is asked: of this level by an escalation, else what the task asks for."""
    found = (_asked_words(step) for step in _asked_here(seen, view))
    return next((words for words in found if words), seen.task.text.ask)


def asked_with_figures(seen: Seen, view: View) -> str:
    """The same with how many, how many hours and which time are asked for, where that was said."""
    bid = next((step.bid for step in _asked_here(seen, view) if step.bid), None)
    return f"{asked_of(seen, view).rstrip('.')} ({figures(bid)})" if bid else asked_of(seen, view)


def tried_of(seen: Seen, view: View) -> str:
    """What the unit below says it has tried, by the newest escalation to this level."""
    return next((step.action_so_far for step in _asked_here(seen, view) if step.action_so_far), "")


def _asked_here(seen: Seen, view: View) -> list[Escalation]:
    """The escalations to this level that stand, the newest first."""
    return [step for step in reversed(seen.steps) if step.is_standing and step.to_unit == view.unit]


def _asked_words(step: Escalation) -> str:
    """What is asked, and people and equipment where those were said apart."""
    return " ".join(dict.fromkeys(words for words in (step.asked, step.resources_requested) if words))


def _was_decided(seen: Seen, view: View, since: datetime) -> bool:
    """Whether people or equipment were granted, or declined, since they were asked for."""
    about = view.decided.get(seen.task.task_id, ())
    made = [each for each in about if each.decision_ref not in view.superseded and each.decided_at >= since]
    return any(each.allocation or each.decision_type in ABOUT_PEOPLE for each in made)
