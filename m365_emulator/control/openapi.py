"""/_emulator told as OpenAPI 3.1 and as a page, both read from the routes and what their handlers say of themselves.
A handler's docstring is the table: 'POST clock {now | frozen}: words; GET clock: words'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from m365_emulator.control.openapi_fields import FIELDS, switch_fields
from m365_emulator.odata import Json

BASE = "/_emulator/"
_VERB = r"(?:GET|POST|PUT|PATCH|DELETE)"
_PART = re.compile(rf"(?:^|;\s+|\.\s+)(?={_VERB}\b)")
_SAID = re.compile(
    rf"({_VERB})(?:\s+or\s+({_VERB}))?[^\s:]*(?:\s+[^\s:{{]\S*?)?(?:\s+\{{(.*?)\}})?\s*:\s+(.*)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body."""

    name: str
    optional: bool
    schema: Json
    text: str


@dataclass(frozen=True, slots=True)
class Lever:
    """One verb on one address of the control area."""

    method: str
    path: str
    text: str
    fields: tuple[Field, ...]


def levers(routes: Iterable[BaseRoute]) -> list[Lever]:
    """Every lever among these routes, by address."""
    found = []
    for route in routes:
        if isinstance(route, Route) and route.path.startswith(BASE):
            said = _said(route.endpoint.__doc__ or "")
            for method in sorted((route.methods or set()) - {"HEAD"}):
                text, body = said.get(method, (next(iter(said.values()), ("", ""))[0], ""))
                fields = () if method == "GET" else tuple(_fields(body, route.path))
                found.append(Lever(method, re.sub(r":\w+\}", "}", route.path), text, fields))
    return sorted(found, key=lambda lever: (lever.path, lever.method))


def document(routes: Iterable[BaseRoute], base_url: str) -> Json:
    """The OpenAPI 3.1 description of these routes."""
    paths: Json = {}
    for lever in levers(routes):
        paths.setdefault(lever.path, {})[lever.method.lower()] = _operation(lever)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The emulator's control area",
            "version": "1",
            "description": "Levers for tests and demos. None of this is part of Microsoft Graph.",
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": {"Fault": _object({"error": {"type": "string"}}, ["error"])}},
    }


async def openapi_json(request: Request) -> Response:
    """GET openapi.json: this area as OpenAPI 3.1"""
    return JSONResponse(document(request.app.routes, f"{request.url.scheme}://{request.url.netloc}"))


def _said(docstring: str) -> dict[str, tuple[str, str]]:
    """(words, body fields) by verb."""
    told: dict[str, tuple[str, str]] = {}
    for part in _PART.split(re.sub(r"\s+", " ", docstring).strip()):
        match = _SAID.fullmatch(part.strip())
        if match:
            for verb in filter(None, (match[1], match[2])):
                told[verb] = (match[4].strip().rstrip("."), match[3] or "")
    return told


def _fields(body: str, path: str) -> Iterable[Field]:
    if path == BASE + "switches":
        for name, schema in switch_fields().items():
            yield Field(name, True, schema, str(schema["description"]))
        return
    flat = re.sub(r":\s*\{[^{}]*\}?|:\s*[^,]+", "", body)
    choice = "|" in flat
    for word in filter(None, (part.strip() for part in re.split(r"[,|;]", flat))):
        name = word.rstrip("?").strip()
        schema, text = FIELDS.get(name, ({}, ""))
        yield Field(name, choice or word.endswith("?"), schema, text)


def _operation(lever: Lever) -> Json:
    words = re.sub(r"\W+", "_", lever.path.removeprefix(BASE)).strip("_")
    places = re.findall(r"\{(\w+)\}", lever.path)
    operation: Json = {
        "operationId": f"{lever.method.lower()}_{words}",
        "summary": lever.text,
        "parameters": [{"name": p, "in": "path", "required": True, "schema": {"type": "string"}} for p in places],
        "responses": {
            "2XX": {"description": "Done; what there is to tell is JSON"},
            "400": {
                "description": "Refused, with the reason",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fault"}}},
            },
        },
    }
    if lever.fields:
        properties = {f.name: f.schema | ({"description": f.text} if f.text else {}) for f in lever.fields}
        schema = _object(properties, [])
        operation["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return operation


def _object(properties: Json, required: list[str]) -> Json:
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


OPENAPI_ROUTES = (Route("/_emulator/openapi.json", openapi_json, methods=["GET"]),)
