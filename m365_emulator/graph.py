"""One way in for every Graph call, alone, from a batch or from the emulator's own pages.

The order is: route, token, faults, permission, handler, lost answer.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from m365_emulator.control.faults_plan import Struck
from m365_emulator.odata import JSON_TYPE, GraphFault, Json, error_body, standard_headers
from m365_emulator.permissions.check import PermissionCheck
from m365_emulator.routing import Call, Reply, Route, RouteTable
from m365_emulator.sharepoint.grants import opens
from m365_emulator.sign_in.tokens import Caller, TokenRefused
from m365_emulator.subscriptions.delivery import attend
from m365_emulator.tenant import Tenant


class GraphApi:
    """Answers calls below /v1.0 by the route table and the permission tables."""

    def __init__(self, tenant: Tenant, routes: Sequence[Route], permissions: PermissionCheck) -> None:
        self.tenant = tenant
        self.table = RouteTable(routes)
        self.permissions = permissions
        missing = {r.permission_key for r in routes} - set(permissions.operations())
        if missing:
            raise ValueError(f"routes without a line in the permission table: {sorted(missing)}")

    async def answer(self, call: Call) -> Reply:
        """The reply to a request of one call, after the latency that is on order."""
        await self.hold()
        return await self.answer_part(call)

    async def hold(self) -> None:
        """Wait as long as the latency of one request is to be."""
        seconds = self.tenant.fault_plan.latency.wait()
        if seconds:
            await asyncio.sleep(seconds)

    async def strike(self, call: Call) -> Struck:
        """What the fault plan does to this call, after the delays that are on order for it."""
        struck = self.tenant.fault_plan.strike(call.method, call.path)
        seconds = self.tenant.faults.delay_of(call.method, call.path) + struck.wait
        if seconds:
            await asyncio.sleep(seconds)
        return struck

    async def answer_part(self, call: Call) -> Reply:
        """The reply with all its headers; refusals become error bodies. Faults strike here, alone or in a batch."""
        self.tenant.traffic.calls += 1
        struck = await self.strike(call)
        if struck.is_cut:
            return cut_off()
        headers = standard_headers(call.headers.get("client-request-id"))
        try:
            route = self._admit(call)
            if struck.refusal is not None:
                raise struck.refusal
            if route.before is not None:
                await route.before(call)
            reply = self._handle(route, call)
            reply = lost(reply, struck.lost_as)
        except GraphFault as fault:
            reply = self._refusal(fault, headers)
        if self.tenant.subscriptions.subscriptions:
            attend(self.tenant)  # a restored snapshot brings subscriptions that nothing watches yet
        return _dressed(reply, headers)

    def answer_now(self, call: Call) -> Reply:
        """As `answer`, without delays: the whole call happens before anything else does."""
        headers = standard_headers(call.headers.get("client-request-id"))
        try:
            reply = self._handle(self._admit(call), call)
        except GraphFault as fault:
            reply = self._refusal(fault, headers)
        return _dressed(reply, headers)

    def _refusal(self, fault: GraphFault, headers: dict[str, str]) -> Reply:
        return Reply(fault.status, error_body(fault, headers, self.tenant.clock.now()), dict(fault.headers))

    def _admit(self, call: Call) -> Route:
        if call.caller is None:
            call.caller = self.caller_of(call)
        route, call.params = self.table.find(call.method, call.path)
        self.tenant.faults.raise_if_struck(call.method, call.path)
        app_id = call.caller.app_id
        self.permissions.require(
            call.caller, route.permission_key, call.path, lambda: opens(self.tenant, app_id, call.method, call.path)
        )
        return route

    def _handle(self, route: Route, call: Call) -> Reply:
        reply = route.handler(call)
        return reply if reply.status >= 400 else lost(reply, self.tenant.faults.loss_of(call.method, call.path))

    def caller_of(self, call: Call) -> Caller:
        """Who the bearer token says is calling; 401 with the challenge when it says nothing valid."""
        try:
            return self.tenant.tokens.read(call.headers.get("authorization"))
        except TokenRefused as refusal:
            challenge = (
                f'Bearer realm="", authorization_uri="{call.base_url}/common/oauth2/authorize", '
                'client_id="00000003-0000-0000-c000-000000000000"'
            )
            raise GraphFault(
                401, "InvalidAuthenticationToken", str(refusal), headers={"WWW-Authenticate": challenge}
            ) from refusal

    def as_person(
        self,
        caller: Caller,
        method: str,
        url: str,
        body: Json | None = None,
        *,
        headers: dict[str, str] | None = None,
        base_url: str = "http://localhost",
    ) -> Reply:
        """A call from inside the program with a ready caller, under the same rules as one over HTTP."""
        sent = json.dumps(body).encode() if body is not None else b""
        return self.answer_now(make_call(self.tenant, method, url, headers or {}, sent, base_url, caller))


def _dressed(reply: Reply, headers: dict[str, str]) -> Reply:
    if isinstance(reply.body, dict):
        headers["Content-Type"] = reply.media_type or JSON_TYPE
    elif reply.media_type:
        headers["Content-Type"] = reply.media_type
    reply.headers = headers | reply.headers
    return reply


def make_call(
    tenant: Tenant,
    method: str,
    url: str,
    headers: dict[str, str],
    sent: bytes | Json,
    base_url: str,
    caller: Caller | None = None,
) -> Call:
    """A call from an address below /v1.0 (with its query) and headers of any case. A dict is a body already read."""
    path, query = "/" + url.lstrip("/"), {}
    if "?" in url or "#" in url:
        parts = urlsplit(path)
        path = parts.path
        query = {name.lower(): value for name, value in parse_qsl(parts.query, keep_blank_values=True)}
    lowered = {name.lower(): value for name, value in headers.items()}
    return Call(tenant, method.upper(), path, query, lowered, sent, base_url, caller)


def lost(reply: Reply, lost_as: str | None) -> Reply:
    """The reply, lost on the way where that is on order: '504' gives the gateway's words, 'disconnect' none at all."""
    if lost_as is None or reply.status >= 400:
        return reply
    return gateway_timeout() if lost_as == "504" else replace(reply, lost_as=lost_as)


def cut_off() -> Reply:
    """No answer at all, with nothing done."""
    return Reply(503, lost_as="disconnect")


def gateway_timeout() -> Reply:
    """The answer of a gateway that gave up waiting, although the change was made."""
    inner: Json = {}
    return Reply(504, {"error": {"code": "UnknownError", "message": "", "innerError": inner}})
