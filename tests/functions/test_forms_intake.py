"""POST /api/forms/{form}/responses: what a flow is told, and what is kept."""

import json
from pathlib import Path
from typing import Any

import pytest
from built_service import KEY, Doors
from sqlalchemy import text

from forms_ingest.response_body import MOST_BYTES
from service.wiring import Service
from store import inbox, outbox

DOOR = "/api/forms/raise_task/responses"
LIVE_RISK = "r6baf8eb75777679afa5a919fc8172dc4"
COVERT = "rf41cd6d2293805a7f654e214e6daa66b"
TITLE = "r8e85325c2574dc681a7243d74d984c10"
WHY_NOW = "rdf0e52f4dd4d97f0017713f9fdb8bcbf"
MARKER = "Zanzibar-7731"


def post(doors: Doors, body: Any, **more: Any) -> Any:
    return doors.send("POST", DOOR, content=body if isinstance(body, bytes) else json.dumps(body), **more)


def counts(service: Service) -> dict[str, int]:
    with service.store.open() as connection:
        return inbox.counts(connection) | {"promised": outbox.waiting(connection)}


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """The problem document, which must be one in every respect."""
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["title"]
    assert told["faults"]
    assert all(fault.endswith(".") for fault in told["faults"])
    return told


def test_a_response_gets_202_with_its_reference_once_it_is_safe(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    answer = post(doors, response)
    assert answer.status_code == 202
    assert answer.json()["status"] == "received"
    reference = answer.json()["reference"]
    assert reference.startswith("T-")
    assert reference in answer.json()["message"]
    with service.store.open() as connection:
        row = inbox.find(connection, "raise_task", "17")
    assert row is not None
    assert row.reference == reference
    assert row.answers is not None
    assert row.answers[TITLE] == response[TITLE]
    assert counts(service)["promised"] == 1


def test_the_same_response_twice_gets_the_same_answer_and_makes_one_row(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    first, again = post(doors, response), post(doors, response | {TITLE: "Changed on the way"})
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert counts(service) | {"RECEIVED": 1, "arrivals": 2, "promised": 1} == counts(service)


def test_another_response_gets_another_reference(doors: Doors, response: dict[str, Any]) -> None:
    first, other = post(doors, response), post(doors, response | {"responseId": "18"})
    assert first.json()["reference"] != other.json()["reference"]


def test_an_unknown_form_is_404_and_names_the_known_ones(doors: Doors, response: dict[str, Any]) -> None:
    told = problem_of(doors.send("POST", "/api/forms/raise-task/responses", json=response), 404)
    assert told["forms"] == ["raise_task", "reassess", "return_task"]
    assert all(slug in told["faults"][0] for slug in told["forms"])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"responseId": "17",}', b"\xff\xfe", b"responder=x", b"[" * 200_000, b'{"a":' * 200_000],
    ids=["nothing", "cut off", "a comma too many", "no UTF-8", "form encoding", "deep lists", "deep objects"],
)
def test_what_is_not_json_is_400(doors: Doors, service: Service, body: bytes) -> None:
    problem_of(post(doors, body), 400)
    assert counts(service)["arrivals"] == 0


@pytest.mark.parametrize("body", [[], "text", 17, None, True])
def test_json_that_is_not_one_object_is_422(doors: Doors, body: Any) -> None:
    problem_of(post(doors, body), 422)


def test_wrong_types_are_422_and_every_fault_is_named(doors: Doors, service: Service, response: dict[str, Any]) -> None:
    wrong = {"responseId": [], "submitDate": "yesterday", "responder": 5, "formId": "OTHER", TITLE: {"a": 1}}
    told = problem_of(post(doors, response | wrong), 422)
    assert len(told["faults"]) == len(wrong)
    for name in wrong:
        assert sum(f"'{name}'" in fault for fault in told["faults"]) == 1
    assert counts(service)["arrivals"] == 0


@pytest.mark.parametrize("name", ["responseId", "submitDate"])
@pytest.mark.parametrize("value", ["", "   ", None, [], {}])
def test_a_response_without_a_number_or_a_time_is_422(
    doors: Doors, response: dict[str, Any], name: str, value: Any
) -> None:
    assert any(name in fault for fault in problem_of(post(doors, response | {name: value}), 422)["faults"])


def test_no_fault_repeats_what_a_person_wrote(doors: Doors, response: dict[str, Any]) -> None:
    wrong = response | {WHY_NOW: [MARKER], TITLE: {MARKER: MARKER}, "submitDate": MARKER, "responder": [MARKER]}
    answer = post(doors, wrong)
    problem_of(answer, 422)
    assert MARKER not in answer.text


def test_a_body_of_one_mebibyte_is_taken_and_one_byte_more_is_413(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    room = MOST_BYTES - len(json.dumps(response | {WHY_NOW: ""}).encode())
    whole = response | {WHY_NOW: "x" * room}
    assert len(json.dumps(whole).encode()) == MOST_BYTES
    assert str(MOST_BYTES) in problem_of(post(doors, whole | {WHY_NOW: "x" * (room + 1)}), 413)["faults"][0]
    assert counts(service)["arrivals"] == 0
    assert post(doors, whole).status_code == 202


@pytest.mark.parametrize(("question", "turn_to"), [(LIVE_RISK, "999"), (COVERT, "covert")])
def test_a_stop_answer_is_200_says_where_to_turn_and_keeps_nothing_of_the_answers(
    doors: Doors, service: Service, response: dict[str, Any], tmp_path: Path, question: str, turn_to: str
) -> None:
    stopped = response | {question: "Yes", WHY_NOW: MARKER, TITLE: MARKER, "responder": f"{MARKER}@peakshire.example"}
    answer = post(doors, stopped)
    assert answer.status_code == 200
    assert answer.json()["status"] == "stopped"
    assert answer.json()["reference"] is None
    assert turn_to in answer.json()["message"]
    assert MARKER not in answer.text
    assert counts(service) == {"STOPPED": 1, "arrivals": 1, "stop_count": 1, "promised": 0}
    written = {path.name: path.read_bytes() for path in tmp_path.glob("tasking.db*")}
    assert sum(len(content) for content in written.values()) > 10_000
    assert b"STOPPED" in b"".join(written.values()), "the stop itself must be found where we look"
    for name, content in written.items():
        for answered in (MARKER, "retail park", "footbridge", "INC-20261123"):
            assert answered.encode() not in content, f"{answered} stands in {name}"


def test_a_stop_answer_that_comes_twice_is_counted_once(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    first, again = (post(doors, response | {LIVE_RISK: "Yes"}) for _ in range(2))
    assert first.json() == again.json()
    assert counts(service)["stop_count"] == 1


def test_while_the_database_cannot_be_written_the_flow_is_told_to_send_again(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    with service.store.open() as connection:
        connection.execute(text("ALTER TABLE arrivals RENAME TO gone"))
    answer = post(doors, response | {WHY_NOW: MARKER})
    assert "again" in problem_of(answer, 503)["faults"][0]
    assert MARKER not in answer.text
    with service.store.open() as connection:
        connection.execute(text("ALTER TABLE gone RENAME TO arrivals"))
    assert post(doors, response).status_code == 202
    assert counts(service)["RECEIVED"] == 1, "what was refused must not have been half kept"


def test_a_run_id_longer_than_its_column_does_not_stop_a_response(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    headers = {"x-functions-key": KEY, "x-ms-workflow-run-id": "R" * 500}
    assert post(doors, response, headers=headers).status_code == 202
    assert post(doors, response, headers=headers).status_code == 202
    assert counts(service)["arrivals"] == 1, "one run of a flow that tries again is one arrival"
    with service.store.open() as connection:
        assert connection.execute(text("SELECT max(length(item)) FROM arrivals")).scalar_one() <= 80


@pytest.mark.parametrize("headers", [{}, {"x-functions-key": "wrong"}, {"x-functions-key": ""}])
def test_without_the_function_key_nothing_is_taken(
    doors: Doors, service: Service, response: dict[str, Any], headers: dict[str, str]
) -> None:
    answer = post(doors, response, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert counts(service)["arrivals"] == 0


def test_a_key_that_is_not_ascii_is_refused_like_any_wrong_one(doors: Doors, response: dict[str, Any]) -> None:
    assert doors.send("POST", DOOR, {}, params={"code": "schlüssel"}, json=response).status_code == 401


def test_the_key_may_stand_in_the_address_as_azure_allows(doors: Doors, response: dict[str, Any]) -> None:
    assert doors.send("POST", DOOR, {}, params={"code": KEY}, json=response).status_code == 202


def test_the_door_takes_posts_only(doors: Doors) -> None:
    assert doors.send("GET", DOOR).status_code == 405
