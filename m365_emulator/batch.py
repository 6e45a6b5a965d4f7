"""POST /v1.0/$batch: up to 20 calls, each through the same door as a single call (concepts/json-batching.md)."""

import asyncio
import json
import random
from typing import Any

from m365_emulator.graph import GraphApi, cut_off, gateway_timeout, lost, make_call
from m365_emulator.odata import GraphFault, Json, error_body, standard_headers
from m365_emulator.routing import Call, Reply

MAX_PARTS = 20


async def answer_batch(api: GraphApi, call: Call) -> Reply:
    """The envelope: 200 with one answer per part in any order, or 400 when the batch itself is wrong.

    One request waits for latency once. Parts that wait for a fault of their own wait beside each other, and a part
    that depends on others after them. Faults strike the envelope only where they name its path.
    """
    await api.hold()
    struck = await api.strike(call)
    if struck.is_cut:
        return cut_off()
    headers = standard_headers(call.headers.get("client-request-id"))
    try:
        call.caller = call.caller or api.caller_of(call)
        api.tenant.faults.raise_if_struck(call.method, call.path)
        if struck.refusal is not None:
            raise struck.refusal
        parts = _checked(call.json())
    except GraphFault as fault:
        return Reply(fault.status, error_body(fault, headers, api.tenant.clock.now()), headers | fault.headers)
    under_way: dict[str, asyncio.Task[Json]] = {}
    for part in parts:
        under_way[part["id"].lower()] = asyncio.create_task(_answer_part(api, call, part, under_way))
    ordered = [await answer for answer in under_way.values()]
    if api.tenant.switches.batch_shuffle:
        random.shuffle(ordered)
    reply = Reply(200, {"responses": ordered}, headers | {"Content-Type": "application/json"})
    return lost(reply, struck.lost_as or api.tenant.faults.loss_of(call.method, call.path))


def _checked(body: Json) -> list[Json]:
    parts = body.get("requests")
    if not isinstance(parts, list) or not parts:
        raise GraphFault(400, "BadRequest", "Invalid batch payload format.")
    if len(parts) > MAX_PARTS:
        raise GraphFault(400, "BadRequest", f"Number of batch requests cannot exceed {MAX_PARTS}.")
    seen: set[str] = set()
    for part in parts:
        _check_part(part, seen)
        seen.add(part["id"].lower())
    return parts


def _check_part(part: Any, seen: set[str]) -> None:
    fields = part if isinstance(part, dict) else {}
    if not all(isinstance(fields.get(name), str) and fields[name] for name in ("id", "method", "url")):
        raise GraphFault(400, "BadRequest", "Every batch request needs an id, a method and a url.")
    part_id = fields["id"]
    if part_id.lower() in seen:
        raise GraphFault(400, "BadRequest", f"Request Id {part_id} has to be unique in a batch.")
    if "://" in fields["url"].split("?")[0]:
        raise GraphFault(400, "BadRequest", f"Request Id {part_id}: the url has to be relative.")
    if not isinstance(fields.get("headers", {}), dict):
        raise GraphFault(400, "BadRequest", f"Request Id {part_id}: headers have to be an object.")
    sent = {name.lower() for name in fields.get("headers", {})}
    if fields.get("body") is not None and "content-type" not in sent:
        raise GraphFault(400, "BadRequest", f"Write request id : {part_id} does not contain Content-Type header.")
    needs = fields.get("dependsOn") or []
    if not isinstance(needs, list):
        raise GraphFault(400, "BadRequest", f"Request Id {part_id}: dependsOn has to be an array.")
    for needed in needs:
        if not isinstance(needed, str) or needed.lower() not in seen:
            raise GraphFault(400, "BadRequest", f"Invalid dependency for request Id {part_id}: {needed}.")


async def _answer_part(api: GraphApi, call: Call, part: Json, under_way: dict[str, asyncio.Task[Json]]) -> Json:
    for needed in part.get("dependsOn") or []:
        if (await under_way[needed.lower()])["status"] >= 400:
            fault = GraphFault(424, "FailedDependency", f"Request {needed} on which this one depends has failed.")
            headers = standard_headers(None)
            return _answer(part["id"], Reply(424, error_body(fault, headers, api.tenant.clock.now()), {}))
    own = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
    headers = {"authorization": call.headers.get("authorization", "")} | own
    inner = make_call(api.tenant, part["method"], part["url"], headers, _sent(part), call.base_url, call.caller)
    reply = await api.answer_part(inner)
    return _answer(part["id"], gateway_timeout() if reply.lost_as else reply)


def _sent(part: Json) -> bytes | Json:
    body = part.get("body")
    if isinstance(body, dict):
        return body
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


def _answer(part_id: str, reply: Reply) -> Json:
    answer: Json = {"id": part_id, "status": reply.status, "headers": reply.headers}
    if isinstance(reply.body, dict):
        answer["body"] = reply.body
    elif reply.body is not None:
        answer["body"] = reply.body.decode("utf-8", errors="replace")
    return answer
