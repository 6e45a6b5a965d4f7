"""The journey while Microsoft 365 misbehaves: throttled, failing, slow, stale, and losing its answers.

In the end there is one task for each response on each of its boards, and every card is posted.
"""

import random
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from emulator_server import RunningEmulator
from stage import Stage, answers_of

from service.wiring import Service
from store import outbox, tasks
from tasking.task import Task

STALE_SECONDS = 0.6
ROUNDS = 24
BETWEEN = timedelta(minutes=15)
RESPONSES = (1, 13, 19)
Order = tuple[str, dict[str, Any]]

THROTTLES: list[Order] = [
    ("faults/throttle", {"path": path, "retry_after": form, "value": value, "times": 1})
    for form, value in (("whole", 1), ("fractional", 0.4), ("date", 1), ("none", 0))
    for path in ("/planner", "/sites", "/workflows")
]
UNAVAILABLE: list[Order] = [
    ("faults/fail_next", {"status": 503, "code": "serviceNotAvailable", "path": path, "times": times} | verb)
    for path, verb, times in (
        ("/planner/tasks$", {"method": "POST"}, 2),
        ("/planner/plans/.*/tasks", {"method": "GET"}, 2),
        ("/items/delta", {"method": "GET"}, 5),
        ("/workflows", {"method": "POST"}, 2),
        ("/details", {"method": "PATCH"}, 1),
    )
]
LOST: list[Order] = [
    ("faults/lose_next_answer", {"method": method, "path": path, "as": lost_as})
    for lost_as in ("disconnect", "504")
    for method, path in (
        ("POST", "/planner/tasks$"),
        ("PATCH", "/planner/tasks/[^/]+/details"),
        ("PATCH", "/planner/tasks/[^/]+$"),
        ("POST", "/workflows"),
    )
]
SLOW: list[Order] = [
    ("faults/delay", {"path": "/planner", "seconds": 0.3, "times": 6}),
    ("faults/delay", {"path": "/workflows", "seconds": 0.5, "times": 2}),
    ("faults/delay", {"path": "/items/delta", "seconds": 0.5, "times": 2}),
]
STALE: list[Order] = [("switches", {"planner_stale_list_seconds": STALE_SECONDS, "planner_details_404_ms": 300})]
KINDS: dict[str, tuple[list[Order], set[int]]] = {
    "throttling in every form": (THROTTLES, {429}),
    "unavailable": (UNAVAILABLE, {503}),
    "losing its answers": (LOST, {0, 504}),
    "slow": (SLOW, {200}),
    "telling of new tasks late": (STALE, {404}),
    "all of it at once": ([*STALE, *THROTTLES, *UNAVAILABLE, *LOST, *SLOW], {0, 404, 429, 503, 504}),
}
"""What is ordered, and the statuses by which one sees that it struck; 0 is a connection that was cut."""


async def records(service: Service) -> list[Task]:
    with service.store.open() as connection:
        return tasks.read_all_tasks(connection)


def order(emulator: RunningEmulator, orders: list[Order]) -> None:
    for path, body in orders:
        emulator.control(path, body)


async def promises(service: Service) -> tuple[int, int]:
    """How many deliveries still wait, and how many were given up."""
    with service.store.open() as connection:
        return outbox.waiting(connection), len(outbox.dead_letters(connection))


def until_quiet(stage: Stage) -> None:
    """The jobs round after round, a quarter of an hour of the service's time apart, until nothing waits any more.

    Lists get their real time to catch up between rounds.
    """
    for round_number in range(ROUNDS):
        stage.run_all(ahead=round_number * BETWEEN)
        time.sleep(STALE_SECONDS)
        if round_number > 1 and stage.do(promises) == (0, 0):
            break
    assert stage.do(promises) == (0, 0)


def assert_whole(stage: Stage) -> None:
    """One record per response, one task per board it stands on, and each card posted."""
    kept = stage.do(records)
    assert len(kept) == len(RESPONSES)
    shown = Counter((task["title"].split(" ")[0], task["planId"]) for task in stage.planner_tasks())
    assert set(shown.values()) == {1}, shown
    assert Counter(reference for reference, _ in shown) == {r.reference: len(r.stands_on) for r in kept}
    assert all(task["details"]["checklist"] and task["details"]["description"] for task in stage.planner_tasks())
    climbed = {record.reference for record in kept if len(record.stands_on) > 1}
    cards = [str(card) for card in stage.escalated_cards()]
    for reference in climbed:
        told = [card for card in cards if reference in card]
        assert told, f"no card tells of {reference}"
        assert sum("SENT AGAIN" not in card for card in told) <= 1, "a second copy says that it was sent again"
    assert climbed


@pytest.mark.parametrize("kind", KINDS)
def test_the_journey_ends_well_when_the_tenant_is(stage: Stage, kind: str) -> None:
    orders, struck = KINDS[kind]
    order(stage.emulator, orders)
    for number in RESPONSES:
        stage.submit(answers_of(number))

    until_quiet(stage)

    assert_whole(stage)
    assert struck <= {entry["response"]["status"] for entry in stage.emulator.tenant.traffic.entries}


@pytest.mark.parametrize("seed", range(2))
def test_the_journey_ends_well_under_any_mixture_of_faults_that_come_on_the_way(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    order(stage.emulator, STALE)
    for at, number in enumerate(RESPONSES):
        stage.submit(answers_of(number))
        order(stage.emulator, chance.sample(THROTTLES + UNAVAILABLE + LOST + SLOW, 8))
        stage.run_all(ahead=at * timedelta(minutes=1))
        time.sleep(STALE_SECONDS)

    until_quiet(stage)

    assert_whole(stage)
