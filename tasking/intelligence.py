"""What intelligence puts before meetings: recommendations, which are answered with a reason, and items for the day.

Recommendations come from the tactical assessment or from the intelligence unit's meeting; an accepted or modified one
becomes a task, and both know each other. Items for the day feed the daily meeting and ask for no answer.
"""

from dataclasses import dataclass, replace

from tasking import actions
from tasking.authority import canonical_meeting, capacity_of
from tasking.control_strategy import check_code, strategy_now
from tasking.deciding import decide
from tasking.decision import DecisionRequest, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation_policy import EscalationPolicy
from tasking.force import TRIAGE, Force
from tasking.intelligence_items import SOURCE_WORDS, IntelligenceItem, ItemKind, ItemState
from tasking.ports import UnitOfWork
from tasking.requests import TaskRequest
from tasking.task import Task, TaskText
from tasking.thrive import RiskContext, ThriveAssessment

LONGEST_TEXT = 1000
LONGEST_TITLE = 120
FORM = "intelligence"
"""What a task says it came by that a recommendation became."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How a recommendation is answered. `agreed` is needed to modify it."""

    state: ItemState
    person: str
    role: str
    reason: str
    meeting_ref: str = ""
    agreed: str = ""


def add_item(uow: UnitOfWork, force: Force, item: IntelligenceItem) -> IntelligenceItem | None:
    """Keeps a new item with a reference of its own. None where its key is known: it is never there twice.

    Raises RuleBroken where it is not whole.
    """
    check_item(uow, force, item)
    if uow.intelligence_item_by_key(item.key) is not None:
        return None
    state = ItemState.FED if item.kind is ItemKind.FEED else ItemState.OPEN
    kept = replace(
        item,
        reference=uow.next_intelligence_reference(),
        state=state,
        recorded_by=uow.actor,
        recorded_at=uow.now(),
    )
    uow.put_intelligence_item(kept)
    shown = {"kind": (None, kept.kind.value), "unit": (None, kept.unit), "source": (None, kept.source.value)}
    uow.audit("intelligence item recorded", kept.reference, shown)
    return kept


def check_item(uow: UnitOfWork, force: Force, item: IntelligenceItem) -> None:
    """Raises RuleBroken where an item is not whole."""
    if not item.key.strip() or len(item.key) > LONGEST_TITLE:
        raise RuleBroken(f"It needs the key that its source gives it, of at most {LONGEST_TITLE} characters.")
    if not item.text.strip():
        raise RuleBroken("It needs its text: what is recommended, or what the meeting has to know.")
    if len(item.text) > LONGEST_TEXT:
        raise RuleBroken(f"Its text is longer than {LONGEST_TEXT} characters: shorten it.")
    if item.unit not in force.units:
        raise RuleBroken(f"There is no unit {item.unit}; there are {', '.join(force.units)}.")
    if item.kind is ItemKind.FEED and item.for_day is None:
        raise RuleBroken("An item that feeds a daily meeting needs its day, such as 2027-01-04.")
    strategy = strategy_now(uow)
    check_code("priority", item.control_priority, strategy.priority_codes if strategy else ())
    check_code("intelligence gap", item.intelligence_gap, strategy.gap_codes if strategy else ())


def answer(uow: UnitOfWork, force: Force, policy: EscalationPolicy, reference: str, given: Answer) -> IntelligenceItem:
    """Answers a recommendation: an accepted or modified one becomes a task with a decision, in Triage for its THRIVE.

    Raises RuleBroken without a reason, for one answered already, or where the person may not decide for its unit.
    """
    item = uow.intelligence_item(reference)
    _check_answer(item, given)
    told = replace(given, meeting_ref=canonical_meeting(uow, force, given.meeting_ref))
    answered = replace(
        item,
        state=told.state,
        agreed=told.agreed.strip(),
        reason=told.reason.strip(),
        answered_by=told.person,
        role=told.role,
        meeting_ref=told.meeting_ref,
        answered_at=uow.now(),
    )
    if told.state is ItemState.DECLINED:
        capacity_of(uow, force, _request("", told), item.unit, own_unit=False)
    else:
        task = _raise_task(uow, force, answered)
        made = decide(uow, force, policy, replace(_request(task.reference, told), text=_decided_words(answered)))
        answered = replace(answered, task_reference=task.reference, decision_ref=made.decision_ref)
    uow.put_intelligence_item(answered)
    shown = {
        "state": (item.state.value, answered.state.value),
        "task": (None, answered.task_reference or None),
        "meeting": (None, answered.meeting_ref or None),
    }
    uow.audit("recommendation answered", item.reference, shown, on_behalf_of=told.person)
    return answered


def _check_answer(item: IntelligenceItem, given: Answer) -> None:
    if item.kind is not ItemKind.RECOMMENDATION:
        raise RuleBroken(f"{item.reference} is for the meeting to know: it asks for no answer.")
    if item.state is not ItemState.OPEN:
        raise RuleBroken(f"{item.reference} has been {item.state.value.lower()} already.")
    if not given.reason.strip():
        raise RuleBroken(f"Say why {item.reference} is {given.state.value.lower()}.")
    if given.state is ItemState.MODIFIED and not given.agreed.strip():
        raise RuleBroken(f"Say what was agreed instead of what {item.reference} recommends.")
    if given.state is not ItemState.MODIFIED and given.agreed.strip():
        raise RuleBroken("Other words make it a modified recommendation: answer it as that.")


def _request(reference: str, given: Answer) -> DecisionRequest:
    return DecisionRequest(
        reference=reference,
        decision_type=DecisionType.TASK_CREATE,
        decided_by=given.person,
        role=given.role,
        rationale=given.reason,
        meeting_ref=given.meeting_ref,
    )


def _decided_words(item: IntelligenceItem) -> str:
    return f"recommendation {item.reference} {item.state.value.lower()}"


def _raise_task(uow: UnitOfWork, force: Force, item: IntelligenceItem) -> Task:
    words = " ".join((item.agreed or item.text).split())
    title = words if len(words) <= LONGEST_TITLE else f"{words[: LONGEST_TITLE - 1].rstrip()}…"
    strategy = strategy_now(uow)
    priority = strategy.priority(item.control_priority) if strategy else None
    source = f"Recommendation {item.reference} of the {SOURCE_WORDS[item.source]}"
    return actions.raise_task(
        uow,
        force,
        TaskRequest(
            reference=uow.next_reference(),
            title=f"{force.units[item.unit].name}: {title}",
            unit=item.unit,
            pillar=TRIAGE,
            text=TaskText(ask=words, why_now=f"{source}{f' ({item.document})' if item.document else ''}"),
            wanted="",
            assessment=ThriveAssessment(None, None, None, None, None, None),
            context=RiskContext(),
            form=FORM,
            response_id=item.reference,
            submitted_by=item.answered_by,
            submitted_at=uow.now(),
            classification=item.classification,
            control_priority=priority.code if priority else "",
            control_version=strategy.version if strategy and priority else None,
            nim_level=priority.nim_level if priority else None,
            intelligence_gap=item.intelligence_gap,
        ),
    )
