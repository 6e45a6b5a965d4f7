"""Deliveries that come late, twice or never, on demand; and forms that record nobody's name."""

import time
from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

WHAT, PHOTO = "r" + "1" * 32, "r" + "2" * 32


@pytest.fixture
def sent(emulator: RunningEmulator, people: dict[str, str]) -> Any:
    """A form with a flow into a list; submits one response and gives back its flow runs."""
    with emulator.client() as app:
        site = app.get(f"/groups/{people['group']}/sites/root").json()["id"]
        columns = [
            {"name": name, "text": {}} for name in ("FormId", "ResponseId", "Responder", "SubmitDate", "Answers")
        ]
        made = app.post(f"/sites/{site}/lists", json={"displayName": "Intake", "columns": columns}).json()
    form = {
        "form_id": "F",
        "slug": "raise",
        "title": "Raise",
        "mail_nickname": "bcu-north",
        "questions": [
            {"key": WHAT, "title": "What?", "type": "text", "required": True},
            {"key": PHOTO, "title": "Photo", "type": "file"},
        ],
        "flow": {"mode": "list", "list": {"site_id": site, "list_id": made["id"]}},
    }

    def submit(**more: Any) -> list[dict[str, Any]]:
        body = {"responder": "ann@peakshire.example", "answers": {WHAT: "Patrol"}, **more}
        return list(emulator.control("forms/raise/responses", body)["flow"])

    emulator.control("forms", form)
    submit.form = form  # type: ignore[attr-defined]
    return submit


def items(emulator: RunningEmulator) -> int:
    """How many items the intake list holds."""
    (intake,) = emulator.control("groups/bcu-north/lists", method="GET")
    return len(intake["items"])


def test_a_dropped_delivery_leaves_the_response_in_the_workbook_only(emulator: RunningEmulator, sent: Any) -> None:
    emulator.control("forms/raise/deliveries", {"drop": True})
    assert [run["state"] for run in sent()] == ["dropped"]
    assert items(emulator) == 0
    assert [run["state"] for run in sent()] == ["delivered"], "only the next one was dropped"
    rows = emulator.control("forms/raise/responses", method="GET")
    assert [row["row"][0] for row in rows] == [1, 2]
    page = httpx.get(f"{emulator.url}/forms/raise/responses/1").text
    assert "Never handed to the intake list" in page


def test_the_next_deliveries_come_twice(emulator: RunningEmulator, sent: Any) -> None:
    assert emulator.control("forms/raise/deliveries", {"copies": 2, "next": 2}) == {"on_order": 2}
    assert [len(sent()) for _ in range(3)] == [2, 2, 1]
    assert items(emulator) == 5


def test_a_late_delivery_comes_after_its_time(emulator: RunningEmulator, sent: Any) -> None:
    emulator.control("forms/raise/deliveries", {"delay_seconds": 0.3})
    sent(wait=False)
    assert items(emulator) == 0
    deadline = time.monotonic() + 5
    while items(emulator) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert items(emulator) == 1


@pytest.mark.parametrize("order", [{"copies": 0}, {"delay_seconds": -1}, {"delay_seconds": "soon"}])
def test_an_order_that_makes_no_sense_is_refused(emulator: RunningEmulator, sent: Any, order: dict[str, Any]) -> None:
    assert httpx.post(f"{emulator.url}/_emulator/forms/raise/deliveries", json=order).status_code == 400
    assert [run["state"] for run in sent()] == ["delivered"]


def test_an_anonymous_form_asks_and_records_no_name(emulator: RunningEmulator, sent: Any) -> None:
    emulator.control("forms", {**sent.form, "anonymous": True})
    shown = httpx.get(f"{emulator.url}/forms/raise").text
    assert "Nobody's name is recorded" in shown.replace("&#39;", "'")
    assert 'name="responder"' not in shown
    files = {PHOTO: ("gate.jpg", b"picture")}
    forged = {WHAT: "Patrol", "responder": "ann@peakshire.example"}
    done = httpx.post(f"{emulator.url}/forms/raise", data=forged, files=files, follow_redirects=True)
    assert "Your response was submitted" in done.text
    made = emulator.control("forms/raise/responses", {"answers": {WHAT: "Patrol"}})
    assert made["responder"] == "anonymous"
    rows = emulator.control("forms/raise/responses", method="GET")
    assert [row["row"][3:5] for row in rows] == [["anonymous", ""]] * 2
    assert "Ann" not in str(rows)
