"""Forms end to end over HTTP: a response becomes a list item or an HTTP call, and a row of the workbook."""

import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator
from openpyxl import load_workbook

COLUMNS = [
    {"name": name, "text": {"allowMultipleLines": name == "Answers"}}
    for name in ("FormId", "ResponseId", "Responder", "SubmitDate", "Answers")
]
WHAT, PICK, PHOTO = "r" + "1" * 32, "r" + "2" * 32, "r" + "3" * 32
ANN = "ann@peakshire.example"


def form(flow: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The body that registers the form 'raise' of the group bcu-north."""
    return {
        "form_id": "FORM-1",
        "slug": "raise",
        "title": "Raise a task",
        "mail_nickname": "bcu-north",
        "questions": [
            {"key": WHAT, "title": "What needs doing?", "type": "text", "required": True},
            {"key": PICK, "title": "What do you want?", "type": "multi_choice", "choices": ["A", "B"]},
            {"key": PHOTO, "title": "Photo", "type": "file"},
        ],
        "flow": flow,
        **more,
    }


@pytest.fixture
def intake(emulator: RunningEmulator, people: dict[str, str]) -> Iterator[tuple[httpx.Client, str, dict[str, Any]]]:
    """An app's client, the list's path, and a flow that writes to the list."""
    with emulator.client() as app:
        site = app.get(f"/groups/{people['group']}/sites/root").json()["id"]
        made = app.post(f"/sites/{site}/lists", json={"displayName": "Intake", "columns": COLUMNS}).json()
        flow = {"mode": "list", "list": {"site_id": site, "list_id": made["id"]}}
        yield app, f"/sites/{site}/lists/{made['id']}", flow


@dataclass
class Door:
    """A little HTTP service: answers with the given statuses in turn, the last one for ever."""

    url: str
    statuses: list[int] = field(default_factory=lambda: [202])
    got: list[tuple[str | None, dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def door() -> Iterator[Door]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            opened.got.append((self.headers.get("x-key"), body))
            status = opened.statuses.pop(0) if len(opened.statuses) > 1 else opened.statuses[0]
            answer = b'{"reference": "T-0001"}'
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    opened = Door(f"http://127.0.0.1:{server.server_port}/api/forms/raise/responses")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield opened
    server.shutdown()
    server.server_close()
    thread.join(5)


def to_door(door: Door, **more: Any) -> dict[str, Any]:
    """A flow that posts to the door."""
    http = {"url": door.url, "key_header": "x-key", "key": "secret"}
    return {"mode": "http", "http": http, "retry_seconds": 0.01, **more}


def submit(emulator: RunningEmulator, what: str = "Search", **more: Any) -> dict[str, Any]:
    """Submit as Ann through the control area."""
    answers = {"What needs doing?": what, PICK: ["B"]}
    body = {"responder": ANN, "answers": answers, **more}
    return dict(emulator.control("forms/raise/responses", body))


def workbook_rows(emulator: RunningEmulator, people: dict[str, str], path: str = "Raise a task.xlsx") -> list[Any]:
    """The rows of the response workbook, downloaded through Graph."""
    with emulator.client() as app:
        url = f"/groups/{people['group']}/drive/root:/{path}:/content"
        content = app.get(url, follow_redirects=True).content
    return list(load_workbook(io.BytesIO(content))["Sheet1"].iter_rows(min_row=2, values_only=True))


def test_a_response_becomes_a_list_item_that_delta_tells_with_the_flows_body(
    emulator: RunningEmulator, people: dict[str, str], intake: Any
) -> None:
    app, path, flow = intake
    emulator.control("forms", form(flow))
    sent = submit(emulator, submitted_at="2026-07-04T18:30:00Z")
    assert sent["response_id"] == 1
    assert sent["flow"][0]["state"] == "delivered"
    (item,) = app.get(f"{path}/items/delta?$expand=fields").json()["value"]
    fields = item["fields"]
    assert (fields["FormId"], fields["ResponseId"], fields["Responder"]) == ("FORM-1", "1", ANN)
    assert fields["SubmitDate"] == "7/4/2026 6:30:00 PM"
    body = json.loads(fields["Answers"])
    assert body == sent["body"]
    assert (body[WHAT], body[PICK], body[PHOTO]) == ("Search", '["B"]', "")


def test_point_63_the_same_response_is_a_row_of_the_workbook_in_local_time(
    emulator: RunningEmulator, people: dict[str, str], intake: Any
) -> None:
    app, _, flow = intake
    emulator.control("forms", form(flow))
    tags = set()
    for n in range(2):
        submit(emulator, f"Search {n}", submitted_at="2026-07-04T18:30:00Z")
        found = app.get(f"/groups/{people['group']}/drive/root:/Raise a task.xlsx").json()
        tags.add(found["cTag"])
    assert len(tags) == 2
    rows = workbook_rows(emulator, people)
    assert [(row[0], row[3], row[4], row[5], row[6]) for row in rows] == [
        (1, ANN, "Ann Example", "Search 0", "B;"),
        (2, ANN, "Ann Example", "Search 1", "B;"),
    ]
    assert rows[0][2].isoformat() == "2026-07-04T19:30:00"


def test_point_63_a_paused_workbook_takes_its_rows_late(
    emulator: RunningEmulator, people: dict[str, str], intake: Any
) -> None:
    emulator.control("forms", form({"mode": "off"}))
    emulator.control("forms/raise/workbook", {"paused": True})
    submit(emulator)
    assert [row for row in workbook_rows(emulator, people) if row[0]] == []
    emulator.control("forms/raise/workbook", {"paused": False})
    assert [row[0] for row in workbook_rows(emulator, people)] == [1]


def test_point_63_copies_deliver_the_same_response_twice(emulator: RunningEmulator, intake: Any) -> None:
    app, path, flow = intake
    emulator.control("forms", form(flow | {"copies": 2}))
    submit(emulator)
    emulator.control("forms/raise/responses/1/resubmit", {})
    items = app.get(f"{path}/items?$expand=fields").json()["value"]
    assert [item["fields"]["ResponseId"] for item in items] == ["1", "1", "1", "1"]


def test_a_renamed_column_makes_the_flow_fail_and_the_run_says_why(emulator: RunningEmulator, intake: Any) -> None:
    app, path, flow = intake
    emulator.control("forms", form(flow))
    column = next(c for c in app.get(f"{path}/columns").json()["value"] if c["name"] == "Answers")
    app.patch(f"{path}/columns/{column['id']}", json={"name": "Reply"})
    (run,) = submit(emulator)["flow"]
    assert (run["state"], run["tries"][0]["status"]) == ("failed", 400)
    assert "Answers" in run["tries"][0]["answer"]["message"]


def test_in_http_mode_the_body_is_posted_with_the_key_and_the_answer_is_kept(
    emulator: RunningEmulator, people: dict[str, str], door: Door
) -> None:
    emulator.control("forms", form(to_door(door)))
    sent = submit(emulator)
    assert door.got == [("secret", sent["body"])]
    assert sent["flow"][0]["tries"] == [{"status": 202, "answer": {"reference": "T-0001"}}]


def test_the_page_after_submitting_shows_what_the_service_answered(
    emulator: RunningEmulator, people: dict[str, str], door: Door
) -> None:
    emulator.control("forms", form(to_door(door)))
    sent = {"responder": ANN, WHAT: "Search"}
    done = httpx.post(f"{emulator.url}/forms/raise", data=sent, follow_redirects=True)
    assert "Handed to the service (status 202)." in done.text
    assert "<dt>Reference</dt><dd>T-0001</dd>" in done.text
    assert door.got[0][1]["responder"] == ANN


@pytest.mark.parametrize(
    ("statuses", "tries", "state"),
    [([503, 429, 202], 3, "delivered"), ([500], 4, "failed"), ([400], 1, "failed")],
    ids=["recovers", "gives up after four", "does not repeat a refusal"],
)
def test_the_http_flow_repeats_as_logic_apps_does(
    emulator: RunningEmulator,
    people: dict[str, str],
    door: Door,
    statuses: list[int],
    tries: int,
    state: str,
) -> None:
    door.statuses = statuses
    emulator.control("forms", form(to_door(door)))
    (run,) = submit(emulator)["flow"]
    assert (len(run["tries"]), run["state"]) == (tries, state)
    assert len(door.got) == tries


def test_the_flow_can_be_changed_and_registering_again_keeps_the_responses(
    emulator: RunningEmulator, people: dict[str, str], door: Door
) -> None:
    emulator.control("forms", form({"mode": "off"}))
    assert submit(emulator)["flow"] == []
    emulator.control("forms/raise/flow", to_door(door))
    assert submit(emulator)["response_id"] == 2
    assert len(door.got) == 1
    again = emulator.control("forms", form({"mode": "off"}, title="Raise a task now"))
    assert (again["responses"], again["title"]) == (2, "Raise a task now")


def test_an_uploaded_file_lies_in_the_groups_library_and_opens_by_its_ids(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    emulator.control("forms", form({"mode": "off"}))
    answers = {WHAT: "Search", PHOTO: [{"name": "gate.jpg", "text": "picture"}]}
    sent = emulator.control("forms/raise/responses", {"responder": ANN, "answers": answers})
    (file,) = json.loads(sent["body"][PHOTO])
    assert file["name"] == "gate_Ann Example.jpg"
    with emulator.client() as app:
        url = f"/drives/{file['driveId']}/items/{file['id']}"
        assert app.get(f"{url}/content", follow_redirects=True).content == b"picture"
        assert "/Apps/Microsoft%20Forms/Raise%20a%20task" in app.get(url).json()["parentReference"]["path"]


def test_what_is_wrong_with_a_form_or_a_response_is_said_and_nothing_is_kept(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    url = f"{emulator.url}/_emulator/forms"
    no_group = httpx.post(url, json=form({"mode": "off"}, mail_nickname="nobody"))
    assert (no_group.status_code, list(no_group.json()["problems"])) == (400, ["mail_nickname"])
    emulator.control("forms", form({"mode": "off"}))
    taken = httpx.post(url, json=form({"mode": "off"}, form_id="FORM-2"))
    assert (taken.status_code, list(taken.json()["problems"])) == (400, ["slug"])
    blank = httpx.post(f"{url}/raise/responses", json={"responder": ANN, "answers": {}})
    assert (blank.status_code, list(blank.json()["problems"])) == (400, [WHAT])
    assert emulator.control("forms/raise/responses", method="GET") == []
    assert httpx.get(f"{url}/other/responses").status_code == 400
