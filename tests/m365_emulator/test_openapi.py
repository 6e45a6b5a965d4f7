"""The control area's description comes from its routes, so nothing is missing from it and nothing is made up."""

import json
import re

from emulator_server import RunningEmulator
from starlette.routing import Route

from m365_emulator.control.openapi import document, levers
from m365_emulator.registry import control_routes
from m365_emulator.switches import Switches


def test_every_lever_is_described_in_words_with_its_places() -> None:
    described = document(control_routes(), "http://127.0.0.1")["paths"]
    routed = {
        (method.lower(), re.sub(r":\w+\}", "}", route.path))
        for route in control_routes()
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert {(verb, path) for path, verbs in described.items() for verb in verbs} == routed
    for path, verbs in described.items():
        for operation in verbs.values():
            assert operation["summary"], path
            assert [p["name"] for p in operation["parameters"]] == re.findall(r"\{(\w+)\}", path)
    names = [operation["operationId"] for verbs in described.values() for operation in verbs.values()]
    assert len(names) == len(set(names))


def test_bodies_are_told_field_by_field(emulator: RunningEmulator) -> None:
    described = emulator.control("openapi.json", method="GET")
    assert described["openapi"].startswith("3.1.")
    assert described["servers"] == [{"url": emulator.url}]

    def fields(path: str) -> dict[str, object]:
        body = described["paths"][f"/_emulator/{path}"]["post"]["requestBody"]
        name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
        return dict(described["components"]["schemas"][name]["properties"])

    assert set(fields("clock")) == {"now", "advance_seconds", "frozen"}
    assert set(fields("tokens")) == {"user", "scopes", "roles", "app", "expires_in"}
    assert {"description", "timezone"} <= set(fields("forms"))
    assert set(fields("faults/plan")) == {"steps", "seed", "drawn"}
    assert set(fields("planner/tasks/{task_id}/copy")) == {"by", "plan", "bucket", "title", "include"}
    assert set(fields("planner/tasks/{task_id}/recurrence")) == {"type", "interval", "starts_at"}
    assert set(fields("people/{person}")) == {"enabled"}
    assert set(fields("faults/latency")) == {"fixed_ms", "jitter_ms"}
    assert set(fields("forms/{slug}/deliveries")) == {"next", "drop", "copies", "delay_seconds"}
    assert set(fields("switches")) == {name for name, _, _ in Switches.meanings()}
    assert "requestBody" not in described["paths"]["/_emulator/snapshots/{name}"]["get"]


def test_a_handler_without_words_would_be_seen() -> None:
    async def silent(request: object) -> None: ...

    (lever,) = levers([Route("/_emulator/silent", silent, methods=["POST"])])  # type: ignore[arg-type]
    assert (lever.text, lever.fields) == ("", ())


def test_every_reference_of_the_description_leads_somewhere() -> None:
    described = document(control_routes(), "http://127.0.0.1")
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described)))
    assert named == set(described["components"]["schemas"])


def test_what_the_description_says_is_needed_is_needed(emulator: RunningEmulator) -> None:
    schemas = document(control_routes(), emulator.url)["components"]["schemas"]
    assert schemas["CopyOrder"]["required"] == ["by"]
    assert schemas["FormOrder"]["required"] == ["form_id", "slug", "title", "mail_nickname", "questions"]
    assert schemas["MembersOrder"]["additionalProperties"] is False
