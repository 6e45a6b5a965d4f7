"""Kill the service at every step between response and board: after a restart there is one task, and its card."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from service_that_dies import KILLED
from stage import Stage, answers_of

ROOT = Path(__file__).parents[2]
LONGER_THAN_A_LEASE = timedelta(minutes=5)

STEPS = [
    ("forms_ingest.intake_list:IntakeList.read", "before", 1),
    ("forms_ingest.receive:Receiver.take_in", "after", 1),
    ("store.inbox:add", "after", 1),
    ("store.notebook:move_cursor", "after", 1),
    ("forms_ingest.intake_list:IntakeList.read", "after", 1),
    ("store.outbox:claim_due", "after", 1),
    ("forms_ingest.ingest:Ingest.take", "before", 1),
    ("tasking.actions:raise_task", "before", 1),
    ("store.tasks:add_task", "after", 1),
    ("tasking.actions:raise_task", "after", 1),
    ("forms_ingest.ingest:Ingest.take", "after", 1),
    ("store.outbox:settle", "after", 1),
    ("store.outbox:claim_due", "after", 2),
    ("planner_sync.create:Create.ensure_on_board", "before", 1),
    ("planner_sync.create:Create._create_somewhere", "before", 1),
    ("graph_client.planner:PlannerClient.create_task", "before", 1),
    ("graph_client.planner:PlannerClient.create_task", "after", 1),
    ("planner_sync.create:Create._create", "after", 1),
    ("graph_client.planner:PlannerClient.details", "after", 1),
    ("graph_client.planner:PlannerClient.update_details", "after", 1),
    ("planner_sync.create:Create._fill_details", "after", 1),
    ("planner_sync.create:Create.ensure_on_board", "after", 1),
    ("graph_client.planner:PlannerClient.create_task", "after", 2),
    ("planner_sync.create:Create.ensure_on_board", "after", 2),
    ("escalation.sweep:Sweep.look_at", "before", 1),
    ("tasking.climbing:propose_to_climb", "after", 1),
    ("escalation.sweep:Sweep.look_at", "after", 1),
    ("escalation.announce:Announce.escalated", "before", 1),
    ("store.outbox:mark_in_doubt", "after", 1),
    ("escalation.posters.teams_workflow:TeamsWorkflowPoster.post", "before", 1),
    ("escalation.posters.teams_workflow:TeamsWorkflowPoster.post", "after", 1),
    ("store.notebook:note_post", "after", 1),
    ("escalation.announce:Announce.escalated", "after", 1),
]
CARD_MAY_BE_UNDER_WAY = {
    ("graph_client.planner:PlannerClient.create_task", 1),
    ("planner_sync.create:Create._create", 1),
    ("graph_client.planner:PlannerClient.details", 1),
    ("graph_client.planner:PlannerClient.update_details", 1),
    ("planner_sync.create:Create._fill_details", 1),
    ("planner_sync.create:Create.ensure_on_board", 1),
    ("graph_client.planner:PlannerClient.create_task", 2),
    ("planner_sync.create:Create.ensure_on_board", 2),
    ("escalation.posters.teams_workflow:TeamsWorkflowPoster.post", 1),
    ("store.outbox:mark_in_doubt", 1),
    ("store.notebook:note_post", 1),
}
"""Steps that may fall between beginning to send the card and noting it: only there may a second copy follow. Deliveries
run beside one another, so a step towards the board may be one."""


@pytest.mark.parametrize(("target", "when", "nth"), STEPS, ids=lambda value: str(value).rpartition(":")[2])
def test_killed_at_any_step_a_response_is_one_task_on_each_board_and_its_card_is_posted(
    stage: Stage, target: str, when: str, nth: int
) -> None:
    stage.submit(answers_of(1))

    died = _run_until_killed(stage, target, when, nth)
    stage.run_all(ahead=LONGER_THAN_A_LEASE)
    stage.run_all(ahead=2 * LONGER_THAN_A_LEASE)

    assert died == KILLED, "the service was meant to be killed at this step"
    shown = stage.planner_tasks()
    assert len(shown) == 2, [task["title"] for task in shown]
    assert len({task["planId"] for task in shown}) == 2, "one on the section's board, one on the force's"
    cards = stage.cards()
    marked = ["SENT AGAIN" in str(card) for card in cards]
    if (target, nth) in CARD_MAY_BE_UNDER_WAY:
        assert marked in ([False], [True], [False, True]), "a second copy says that it was sent again"
    else:
        assert marked == [False]


def test_a_service_that_is_not_killed_makes_the_same(stage: Stage) -> None:
    stage.submit(answers_of(1))

    stage.run_all()

    assert len(stage.planner_tasks()) == 2
    assert len(stage.cards()) == 1


def _run_until_killed(stage: Stage, target: str, when: str, nth: int) -> int:
    script = Path(__file__).parent / "service_that_dies.py"
    paths = os.pathsep.join(str(path) for path in (ROOT, ROOT / "tests", script.parent))
    environment = {**os.environ, **stage.environment, "PYTHONPATH": paths}
    command = [sys.executable, str(script), target, when, str(nth)]
    return subprocess.run(command, env=environment, cwd=ROOT, timeout=90, capture_output=True, check=False).returncode
