"""POST /api/graph/notifications: the handshake, whose word is taken, and what is looked at because of it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from built_service import KEY, Doors, built_service, clock_of
from emulator_server import RunningEmulator

import function_app
from planner_sync.boards import PLAN
from planner_sync.polling import Polling
from service.laptop_host import LaptopHost
from service.subscribing import KEY as SUBSCRIPTION
from service.subscribing import KIND
from service.wiring import Service
from store import inbox, notebook
from tests.journeys.stage import Stage, answers_of

DOOR = "/api/graph/notifications"
SECRET = "only-we-know"
LIST, GROUP, OTHER_GROUP = "5B1C-LIST", "9D2E-GROUP", "7F3A-OTHER"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service that takes notifications, with an intake list and two boards in groups of their own, all read."""
    with built_service(tmp_path, TASKING_NOTIFICATION_SECRET=SECRET) as built:
        now = clock_of(built).now()
        with built.store.open() as connection:
            notebook.provision(connection, "list", "intake", LIST, {}, now)
            for unit, group in (("HP", GROUP), ("DD", OTHER_GROUP)):
                notebook.provision(connection, PLAN, unit, f"plan-{unit}", {"buckets": {}, "group_id": group}, now)
        polling = Polling(built.store)
        for board in polling.due(now):
            polling.read(board, 0, False, True, now)
        yield built


