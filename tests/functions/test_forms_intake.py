"""POST /api/forms/{form}/responses: what a flow is told, and what is kept."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from built_service import KEY, Doors
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from forms_ingest.response_body import MOST_BYTES
from service.wiring import Service
from store import inbox, outbox, tasks
from store.tables import outbox as outbox_rows
from tasking.errors import StaleTask
from tasking.task import Task

DOOR = "/api/forms/raise_task/responses"
SAID_OF_A_RETURN = ("reason", "conditions", "residual_risk", "receiver")
LIVE_RISK = "r6baf8eb75777679afa5a919fc8172dc4"
COVERT = "rf41cd6d2293805a7f654e214e6daa66b"
TITLE = "r8e85325c2574dc681a7243d74d984c10"
WHY_NOW = "rdf0e52f4dd4d97f0017713f9fdb8bcbf"
MARKER = "Zanzibar-7731"


def key_of(service: Service, field: str, form: str = "raise_task") -> str:
    question = service.forms[form].asking(field)
    assert question is not None
    return question.key


def post(doors: Doors, body: Any, **more: Any) -> Any:
    return doors.send("POST", DOOR, content=body if isinstance(body, bytes) else json.dumps(body), **more)


def counts(service: Service) -> dict[str, int]:
    with service.store.open() as connection:
        return inbox.counts(connection) | {"promised": outbox.waiting(connection)}


def all_tasks(service: Service) -> list[Task]:
    with service.store.open() as connection:
        return tasks.read_all_tasks(connection)


def deliver(service: Service, handler: str) -> None:
    """What the work queue does with the rows of one handler."""
    with service.store.open() as connection:
        query = select(outbox_rows.c.outbox_id).where(outbox_rows.c.handler == handler)
        ids = list(connection.execute(query).scalars())
    for outbox_id in ids:
        asyncio.run(service.worker.deliver(outbox_id))


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
    assert (answer.json()["status"], answer.json()["warnings"]) == ("taken", [])
    reference = answer.json()["reference"]
    assert reference.startswith("T-")
    assert reference in answer.json()["message"]
    with service.store.open() as connection:
        row = inbox.find(connection, "raise_task", "17")
    assert row is not None
    assert row.reference == reference
    assert row.answers is not None
    assert row.answers[TITLE] == response[TITLE]
    assert [task.reference for task in all_tasks(service)] == [reference], "nobody has to wait for the next tick"


def test_the_same_response_twice_gets_the_same_answer_and_makes_one_row(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    first, again = post(doors, response), post(doors, response | {TITLE: "Changed on the way"})
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert counts(service) | {"DONE": 1, "arrivals": 2} == counts(service)
    assert len(all_tasks(service)) == 1


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
    assert counts(service)["DONE"] == 1, "what was refused must not have been half kept"


def test_a_run_id_longer_than_its_column_does_not_stop_a_response(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    headers = {"x-functions-key": KEY, "x-ms-workflow-run-id": "R" * 500}
    assert post(doors, response, headers=headers).status_code == 202
    assert post(doors, response, headers=headers).status_code == 202
    assert counts(service)["arrivals"] == 1, "one run of a flow that tries again is one arrival"
    with service.store.open() as connection:
        assert connection.execute(text("SELECT max(length(item)) FROM arrivals")).scalar_one() <= 80


@pytest.mark.parametrize(
    "value",
    [True, False, 17.0, "\ud800", "1\ud800", "\udfff7", "\u0000", "1\u00007", "\u001b[2J", "1\u20287", "\n1\n7"],
)
def test_what_cannot_be_a_responses_number_is_422_and_nothing_is_kept(
    doors: Doors, service: Service, response: dict[str, Any], value: Any
) -> None:
    (fault,) = problem_of(post(doors, response | {"responseId": value}), 422)["faults"]
    assert fault.startswith("'responseId' ")
    assert counts(service)["arrivals"] == 0


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"[]", b"{}"])
@pytest.mark.parametrize("name", ["responseId", "responder", "submitDate", WHY_NOW])
def test_a_number_that_is_none_is_422(
    doors: Doors, service: Service, response: dict[str, Any], name: str, value: bytes
) -> None:
    body = json.dumps(response | {name: "HERE"}).encode().replace(b'"HERE"', value)
    (fault,) = problem_of(post(doors, body), 422)["faults"]
    assert fault.startswith(f"'{name}' ")
    assert counts(service)["arrivals"] == 0


@pytest.mark.parametrize("value", ["\ud800@peakshire.example", "pc\u0000", "pc\r\nBcc: all@peakshire.example"])
def test_a_responder_that_no_address_can_be_is_422(doors: Doors, response: dict[str, Any], value: str) -> None:
    (fault,) = problem_of(post(doors, response | {"responder": value}), 422)["faults"]
    assert fault.startswith("'responder' ")


@pytest.mark.parametrize("value", [0, False, True, 45_000])
def test_a_time_that_is_no_text_is_named(doors: Doors, response: dict[str, Any], value: Any) -> None:
    (fault,) = problem_of(post(doors, response | {"submitDate": value}), 422)["faults"]
    assert fault.startswith("'submitDate' ")


@pytest.mark.parametrize("when", ["12/31/9999 11:00:00 PM", "1/1/0001 1:00:00 AM", "1/1/1999 1:00:00 AM"])
def test_a_time_in_no_sensible_year_is_422_and_leaves_nothing_that_cannot_be_delivered(
    doors: Doors, service: Service, response: dict[str, Any], when: str
) -> None:
    (fault,) = problem_of(post(doors, response | {"submitDate": when}), 422)["faults"]
    assert "2000" in fault
    assert "2100" in fault
    assert counts(service) == {"arrivals": 0, "stop_count": 0, "promised": 0}


def test_a_key_of_any_characters_is_named_without_those_that_cannot_be_shown(
    doors: Doors, response: dict[str, Any]
) -> None:
    (fault,) = problem_of(post(doors, response | {"new\ud800\u0000question": []}), 422)["faults"]
    assert fault == "'newquestion' must be text, as Forms sends it."


def test_what_is_not_clear_is_202_and_listed_as_warnings_the_first_time_and_again(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    unclear = response | {key_of(service, "unit"): "Atlantis", key_of(service, "pillar"): ""}
    first, again = post(doors, unclear), post(doors, unclear)
    assert first.status_code == 202
    assert first.json()["status"] == "triage"
    (task,) = all_tasks(service)
    assert tuple(first.json()["warnings"]) == task.faults
    assert len(task.faults) == 2
    assert "Atlantis" not in first.text
    assert (again.status_code, again.json()) == (first.status_code, first.json())


def test_a_response_of_which_nothing_can_be_made_is_422_names_every_fault_and_is_kept(
    doors: Doors, service: Service
) -> None:
    envelope = {"responseId": "5", "submitDate": "1/31/2027 2:05:09 PM", "responder": "ds@peakshire.example"}
    empty = envelope | {key_of(service, name, "return_task"): "No" for name in ("live_risk", "covert")}
    first, again = (doors.send("POST", "/api/forms/return_task/responses", json=empty) for _ in range(2))
    told = problem_of(first, 422)
    needed = ("reference", *SAID_OF_A_RETURN)
    assert len(told["faults"]) == len(needed)
    for field in needed:
        question = service.forms["return_task"].asking(field)
        assert question is not None
        assert sum(question.title in fault for fault in told["faults"]) == 1
    assert told["reference"].startswith("R-")
    assert told["reference"] in told["detail"]
    assert again.json() == told
    with service.store.open() as connection:
        (kept,) = inbox.rejected(connection)
    assert list(kept.reasons) == told["faults"]
    deliver(service, "ingest.take")
    assert counts(service) == {"REJECTED": 1, "arrivals": 2, "stop_count": 0, "promised": 0}


def test_a_return_of_a_task_that_there_is_not_is_422_and_says_so(doors: Doors, service: Service) -> None:
    said = dict.fromkeys(SAID_OF_A_RETURN, "Keep looking.") | {
        "reference": "T-99999",
        "live_risk": "No",
        "covert": "No",
    }
    answers = {key_of(service, name, "return_task"): value for name, value in said.items()}
    envelope = {"responseId": "6", "submitDate": "1/31/2027 2:05:09 PM", "responder": "ds@peakshire.example"}
    told = problem_of(doors.send("POST", "/api/forms/return_task/responses", json=envelope | answers), 422)
    assert told["faults"] == ["There is no task with that reference."]


@pytest.mark.parametrize("trouble", [StaleTask("T-1 has changed."), OperationalError("INSERT", {}, Exception("busy"))])
def test_a_record_that_is_busy_makes_the_plain_202_and_the_outbox_does_the_rest_once(
    doors: Doors, service: Service, response: dict[str, Any], monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def busy(*arguments: object) -> None:
        raise trouble

    with monkeypatch.context() as for_now:
        for_now.setattr("forms_ingest.ingest.inbox.read_to_settle", busy)
        plain = post(doors, response)
    assert (plain.status_code, plain.json()["status"], plain.json()["warnings"]) == (202, "received", [])
    assert all_tasks(service) == []

    deliver(service, "ingest.take")
    deliver(service, "ingest.take")

    (task,) = all_tasks(service)
    again = post(doors, response).json()
    assert (again["status"], again["reference"]) == ("taken", plain.json()["reference"])
    assert task.reference == plain.json()["reference"]


def test_the_outbox_row_of_a_response_that_had_its_effect_does_nothing(
    doors: Doors, service: Service, response: dict[str, Any]
) -> None:
    post(doors, response)
    before, (task,) = counts(service)["promised"], all_tasks(service)
    deliver(service, "ingest.take")
    assert counts(service)["promised"] == before - 1
    assert all_tasks(service) == [task]


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
