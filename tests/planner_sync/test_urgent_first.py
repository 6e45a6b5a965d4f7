"""When Graph asks to wait, what concerns a task of band IMMEDIATE goes first."""

import pytest

from store import outbox
from tests.planner_sync.small_force import SEVERE, SmallForce

pytestmark = pytest.mark.anyio


async def test_after_a_wait_the_immediate_task_is_the_first_on_its_board(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        force.raise_task(title=f"Routine {number}")
    force.fault("throttle", workload="planner", seconds=60, retry_after="whole", value=1, times=4)
    urgent = force.raise_task(title="Missing child", assessment=SEVERE)
    await force.settle()
    created = [body["title"] for body in force_created(force)]
    assert created.index(f"{urgent.reference} Missing child") < 20, "in the first batch that went through"
    assert len(force.on_board()) == 61


async def test_deliveries_about_an_immediate_task_are_claimed_before_older_ones(force: SmallForce) -> None:
    for number in range(5):
        force.raise_task(title=f"Routine {number}")
    urgent = force.raise_task(title="Missing child", assessment=SEVERE)
    with force.service.store.open() as connection:
        (first, *_) = outbox.claim_due(connection, force.clock.now(), 1)
    assert first.payload["task_id"] == urgent.task_id


def force_created(force: SmallForce) -> list[dict[str, str]]:
    """Bodies of creates in the order in which Planner was asked."""
    return force.calls("POST", "/planner/tasks$")
