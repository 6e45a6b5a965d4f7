"""What people typed about an OFFICIAL-SENSITIVE task is read on the record, and on no board."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from planner_sync.description import service_block
from store.database import open_database
from tasking.decision import Decision, DecisionType
from tasking.force import ReferenceKind
from tasking.task import Classification, ExternalReference, Task
from tests.peakshire import SetClock, a_proposal, tables_in
from tests.tasking.deciding_force import DecidingDesk, deciding_force

T = DecisionType
SECRET = "the victim's sister told us"
SENSITIVE = Classification.OFFICIAL_SENSITIVE


@pytest.fixture
def desk() -> Iterator[DecidingDesk]:
    with tables_in(open_database("sqlite://")) as engine:
        yield DecidingDesk(engine, SetClock(), deciding_force())


def shown(desk: DecidingDesk, task: Task, decision: Decision | None = None) -> str:
    return service_block(desk.now(task), desk.force, tuple(desk.escalations(task)), (), decision)


@pytest.mark.parametrize("needs_endorsement", [True, False], ids=["proposed", "requested"])
def test_the_reason_of_an_escalation_is_not_on_the_board(desk: DecidingDesk, needs_endorsement: bool) -> None:
    proposal = a_proposal(reason=SECRET, needs_endorsement=needs_endorsement)
    task = desk.escalated(desk.raised(classification=SENSITIVE), proposal)
    assert SECRET not in shown(desk, task)
    assert "read why on the record." in shown(desk, task)
    assert SECRET in shown(desk, desk.escalated(desk.raised(), proposal)), "of others it is"


def test_what_is_asked_for_and_what_was_tried_are_on_the_board_but_not_of_a_sensitive_task(desk: DecidingDesk) -> None:
    proposal = a_proposal(asked="Two crews on Friday", action_so_far="Patrols for a week")
    said = "Asked for: Two crews on Friday. Tried so far: Patrols for a week."
    assert said in shown(desk, desk.escalated(desk.raised(), proposal))
    hidden = shown(desk, desk.escalated(desk.raised(classification=SENSITIVE), proposal))
    assert "Two crews" not in hidden
    assert "Patrols for" not in hidden


def test_the_words_of_a_decision_to_ask_and_of_a_return_are_not_on_the_board(desk: DecidingDesk) -> None:
    task = desk.raised(classification=SENSITIVE)
    desk.escalated(task)
    said = {"conditions": SECRET, "residual_risk": SECRET, "receiver": SECRET, "rationale": SECRET}
    decision = desk.decide(task, T.DE_ESCALATE, **said)
    assert SECRET not in shown(desk, task, decision)
    assert "Conditions: Read them on the record." in shown(desk, task, decision)


@pytest.mark.parametrize("mark", [Classification.OFFICIAL, SENSITIVE])
def test_references_in_other_systems_stand_among_the_service_s_lines_by_their_kind(
    desk: DecidingDesk, mark: Classification
) -> None:
    task = desk.raised(classification=mark, external_references=(ExternalReference("PMP", "PMP-118"),))
    kind = ReferenceKind("PMP", "Problem plan", r"PMP-(\d+)", "PMP-{0}", "PMP-118")
    force = replace(desk.force, reference_kinds=(kind,))
    assert "· Problem plan: PMP-118" in service_block(task, force, ()).splitlines()


def test_a_decision_from_before_the_task_was_marked_higher_is_not_on_the_board(desk: DecidingDesk) -> None:
    task = desk.raised(classification=SENSITIVE)
    decision = desk.decide(desk.raised(), T.ALLOCATE, "Duty Sergeant", text=SECRET)
    assert decision.classification is Classification.OFFICIAL
    assert SECRET not in shown(desk, task, decision)
