"""Many officers' tasks at the same time, through a tenant: few requests, and nobody's outcome is another's."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from graph_client.client import GraphClient
from graph_client.errors import Conflict, Gone, Rejected, RetryLater
from graph_client.planner import NewTask, PlannerTask, TaskChanges
from tests.emulator_server import RunningEmulator
from tests.graph_client.conftest import People
from tests.graph_client.told_graph import Naps

pytestmark = pytest.mark.anyio


@pytest.fixture
async def board(tenant: GraphClient, people: People) -> tuple[str, str]:
    plan = await tenant.planner.create_plan(people.group_id, "Daily tasking")
    bucket = await tenant.planner.create_bucket(plan.plan_id, "Crime")
    return plan.plan_id, bucket.bucket_id


async def made(tenant: GraphClient, board: tuple[str, str], number: int) -> list[PlannerTask]:
    return await asyncio.gather(*(tenant.planner.create_task(NewTask(*board, f"Task {n}")) for n in range(number)))


async def together(*calls: Any) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def test_sixty_tasks_are_made_by_a_few_requests_and_each_is_made_once(
    tenant: GraphClient, board: tuple[str, str]
) -> None:
    before = tenant.transport.counts
    tasks = await made(tenant, board, 60)
    after = tenant.transport.counts
    assert sorted(task.title for task in tasks) == sorted(f"Task {n}" for n in range(60))
    assert [task.title for task in tasks] == [f"Task {n}" for n in range(60)], "each caller has its own task"
    assert Counter(task.title for task in await tenant.planner.tasks(board[0])) == {f"Task {n}": 1 for n in range(60)}
    assert after.logical_calls - before.logical_calls == 60
    assert after.http_requests - before.http_requests <= 4


async def test_details_are_read_and_tasks_changed_by_whoever_comes_in_the_same_moment(
    tenant: GraphClient, board: tuple[str, str]
) -> None:
    tasks = await made(tenant, board, 10)
    before = tenant.transport.counts.http_requests
    found = await together(
        *(tenant.planner.details(task.task_id) for task in tasks),
        *(
            tenant.planner.update_task(task.task_id, TaskChanges(title=f"New {task.title}"), task.etag)
            for task in tasks
        ),
    )
    assert [details.task_id for details in found[:10]] == [task.task_id for task in tasks]
    assert [task.title for task in found[10:]] == [f"New Task {n}" for n in range(10)]
    assert tenant.transport.counts.http_requests == before + 1


async def test_a_clash_is_told_to_the_one_who_clashed(tenant: GraphClient, board: tuple[str, str]) -> None:
    one, two, three = await made(tenant, board, 3)
    await tenant.planner.update_task(two.task_id, TaskChanges(title="Changed by a person"), two.etag)
    await tenant.planner.delete_task(three.task_id, three.etag)
    good, stale, wrong, gone = await together(
        tenant.planner.update_task(one.task_id, TaskChanges(title="Mine"), one.etag),
        tenant.planner.update_task(two.task_id, TaskChanges(title="Mine"), two.etag),
        tenant.planner.update_task(two.task_id, TaskChanges(title="Mine"), one.etag),
        tenant.planner.task(three.task_id),
    )
    assert good.title == "Mine"
    assert isinstance(stale, Conflict)
    assert not stale.stale_version
    assert isinstance(wrong, Conflict)
    assert wrong.stale_version
    assert isinstance(gone, Gone)
    assert (await tenant.planner.task(two.task_id)).title == "Changed by a person"


async def test_a_plan_that_fills_up_refuses_those_that_came_too_late(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"planner_max_tasks": 7})
    found = await together(*(tenant.planner.create_task(NewTask(*board, f"Task {n}")) for n in range(10)))
    refused = [error for error in found if isinstance(error, Rejected)]
    assert [error.limit for error in refused] == ["MaximumTasksInProject"] * 3
    assert len(await tenant.planner.tasks(board[0])) == 7


async def test_a_throttled_item_waits_as_long_as_it_says_and_the_others_are_done(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator, naps: Naps
) -> None:
    tasks = await made(tenant, board, 5)
    order = {"path": f"/planner/tasks/{tasks[2].task_id}", "times": 1, "retry_after": "fractional", "value": 2.128}
    emulator.control("faults/throttle", order)
    found = await together(*(tenant.planner.details(task.task_id) for task in tasks))
    assert [details.task_id for details in found] == [task.task_id for task in tasks]
    assert naps.seconds == [pytest.approx(2.128)]


async def test_a_throttled_write_is_its_callers_to_send_again(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    order = {"method": "POST", "path": "/planner/tasks$", "times": 1, "retry_after": "whole", "value": 3}
    emulator.control("faults/throttle", order)
    found = await together(*(tenant.planner.create_task(NewTask(*board, f"Task {n}")) for n in range(5)))
    refused = [error for error in found if isinstance(error, RetryLater)]
    assert [(error.after_seconds, error.uncertain) for error in refused] == [(3.0, False)]
    assert len(await tenant.planner.tasks(board[0])) == 4


async def test_a_write_whose_answer_is_lost_in_a_batch_is_in_doubt_and_was_made_once(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    emulator.control("faults/lose_next_answer", {"method": "POST", "path": "/planner/tasks$", "as": "504"})
    found = await together(*(tenant.planner.create_task(NewTask(*board, f"Task {n}")) for n in range(5)))
    lost = [error for error in found if isinstance(error, RetryLater)]
    assert [error.uncertain for error in lost] == [True]
    titles = Counter(task.title for task in await tenant.planner.tasks(board[0]))
    assert titles == {f"Task {n}": 1 for n in range(5)}


async def test_a_whole_request_that_fails_fails_each_write_in_it(
    tenant: GraphClient, board: tuple[str, str], emulator: RunningEmulator
) -> None:
    emulator.control("faults/fail_next", {"method": "POST", "status": 503, "code": "x", "path": "/planner", "times": 9})
    found = await together(*(tenant.planner.create_task(NewTask(*board, f"Task {n}")) for n in range(5)))
    assert all(isinstance(error, RetryLater) for error in found)
    emulator.control("faults", method="DELETE")
    assert await tenant.planner.tasks(board[0]) == ()


async def test_changes_of_one_task_that_come_together_are_both_made(
    tenant: GraphClient, board: tuple[str, str]
) -> None:
    (task,) = await made(tenant, board, 1)
    found = await together(
        tenant.planner.update_task(task.task_id, TaskChanges(title="New"), task.etag),
        tenant.planner.update_task(task.task_id, TaskChanges(percent_complete=50), task.etag),
    )
    assert all(isinstance(answer, PlannerTask) for answer in found)
    after = await tenant.planner.task(task.task_id)
    assert (after.title, after.percent_complete) == ("New", 50)
