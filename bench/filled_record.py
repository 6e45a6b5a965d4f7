"""A record with a history: many tasks, mostly finished, put in fast by direct inserts of really serialised rows.

Open ones stand on the emulator's boards, made there in batches; their links say that the last poll has seen them.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import insert

from bench.boards import raise_tasks
from bench.tenant import Tenant
from planner_sync import field_map
from planner_sync.boards import BoardPlan, all_boards
from service.wiring import Service
from store import tables, tasks
from store.planner_links import LinkState
from tasking.force import Force
from tasking.task import Status, Task

ROWS_AT_ONCE = 5000
BATCH = 20
OLD = timedelta(days=60)
SETTLED_ROWS = ("planner.show_on_board", "escalation.look_now")
"""Outbox rows that a task leaves behind at the least."""


def fill(service: Service, tenant: Tenant, finished: int, open_each: int) -> None:
    """Adds so many finished tasks in all, and so many open ones on every board, each like one really raised."""
    with service.store.open() as connection:
        boards = all_boards(connection)
    model = _model(service, boards[0].unit)
    now = service.store.clock.now()
    shown = [_copy(model, f"o{board.unit}-{n}", board.unit) for board in boards for n in range(open_each)]
    by_unit = {board.unit: board for board in boards}
    made = _on_boards(service, tenant, [(task, by_unit[task.unit]) for task in shown])
    _add(service, zip(shown, (_open_link(service.force, *each) for each in made), strict=True), now)
    done = (_finished(_copy(model, f"f{n}", boards[n % len(boards)].unit), now) for n in range(finished))
    _add(service, ((task, _retired_link(task, by_unit[task.unit])) for task in done), now)


def _model(service: Service, unit: str) -> Task:
    """A task as the service raises it; it stays in the record and is delivered like any other."""
    raise_tasks(service, [unit], 1)
    with service.store.open() as connection:
        return tasks.read_all_tasks(connection)[-1]


def _copy(model: Task, mark: str, unit: str) -> Task:
    task_id, title = f"bench{mark:0>27}"[:32], f"Bench B-{mark}: keep the market place quiet"
    reference, where = f"B-{mark}", (unit,)
    return replace(
        model, task_id=task_id, reference=reference, response_id=mark, title=title, unit=unit, stands_on=where
    )


def _finished(task: Task, now: datetime) -> Task:
    then, done = now - OLD, Status.COMPLETED
    return replace(task, status=done, progress=100, raised_at=then, submitted_at=then, completed_at=then + OLD / 3)


def _add(service: Service, rows: Iterator[tuple[Task, Mapping[str, Any]]], now: datetime) -> None:
    """The task by the store's own function; its link and its settled outbox rows in bulk."""
    links: list[Mapping[str, Any]] = []
    with service.store.open() as connection:
        for task, link in rows:
            tasks.add_task(connection, task)
            links.append(link)
        for start in range(0, len(links), ROWS_AT_ONCE):
            some = links[start : start + ROWS_AT_ONCE]
            connection.execute(insert(tables.planner_links), some)
            settled = [_settled(link["task_id"], handler, now) for link in some for handler in SETTLED_ROWS]
            connection.execute(insert(tables.outbox), settled)


def _settled(task_id: str, handler: str, now: datetime) -> dict[str, Any]:
    moments = dict.fromkeys(("due_at", "created_at", "settled_at"), now - OLD)
    told = {"event": "TaskRaised", "handler": handler, "payload": {"task_id": task_id}, "state": "DONE"}
    return {**told, **moments, "attempts": 1, "in_doubt": False, "correlation_id": "bench"}


def _on_boards(
    service: Service, tenant: Tenant, wanted: Sequence[tuple[Task, BoardPlan]]
) -> Iterator[tuple[Task, BoardPlan, Mapping[str, Any]]]:
    """Makes the Planner task of each as the service would; gives it with what Planner answered."""
    headers = {"Authorization": f"Bearer {tenant.app_token()}"}
    with httpx.Client(base_url=f"{tenant.url}/v1.0", headers=headers, timeout=60, trust_env=False) as http:
        for start in range(0, len(wanted), BATCH):
            some = wanted[start : start + BATCH]
            bodies = [field_map.new_planner_task(*each, service.force, False).as_json() for each in some]
            items = [_item(number, body) for number, body in enumerate(bodies)]
            answers = http.post("/$batch", json={"requests": items}).raise_for_status().json()["responses"]
            made = {int(answer["id"]): answer for answer in answers}
            for number, (task, board) in enumerate(some):
                if made[number]["status"] != 201:
                    raise RuntimeError(f"a task was not made: {json.dumps(made[number])[:500]}")
                yield task, board, made[number]["body"]


def _item(number: int, body: Mapping[str, Any]) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"}
    return {"id": str(number), "method": "POST", "url": "/planner/tasks", "headers": headers, "body": dict(body)}


def _open_link(force: Force, task: Task, board: BoardPlan, made: Mapping[str, Any]) -> dict[str, Any]:
    base = field_map.to_json(field_map.state_when_made(task, board, force, is_twin=False))
    known = {"planner_task_id": made["id"], "task_etag": made["@odata.etag"], "base": base}
    return {**_link(task, board, LinkState.ACTIVE), **known}


def _retired_link(task: Task, board: BoardPlan) -> dict[str, Any]:
    known = {"planner_task_id": f"gone{task.task_id[-24:]}", "task_etag": None, "base": None}
    return {**_link(task, board, LinkState.RETIRED), **known}


def _link(task: Task, board: BoardPlan, state: LinkState) -> dict[str, Any]:
    own = {"link_id": task.task_id, "task_id": task.task_id, "unit": task.unit, "stay": 1}
    return {**own, "plan_id": board.plan_id, "state": state}
