"""/_emulator told as OpenAPI 3.1 and as a page. The words are those of the handlers, 'POST clock: words', and the
bodies are the orders that check them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from m365_emulator.control.orders import REFERENCE, Order
from m365_emulator.odata import Json

BASE = "/_emulator/"
_VERB = r"(?:GET|POST|PUT|PATCH|DELETE)"
_PART = re.compile(rf"(?:^|;\s+|\.\s+)(?={_VERB}\b)")
_SAID = re.compile(rf"({_VERB})(?:\s+[^\s:]+?)?\s*:\s+(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body."""

    name: str
    optional: bool
    schema: Json
    text: str


@dataclass(frozen=True, slots=True)
class Lever:
    """One verb on one address of the control area, and the order that it takes, if any."""

    method: str
    path: str
    text: str
    order: type[Order] | None

    @property
    def schema(self) -> Json:
        """The JSON schema of the body; empty where there is none."""
        return self.order.schema_of_body() if self.order else {}

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the body."""
        schema, needed = self.schema, self.schema.get("required", [])
        return tuple(
            Field(name, name not in needed, part, part.get("description", ""))
            for name, part in schema.get("properties", {}).items()
        )


def levers(routes: Iterable[BaseRoute]) -> list[Lever]:
    """Every lever among these routes, by address."""
    found = []
    for route in routes:
        if isinstance(route, Route) and route.path.startswith(BASE):
            said = words_by_verb(route.endpoint)
            for method in verbs_of(route):
                text = said.get(method, next(iter(said.values()), ""))
                order = getattr(route.endpoint, "order", None)
                found.append(Lever(method, re.sub(r":\w+\}", "}", route.path), text, order))
    return sorted(found, key=lambda lever: (lever.path, lever.method))


def verbs_of(route: Route) -> list[str]:
    """The verbs of a route, but for the HEAD that comes with GET."""
    return sorted((route.methods or set()) - {"HEAD"})


def words_by_verb(handler: Any) -> dict[str, str]:
    """What a handler says of itself, by verb: 'POST one: words; DELETE: other words'."""
    told: dict[str, str] = {}
    for part in _PART.split(re.sub(r"\s+", " ", handler.__doc__ or "").strip()):
        match = _SAID.fullmatch(part.strip())
        if match:
            told[match[1]] = match[2].strip().rstrip(".")
    return told


def document(routes: Iterable[BaseRoute], base_url: str) -> Json:
    """The OpenAPI 3.1 description of these routes."""
    paths: Json = {}
    schemas: Json = {"Fault": _FAULT}
    for lever in levers(routes):
        paths.setdefault(lever.path, {})[lever.method.lower()] = _operation(lever)
        if lever.order:
            schema = lever.schema
            schemas |= schema.pop("$defs", {}) | {lever.order.__name__: schema}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "The emulator's control area",
            "version": "1",
            "description": "Levers for tests and demos. None of this is part of Microsoft Graph.",
        },
        "servers": [{"url": base_url}],
        "paths": paths,
        "components": {"schemas": schemas},
    }


async def openapi_json(request: Request) -> Response:
    """GET openapi.json: this area as OpenAPI 3.1."""
    return JSONResponse(document(request.app.routes, f"{request.url.scheme}://{request.url.netloc}"))


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
                "content": {"application/json": {"schema": {"$ref": REFERENCE.format(model="Fault")}}},
            },
        },
    }
    if lever.order:
        body = {"$ref": REFERENCE.format(model=lever.order.__name__)}
        needed = bool(lever.schema.get("required"))
        operation["requestBody"] = {"required": needed, "content": {"application/json": {"schema": body}}}
    return operation


_FAULT: Json = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "description": "a sentence for each field at fault"},
        "problems": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "the same by the field's place, such as people[0].upn",
        },
    },
    "required": ["error"],
}


OPENAPI_ROUTES = (Route("/_emulator/openapi.json", openapi_json, methods=["GET"]),)
