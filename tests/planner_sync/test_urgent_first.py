"""When Graph asks to wait, what concerns a task of band IMMEDIATE goes first."""

import pytest

from store import outbox
from tests.planner_sync.small_force import SEVERE, SmallForce

pytestmark = pytest.mark.anyio


async def test_after_a_wait_the_immediate_task_is_in_the_first_request_to_its_board(
    force: SmallForce, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Requests that are under way together reach Graph in no certain order: one at a time shows which left first.
    monkeypatch.setattr(force.service.graph.transport.limiter, "_most", 1)
    for number in range(60):
        force.raise_task(title=f"Routine {number}")
    urgent = force.raise_task(title="Missing child", assessment=SEVERE)
    force.fault("throttle", workload="planner", seconds=600, retry_after="whole", value=1, times=1000)
    await force.deliver()
    assert force.on_board() == [], "Graph asks everybody to wait"
    force.emulator.control("faults", method="DELETE")
    force.watch()
    force.later(minutes=16)
    await force.deliver()
    created = [body["title"] for body in force_created(force)]
    assert created.index(f"{urgent.reference} Missing child") < 20, "in the first batch that went through"
    await force.settle()
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
