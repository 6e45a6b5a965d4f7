"""The web application: mounts Graph, sign-in, control and pages, and records what passes under /v1.0."""

from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from m365_emulator.batch import answer_batch
from m365_emulator.control.orders import ControlFault, tenant_of
from m365_emulator.graph import GraphApi, make_call
from m365_emulator.odata import JSON_TYPE, GraphFault, error_body, standard_headers
from m365_emulator.open_origins import OpenOrigins
from m365_emulator.recording import RAW_SEND, base_url, graph_of, raw_path, send_recorded
from m365_emulator.registry import control_routes, graph_routes, page_routes, permission_check
from m365_emulator.routing import Reply
from m365_emulator.sign_in.routes import SIGN_IN_ROUTES
from m365_emulator.tenant import Tenant, TenantOptions
from m365_emulator.traffic import Stopwatch

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


class EmulatorApp(Starlette):
    """Starlette that remembers the server's own send function, so that an answer can be cut off."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection's request."""
        scope[RAW_SEND] = send
        await super().__call__(scope, receive, send)


def build_app(options: TenantOptions | None = None, *, tenant: Tenant | None = None) -> Starlette:
    """The emulator as an ASGI application; its tenant is at `app.state.tenant`, its Graph at `app.state.graph`."""
    tenant = tenant or Tenant(options)
    routes = [
        Route("/v1.0/$batch", batch_endpoint, methods=["POST"]),
        Route("/v1.0/{path:path}", graph_endpoint, methods=VERBS),
        Route("/beta/{path:path}", beta_endpoint, methods=VERBS),
        *SIGN_IN_ROUTES,
        *control_routes(),
        *page_routes(),
    ]
    open_to_pages = [Middleware(OpenOrigins)]
    app = EmulatorApp(routes=routes, middleware=open_to_pages, exception_handlers=_HANDLERS)
    app.state.tenant = tenant
    app.state.graph = GraphApi(tenant, graph_routes(), permission_check())
    return app


async def graph_endpoint(request: Request) -> Response:
    """Any call below /v1.0."""
    body = await request.body()
    watch = Stopwatch()
    api = graph_of(request)
    below = raw_path(request).removeprefix("/v1.0")
    address = f"{below}?{request.url.query}" if request.url.query else below
    call = make_call(api.tenant, request.method, address, dict(request.headers), body, base_url(request))
    reply = await api.answer(call)
    return send_recorded(request, body, reply, watch)


async def batch_endpoint(request: Request) -> Response:
    """POST /v1.0/$batch."""
    body = await request.body()
    watch = Stopwatch()
    api = graph_of(request)
    call = make_call(api.tenant, "POST", "/$batch", dict(request.headers), body, base_url(request))
    return send_recorded(request, body, await answer_batch(api, call), watch)


async def beta_endpoint(request: Request) -> Response:
    """Beta is not modelled: a Graph error that says so."""
    headers = standard_headers(request.headers.get("client-request-id"))
    fault = GraphFault(404, "UnknownError", "This tenant serves v1.0 only; beta is not modelled.")
    now = tenant_of(request).clock.now()
    reply = Reply(404, error_body(fault, headers, now), headers | {"Content-Type": JSON_TYPE})
    return send_recorded(request, await request.body(), reply, Stopwatch())


async def _unrouted(request: Request, fault: Exception) -> Response:
    """A path or verb that no route takes: Graph's own words where Graph would have been asked, else plain text."""
    status = fault.status_code if isinstance(fault, HTTPException) else 500
    path = request.url.path
    if not path.lower().startswith(("/v1.0", "/beta")):
        return Response(str(getattr(fault, "detail", "")), status, media_type="text/plain")
    headers = standard_headers(request.headers.get("client-request-id"))
    message = f"Specified HTTP method {request.method} is not allowed for the request target."
    refusal = GraphFault(status, "Request_BadRequest" if status == 405 else "BadRequest", message)
    if status == 404:
        refusal = GraphFault(404, "BadRequest", "Resource not found.")
    reply = Reply(status, error_body(refusal, headers, tenant_of(request).clock.now()), headers)
    reply.headers["Content-Type"] = JSON_TYPE
    return send_recorded(request, await request.body(), reply, Stopwatch())


async def _control_fault(request: Request, fault: Exception) -> Response:
    problems = fault.problems if isinstance(fault, ControlFault) else {}
    return JSONResponse({"error": str(fault)} | ({"problems": problems} if problems else {}), status_code=400)


_HANDLERS: dict[Any, Any] = {ControlFault: _control_fault, 404: _unrouted, 405: _unrouted}
