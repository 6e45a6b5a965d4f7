"""What counts as a call to Graph: an app's, alone or in a batch, and not about the intake list's site."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench.traffic import cost_of, made_tasks

TASK = "abcdefghijklmnopqrstuvwxyz01"


def token(kind: str) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"idtyp": kind}).encode()).decode().rstrip("=")
    return f"Bearer e30.{claims}.sig"


def exchange(method: str, path: str, body: Any = None, answer: Any = None, by: str = "app") -> dict[str, Any]:
    request = {
        "method": method,
        "url": f"http://127.0.0.1:8365/v1.0{path}",
        "headers": [{"name": "Authorization", "value": token(by)}],
        **({"postData": {"text": json.dumps(body)}} if body is not None else {}),
    }
    return {"request": request, "response": {"status": 200, "content": {"text": json.dumps(answer)}}}


def batch(*calls: tuple[str, str, Any, Any]) -> dict[str, Any]:
    requests = [{"id": str(n), "method": m, "url": url, "body": body} for n, (m, url, body, _) in enumerate(calls)]
    answers = [{"id": str(n), "status": 201, "body": answer} for n, (*_, answer) in enumerate(calls)]
    return exchange("POST", "/$batch", {"requests": requests}, {"responses": list(reversed(answers))})


def test_a_batch_is_one_request_and_as_many_calls_as_it_holds() -> None:
    two = batch(("GET", f"/planner/tasks/{TASK}", None, {}), ("GET", f"/planner/tasks/{TASK}/details", None, {}))
    cost = cost_of([two, exchange("GET", f"/planner/tasks/{TASK}/details?$select=id")])
    assert (cost.http, cost.logical) == (2, 3)
    assert cost.operations == {"GET /planner/tasks/{id}/details": 2, "GET /planner/tasks/{id}": 1}


def test_what_people_do_and_what_concerns_the_intake_list_is_not_counted() -> None:
    theirs = exchange("PATCH", f"/planner/tasks/{TASK}", {}, by="user")
    cost = cost_of([theirs, exchange("GET", "/sites/a,b,c/lists/1/items/delta")])
    assert (cost.http, cost.logical) == (0, 0)


def test_the_bodies_of_a_made_task_are_found_wherever_they_travelled() -> None:
    made = batch(("POST", "/planner/tasks", {"title": "One"}, {"id": TASK}))
    filled = exchange("PATCH", f"/planner/tasks/{TASK}/details", {"description": "Two"}, {})
    assert made_tasks([made, filled]) == [({"title": "One"}, {"description": "Two"})]


def test_a_task_that_was_never_filled_is_no_pair() -> None:
    assert made_tasks([batch(("POST", "/planner/tasks", {"title": "One"}, {"id": TASK}))]) == []