@pytest.fixture
def jobs_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the jobs that a notification ran, which stand in for the jobs themselves."""
    ran: list[str] = []

    async def run(service: Service, job: Any) -> int:
        ran.append(job.name)
        return 0

    monkeypatch.setattr("functions.graph_notifications.run", run)
    return ran


def one(resource: str, state: Any = SECRET) -> dict[str, Any]:
    """A notification, as Graph writes it."""
    return {"subscriptionId": "s-1", "changeType": "updated", "resource": resource, "clientState": state}


def post(doors: Doors, *notifications: Any) -> httpx.Response:
    return doors.send("POST", DOOR, content=json.dumps({"value": list(notifications)}))


def asked_for(service: Service) -> list[str]:
    """Units whose board is due now."""
    return [board.unit for board in Polling(service.store).due(clock_of(service).now())]


def test_the_handshake_gives_the_decoded_token_back_as_plain_text(doors: Doors) -> None:
    told = doors.send("POST", f"{DOOR}?validationToken=Validation%3A%20Testing%20reachability%2B1")
    assert (told.status_code, told.text) == (200, "Validation: Testing reachability+1")
    assert told.headers["content-type"].startswith("text/plain")


def test_the_handshake_gives_no_markup_back(doors: Doors) -> None:
    told = doors.send("POST", f"{DOOR}?validationToken=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<" not in told.text


def test_a_change_of_the_intake_list_has_it_read_now_and_once(
    doors: Doors, service: Service, jobs_run: list[str]
) -> None:
    told = post(doors, one(f"sites/contoso,1,2/lists/{LIST.lower()}"), one(f"sites/contoso,1,2/lists/{LIST}"))
    assert (told.status_code, told.content, jobs_run) == (202, b"", ["read-intake-list"])
    assert asked_for(service) == []


@pytest.mark.parametrize(
    "resource", [f"groups/{GROUP}", f"teams('{GROUP.lower()}')/channels('19:x')/messages('1')", f"/Groups/{GROUP}/"]
)
def test_a_change_in_a_boards_group_has_that_board_read_and_no_other(
    doors: Doors, service: Service, jobs_run: list[str], resource: str
) -> None:
    assert post(doors, one(resource)).status_code == 202
    assert (asked_for(service), jobs_run) == (["HP"], [])


@pytest.mark.parametrize("resource", ["groups/nobodys", "", "sites/x/lists/another", f"groups/not-{GROUP}", None, 7])
def test_what_tells_of_nothing_of_ours_is_let_go(
    doors: Doors, service: Service, jobs_run: list[str], resource: Any
) -> None:
    assert post(doors, one(resource)).status_code == 202
    assert (asked_for(service), jobs_run) == ([], [])


@pytest.mark.parametrize("state", ["", "only-we-kno", "ONLY-WE-KNOW", None, 17, ["only-we-know"], "ünicode", "\ud800"])
def test_a_notification_without_the_secret_has_no_effect_and_the_same_answer(
    doors: Doors, service: Service, jobs_run: list[str], state: Any, caplog: pytest.LogCaptureFixture
) -> None:
    forged = post(doors, one(f"groups/{GROUP}", state), one(f"sites/s/lists/{LIST}", state))
    genuine = post(doors, one("groups/nobodys"))
    assert (forged.status_code, forged.content) == (genuine.status_code, genuine.content)
    assert (asked_for(service), jobs_run) == ([], [])
    assert [record.__dict__["refused"] for record in caplog.records if "refused" in record.__dict__] == [2]
    assert SECRET not in caplog.text


def lifecycle(event: str, state: Any = SECRET, subscription_id: str = "s-1") -> dict[str, Any]:
    """What Graph says of a subscription itself, as it writes it: no resource stands in it."""
    return {"subscriptionId": subscription_id, "clientState": state, "lifecycleEvent": event, "tenantId": "t"}


@pytest.mark.parametrize("event", ["missed", "subscriptionRemoved"])
def test_where_something_may_have_gone_untold_the_list_is_read_now(
    doors: Doors, jobs_run: list[str], event: str
) -> None:
    assert post(doors, lifecycle(event, "forged")).status_code == 202
    assert jobs_run == []
    assert post(doors, lifecycle(event)).status_code == 202
    assert jobs_run == ["read-intake-list"]


def test_a_renewal_that_graph_asks_for_is_noted_for_the_subscription_that_is_ours(
    doors: Doors, service: Service, jobs_run: list[str]
) -> None:
    def is_to_renew() -> bool:
        with service.store.open() as connection:
            return bool(notebook.provisioned_rows(connection, KIND)[SUBSCRIPTION]["details"]["is_to_renew"])

    with service.store.open() as connection:
        details = {"fingerprint": "f", "is_to_renew": False}
        notebook.provision(connection, KIND, SUBSCRIPTION, "s-1", details, clock_of(service).now())
    for other in (lifecycle("reauthorizationRequired", "forged"), lifecycle("reauthorizationRequired", SECRET, "s-2")):
        assert post(doors, other).status_code == 202
        assert not is_to_renew()
    assert post(doors, lifecycle("reauthorizationRequired")).status_code == 202
    assert is_to_renew()
    assert jobs_run == [], "nothing has gone untold"


def test_among_forged_ones_a_genuine_notification_counts(doors: Doors, service: Service, jobs_run: list[str]) -> None:
    post(doors, one(f"groups/{OTHER_GROUP}", "wrong"), one(f"groups/{GROUP}"), one(f"sites/s/lists/{LIST}", ""))
    assert (asked_for(service), jobs_run) == (["HP"], [])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"value": {}}', b'{"value": [1]}', b'{"value": null}', b"\xff", b"[" * 200_000],
)
def test_what_is_no_list_of_notifications_is_400(
    doors: Doors, service: Service, jobs_run: list[str], body: bytes
) -> None:
    told = doors.send("POST", DOOR, content=body)
    assert told.status_code == 400
    assert told.headers["content-type"].startswith("application/problem+json")
    assert (asked_for(service), jobs_run) == ([], [])


def test_a_list_that_takes_long_to_read_does_not_keep_graph_waiting(
    doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(service: Service, job: Any) -> int:
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr("functions.graph_notifications.run", run)
    monkeypatch.setattr("functions.graph_notifications.READ_SECONDS", 0.01)
    assert post(doors, one(f"sites/s/lists/{LIST}")).status_code == 202


def test_without_the_function_key_nothing_is_taken(doors: Doors, service: Service) -> None:
    body = {"value": [one(f"groups/{GROUP}")]}
    assert doors.send("POST", DOOR, headers={}, json=body).status_code == 401
    assert asked_for(service) == []
    assert doors.send("POST", f"{DOOR}?code={KEY}", headers={}, json=body).status_code == 202
    assert asked_for(service) == ["HP"]


def test_while_no_secret_is_set_everything_is_refused(tmp_path: Path) -> None:
    with built_service(tmp_path) as built:
        doors = Doors(built)
        for query, state in (("", ""), ("", SECRET), ("?validationToken=x", "")):
            told = doors.send("POST", DOOR + query, json={"value": [one("groups/x", state)]})
            assert told.status_code == 503
            assert "TASKING_NOTIFICATION_SECRET" in told.json()["faults"][0]


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - what is waited for has no event to give
            await asyncio.sleep(0.01)


def test_a_response_on_the_list_is_taken_in_because_graph_says_so_and_no_timer_runs(
    emulator: RunningEmulator, tmp_path: Path
) -> None:
    stage = Stage(emulator, tmp_path)
    stage.set_up()
    stage.environment["TASKING_NOTIFICATION_SECRET"] = SECRET
    emulator.control("switches", {"notification_batch_seconds": 0.05, "notification_copies": 2})

    def subscribe(service: Service, port: int) -> httpx.Response:
        with service.store.open() as connection:
            ids = {kind: notebook.provisioned_rows(connection, kind)["intake"]["graph_id"] for kind in ("site", "list")}
        order = {
            "changeType": "updated",
            "notificationUrl": f"http://127.0.0.1:{port}{DOOR}?code={KEY}",
            "resource": f"/sites/{ids['site']}/lists/{ids['list']}",
            "expirationDateTime": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
            "clientState": SECRET,
        }
        with emulator.client() as app:
            return app.post("/subscriptions", json=order)

    async def playing() -> tuple[int, int]:
        async with stage.service() as service:
            host = LaptopHost(service, function_app.app, KEY)
            server = uvicorn.Server(uvicorn.Config(host.application, port=0, log_config=None, log_level="error"))
            async with host.at_work(with_timers=False):
                serving = asyncio.create_task(server.serve())
                await until(lambda: server.started)
                port = server.servers[0].sockets[0].getsockname()[1]
                subscribed = await asyncio.to_thread(subscribe, service, port)
                await asyncio.to_thread(stage.submit, answers_of(1))
                await until(lambda: taken_in(service))
                server.should_exit = True
                await serving
            return subscribed.status_code, taken_in(service)

    def taken_in(service: Service) -> int:
        with service.store.open() as connection:
            counts = inbox.counts(connection)
        return counts.get("RECEIVED", 0) + counts.get("DONE", 0)

    assert asyncio.run(playing()) == (201, 1)
