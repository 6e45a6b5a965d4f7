"""Recommendations are answered with a reason and become tasks that know them; feed items are for one day's meeting."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from store.database import open_database
from tasking import intelligence
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.force import TRIAGE
from tasking.intelligence import Answer
from tasking.intelligence_items import IntelligenceItem, ItemKind, ItemSource, ItemState
from tasking.task import Classification
from tests.peakshire import MORNING, SetClock, tables_in
from tests.tasking.deciding_force import DecidingDesk, deciding_policy
from tests.tasking.strategic_force import strategic_force

S = ItemState
MEETING = "DIV_N_DAILY 2026-11-02"


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    """A desk on an empty record."""
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), strategic_force())


def an_item(**changes: Any) -> IntelligenceItem:
    """A recommendation of the tactical assessment for the division."""
    whole = IntelligenceItem(
        reference="",
        key="TA-7/3",
        kind=ItemKind.RECOMMENDATION,
        source=ItemSource.TACTICAL_ASSESSMENT,
        unit="DIV_N",
        text="Patrol the two stations on Friday evenings",
        classification=Classification.OFFICIAL,
        state=S.OPEN,
        recorded_by="",
        recorded_at=MORNING,
        document="TA-7",
    )
    return replace(whole, **changes)


def added(desk: DecidingDesk, **changes: Any) -> IntelligenceItem:
    """The item on record."""
    with desk.act() as uow:
        kept = intelligence.add_item(uow, desk.force, an_item(**changes))
    assert kept is not None
    return kept


def answered(desk: DecidingDesk, item: IntelligenceItem, state: ItemState, **changes: Any) -> IntelligenceItem:
    """The item as the division's daily meeting answers it."""
    said: dict[str, Any] = {"reason": "The harm is there.", "meeting_ref": MEETING} | changes
    told = Answer(state, "chi@peakshire.example", said.pop("role", "Duty Inspector"), **said)
    with desk.act(told.person) as uow:
        return intelligence.answer(uow, desk.force, deciding_policy(), item.reference, told)


def test_an_accepted_recommendation_becomes_a_task_and_both_know_each_other(desk: DecidingDesk) -> None:
    made = answered(desk, added(desk), S.ACCEPTED)
    with desk.act() as uow:
        task = uow.task_by_reference(made.task_reference)
    assert task.title == "North Division: Patrol the two stations on Friday evenings"
    assert (task.unit, task.pillar, task.response_id) == ("DIV_N", TRIAGE, made.reference)
    assert made.reference in task.text.why_now
    (decision,) = desk.decisions(task)
    assert (decision.decision_type, decision.decision_ref) == (DecisionType.TASK_CREATE, made.decision_ref)
    assert (decision.meeting_ref, decision.rationale) == (MEETING, "The harm is there.")


def test_a_modified_one_becomes_a_task_with_what_was_agreed_instead(desk: DecidingDesk) -> None:
    made = answered(desk, added(desk), S.MODIFIED, agreed="Patrol one station")
    with desk.act() as uow:
        assert uow.task_by_reference(made.task_reference).title == "North Division: Patrol one station"
    assert made.text == an_item().text, "what was recommended stays as it was"


def test_a_declined_one_keeps_its_reason_and_becomes_no_task(desk: DecidingDesk) -> None:
    made = answered(desk, added(desk), S.DECLINED, reason="No officers are left.")
    assert (made.state, made.reason, made.task_reference) == (S.DECLINED, "No officers are left.", "")
    assert made.answered_at == MORNING


@pytest.mark.parametrize(
    ("state", "changes", "words"),
    [
        (S.ACCEPTED, {"reason": " "}, "Say why"),
        (S.DECLINED, {"reason": ""}, "Say why"),
        (S.MODIFIED, {}, "Say what was agreed instead"),
        (S.ACCEPTED, {"agreed": "Other words"}, "modified recommendation"),
        (S.DECLINED, {"role": "Constable"}, "may not decide"),
        (S.ACCEPTED, {"role": "Constable"}, "may not decide"),
        (S.DECLINED, {"meeting_ref": "HP_DAILY 2026-11-02"}, "belongs to Northfell"),
    ],
)
def test_an_answer_that_is_not_whole_or_not_theirs_to_give_changes_nothing(
    desk: DecidingDesk, state: ItemState, changes: dict[str, Any], words: str
) -> None:
    item = added(desk)
    with pytest.raises(RuleBroken, match=words):
        answered(desk, item, state, **changes)
    with desk.act() as uow:
        assert uow.intelligence_item(item.reference) == item


def test_it_is_answered_once(desk: DecidingDesk) -> None:
    item = added(desk)
    answered(desk, item, S.DECLINED)
    with pytest.raises(RuleBroken, match="has been declined already"):
        answered(desk, item, S.ACCEPTED)


def test_a_feed_item_asks_for_no_answer_and_needs_its_day(desk: DecidingDesk) -> None:
    with pytest.raises(RuleBroken, match="needs its day"):
        added(desk, kind=ItemKind.FEED)
    fed = added(desk, kind=ItemKind.FEED, for_day=date(2026, 11, 2))
    assert fed.state is S.FED
    with pytest.raises(RuleBroken, match="asks for no answer"):
        answered(desk, fed, S.ACCEPTED)


def test_the_same_key_is_never_there_twice(desk: DecidingDesk) -> None:
    added(desk)
    with desk.act() as uow:
        assert intelligence.add_item(uow, desk.force, an_item(text="Other words")) is None
