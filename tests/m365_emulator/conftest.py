"""A small tenant for the emulator's own tests, and the judge of their traffic.

Whatever passes in any of these tests, accepted or refused, is held against Microsoft's metadata and permission table,
where ../shared lies beside the project.
"""

import importlib.util
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator
from secure_emulator import PEOPLE as SECURE_PEOPLE
from secure_emulator import Browser, SecureEmulator, secure_emulator

SHARED_GRAPH = Path(__file__).resolve().parents[3] / "shared" / "graph"
Findings = Callable[[list[dict[str, Any]]], list[str]]


@dataclass(frozen=True, slots=True)
class Board:
    """A group with two members and one outsider, a plan with two buckets, and an app's client."""

    app: httpx.Client
    group_id: str
    plan_id: str
    bucket_id: str
    other_bucket_id: str
    users: dict[str, str]

    def new_task(self, **more: Any) -> dict[str, Any]:
        """Create a task in the first bucket; the answer's body."""
        body = {"planId": self.plan_id, "bucketId": self.bucket_id, "title": "Patrol plan", **more}
        reply = self.app.post("/planner/tasks", json=body)
        assert reply.status_code == 201, reply.text
        return dict(reply.json())

    def patch(self, path: str, etag: str | None, body: dict[str, Any], **headers: str) -> httpx.Response:
        """PATCH with If-Match, or without when the etag is None."""
        sent = {"If-Match": etag} if etag is not None else {}
        return self.app.patch(path, json=body, headers=sent | headers)

    def task(self, task_id: str) -> dict[str, Any]:
        """The task as it is now."""
        return dict(self.app.get(f"/planner/tasks/{task_id}").json())

    def details(self, task_id: str) -> dict[str, Any]:
        """The task's details as they are now."""
        return dict(self.app.get(f"/planner/tasks/{task_id}/details").json())


PEOPLE = ("ann@peakshire.example", "ben@peakshire.example", "cas@peakshire.example")


@pytest.fixture
def people(emulator: RunningEmulator) -> dict[str, str]:
    """Ann and Ben in the group 'bcu-north', Cas outside it: sign-in name to object id, and 'group' to its id."""
    seed = {
        "people": [{"upn": upn, "display_name": f"{upn.split('@')[0].capitalize()} Example"} for upn in PEOPLE],
        "groups": [
            {"mail_nickname": "bcu-north", "display_name": "BCU North", "members": list(PEOPLE[:2])},
        ],
    }
    made = emulator.control("seed", seed)
    return {**{upn.split("@")[0]: made["users"][upn] for upn in PEOPLE}, "group": made["groups"]["bcu-north"]}


@pytest.fixture
def board(emulator: RunningEmulator, people: dict[str, str]) -> Iterator[Board]:
    """A plan with two buckets in Ann's and Ben's group."""
    with emulator.client() as app:
        container = {"url": f"https://graph.microsoft.com/v1.0/groups/{people['group']}"}
        plan = app.post("/planner/plans", json={"title": "BCU North", "container": container}).json()
        buckets = [
            app.post("/planner/buckets", json={"name": name, "planId": plan["id"]}).json()["id"]
            for name in ("Neighbourhood", "Response")
        ]
        yield Board(app, people["group"], plan["id"], buckets[0], buckets[1], people)


@pytest.fixture(scope="session")
def secure_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    """The server over http and https, shared by the tests of one process."""
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def secure(secure_process: SecureEmulator, monkeypatch: pytest.MonkeyPatch) -> SecureEmulator:
    """A running emulator over https with Ann, Ben and Cas in its directory; bundles of the environment do not count."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    secure_process.tenant.reset()
    seed = [{"upn": f"{name}@peakshire.example", "display_name": shown} for name, shown in SECURE_PEOPLE.items()]
    secure_process.control("seed", {"people": seed})
    return secure_process


@pytest.fixture
def browser(secure: SecureEmulator) -> Iterator[Browser]:
    """A browser without a session."""
    with Browser(secure) as opened:
        yield opened


@pytest.fixture(scope="session")
def judge() -> Findings | None:
    """The public checker of Graph traffic as a function; None where it is not beside the project."""
    if not (SHARED_GRAPH / "check_traffic.py").is_file():
        return None
    checker = _load(SHARED_GRAPH / "check_traffic.py")
    metadata = checker.Metadata(SHARED_GRAPH / "v1.0-metadata.xml.gz")
    table = json.loads((SHARED_GRAPH / "permissions.json").read_text("utf-8"))["operations"]

    def findings(entries: list[dict[str, Any]]) -> list[str]:
        out: list[str] = []
        for entry in entries:
            sent, got = entry["request"], entry["response"]
            checker.check_exchange(
                metadata,
                sent["method"],
                sent["url"],
                sent["headers"],
                checker.body_of((sent.get("postData") or {}).get("text")),
                got["status"],
                checker.body_of(got["content"]["text"]),
                out,
                Counter(),
                checker.Permissions(table),
            )
        return out

    return findings


@pytest.fixture
def malformed() -> None:
    """For tests that send on purpose what Graph could not take: of their traffic only what was accepted is judged."""


@pytest.fixture(autouse=True)
def _traffic_fits_the_metadata(request: pytest.FixtureRequest, judge: Findings | None) -> Iterator[None]:
    """After each test with an emulator: what passed in it, refused or not, fits Microsoft's metadata and table."""
    used = next((name for name in ("emulator", "secure") if name in request.fixturenames), None)
    if used is None or judge is None:
        yield
        return
    running: RunningEmulator = request.getfixturevalue(used)
    yield
    entries = list(running.tenant.traffic.entries)
    if "malformed" in request.fixturenames:
        entries = [e for e in map(_accepted, entries) if e is not None]
    assert judge(entries) == []


def _accepted(entry: dict[str, Any]) -> dict[str, Any] | None:
    """The entry if it was accepted, and of a batch only the accepted parts; beta is refused, so never judged."""
    if not 0 < entry["response"]["status"] < 400:
        return None
    if not entry["request"]["url"].split("?")[0].endswith("/$batch"):
        return entry
    answers = json.loads(entry["response"]["content"]["text"])["responses"]
    good = {a["id"] for a in answers if a["status"] < 400}
    parts = json.loads(entry["request"]["postData"]["text"])["requests"]
    sent = {"requests": [p for p in parts if p["id"] in good]}
    got = {"responses": [a for a in answers if a["id"] in good]}
    return {
        "request": entry["request"] | {"postData": {"text": json.dumps(sent)}},
        "response": entry["response"] | {"content": {"text": json.dumps(got)}},
    }


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_traffic", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["check_traffic"] = module
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module
