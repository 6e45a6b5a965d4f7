"""Kill the service while its door takes a response: after a restart there is one task, whoever brings it about."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from built_service import Doors, environment, new_database
from service_that_dies import KILLED
from sqlalchemy import select

from service import running
from service.settings import Settings
from service.wiring import Service, build_service
from store import tasks
from store.tables import outbox
from tasking.events import TaskRaised

ROOT = Path(__file__).parents[2]
DOOR = "/api/forms/raise_task/responses"
SAMPLE = ROOT / "tests/forms_ingest/samples/raise_task.json"
SCRIPT = """
import os, sys
from built_service import Doors
from service_that_dies import kill_at
from service import running
from service.settings import Settings
from service.wiring import build_service

kill_at(*sys.argv[1:3], 1)
service = build_service(Settings.read(os.environ))
running.use(service)
Doors(service).send("POST", "/api/forms/raise_task/responses", content=sys.stdin.read())
"""
STEPS = [
    ("forms_ingest.receive:Receiver.take_in", "after"),
    ("forms_ingest.receive:Receiver.receive", "after"),
    ("forms_ingest.ingest:Ingest.take_at_once", "before"),
    ("tasking.actions:raise_task", "before"),
    ("store.tasks:add_task", "after"),
    ("store.inbox:finish", "after"),
    ("forms_ingest.ingest:Ingest.take", "after"),
    ("forms_ingest.ingest:Ingest.take_at_once", "after"),
    ("forms_ingest.receive:Receiver.reply_to", "after"),
]


def deliver_what_was_received(service: Service) -> None:
    """The rows by which the outbox has responses taken, as the clock's next round finds them."""
    with service.store.open() as connection:
        query = select(outbox.c.outbox_id).where(outbox.c.handler == "ingest.take", outbox.c.state == "PENDING")
        waiting = list(connection.execute(query).scalars())
    for outbox_id in waiting:
        asyncio.run(service.worker.deliver(outbox_id))


@pytest.mark.parametrize("sent_again_first", [False, True])
@pytest.mark.parametrize(("target", "when"), STEPS, ids=lambda value: str(value).rpartition(":")[2])
def test_killed_while_the_door_takes_a_response_it_is_one_task(
    tmp_path: Path, target: str, when: str, sent_again_first: bool
) -> None:
    new_database(tmp_path)
    body = json.dumps(json.loads(SAMPLE.read_text("utf-8"))["flow"])
    paths = os.pathsep.join(str(path) for path in (ROOT, ROOT / "tests", ROOT / "tests/journeys"))
    died = subprocess.run(
        [sys.executable, "-c", SCRIPT, target, when],
        env={**os.environ, **environment(tmp_path), "PYTHONPATH": paths},
        input=body,
        text=True,
        cwd=ROOT,
        timeout=90,
        check=False,
    )
    assert died.returncode == KILLED, "the service was meant to be killed at this step"

    service = build_service(Settings.read(environment(tmp_path)))
    try:
        told = _finished(service, body, sent_again_first)
        with service.store.open() as connection:
            (task,) = tasks.read_all_tasks(connection)
            raised = list(connection.execute(select(outbox.c.handler).where(outbox.c.event == TaskRaised.name)))
    finally:
        asyncio.run(service.aclose())
    assert told == {"status": "taken", "reference": task.reference}
    assert len(raised) == len(set(raised)) > 0, "each of its consequences is promised once"


def _finished(service: Service, body: str, sent_again_first: bool) -> dict[str, Any]:
    """The flow sends the response again and the outbox does what is due, in either order; what the flow is told."""
    running.use(service)
    try:
        for step in (True, False) if sent_again_first else (False, True):
            if step:
                answer = Doors(service).send("POST", DOOR, content=body)
            else:
                deliver_what_was_received(service)
    finally:
        running.use(None)
    assert answer.status_code == 202
    return {name: answer.json()[name] for name in ("status", "reference")}
