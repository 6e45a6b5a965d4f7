"""The app under the library that Azure runs: it is indexed without a fault, and each kind of function is called."""

import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from built_service import PROJECT, root_logger_restored
from due_rows import due_ids

from service.jobs import JOBS
from service.wiring import Service
from store import inbox, notebook, outbox

sys.path.insert(0, str(Path(__file__).parent))

from runtime_library import Refused, RuntimeLibrary

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("azure_functions_runtime") is None,
        reason="azure-functions-runtime is for Python 3.13 and newer; it is not installed here",
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.xdist_group("azure-functions-runtime"),
]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[RuntimeLibrary]:
    before = dict(os.environ)
    with root_logger_restored():
        monkeypatch.delitem(sys.modules, "function_app", raising=False)
        indexed = RuntimeLibrary(PROJECT)
        try:
            yield indexed
        finally:
            indexed.close()
            os.environ.clear()
            os.environ.update(before)


def test_the_runtime_finds_every_function(runtime: RuntimeLibrary) -> None:
    timers = {job.name.replace("-", "_") for job in JOBS}
    http = {"post_response", "health", "pull_board", "graph_notifications", "tab"}
    assert set(runtime.functions) == http | {"deliver_row", "bury_row"} | timers
    assert runtime.trigger("post_response")["route"] == "forms/{form}/responses"
    assert runtime.trigger("deliver_row")["queueName"] == "%TASKING_WORK_QUEUE_NAME%"


def test_the_runtime_refuses_an_app_that_cannot_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "function_app.py").write_text("import nothing_of_this_name\n", "utf-8")
    monkeypatch.delitem(sys.modules, "function_app", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = dict(os.environ)
    try:
        with root_logger_restored(), pytest.raises(Refused):
            RuntimeLibrary(tmp_path)
    finally:
        os.environ.clear()
        os.environ.update(before)
        sys.modules.pop("function_app", None)


def test_health_and_the_forms_door_answer_through_the_runtime(
    service: Service, runtime: RuntimeLibrary, response: dict[str, Any]
) -> None:
    health = runtime.http("health", "GET", "/api/health")
    assert (health.status, json.loads(health.body)["status"]) == (200, "ok")
    route = {"form": "raise_task"}
    taken = runtime.http(
        "post_response", "POST", "/api/forms/raise_task/responses", json.dumps(response).encode(), route
    )
    assert (taken.status, json.loads(taken.body)["status"]) == (202, "taken")
    refused = runtime.http("post_response", "POST", "/api/forms/raise_task/responses", b"{", route)
    assert refused.status == 400
    assert refused.headers["content-type"].startswith("application/problem+json")
    with service.store.open() as connection:
        assert inbox.counts(connection)["arrivals"] == 1


def test_queue_and_timer_functions_run_through_the_runtime(
    service: Service, runtime: RuntimeLibrary, response: dict[str, Any]
) -> None:
    body = json.dumps(response).encode()
    runtime.http("post_response", "POST", "/api/forms/raise_task/responses", body, {"form": "raise_task"})
    with service.store.open() as connection:
        first = min(due_ids(connection, service.store.clock.now()))
    runtime.queue("deliver_row", str(first))
    with service.store.open() as connection:
        assert inbox.counts(connection)["DONE"] == 1
        promised = due_ids(connection, service.store.clock.now())
    assert promised
    assert first not in promised
    runtime.timer("sweep_escalations")
    runtime.queue("bury_row", str(promised[0]))
    with service.store.open() as connection:
        assert [dead["outbox_id"] for dead in outbox.dead_letters(connection)] == promised[:1]
        assert len(notebook.open_notices(connection)) == 1
