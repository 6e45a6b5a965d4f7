"""Between web requests and the tenant: who serves this request, and each exchange into the traffic as it leaves."""

import json

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from m365_emulator.control.orders import tenant_of
from m365_emulator.graph import GraphApi
from m365_emulator.routing import Reply
from m365_emulator.traffic import Exchange, Stopwatch

RAW_SEND = "m365_emulator.raw_send"


class CutConnection(Response):
    """No answer at all: the TCP connection is aborted, as when a network path dies."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Abort the transport and wait until the server has noticed."""
        transport = getattr(getattr(scope[RAW_SEND], "__self__", None), "transport", None)
        if transport is None:
            raise ConnectionResetError("the answer was lost on order")
        transport.abort()
        while (await receive())["type"] != "http.disconnect":
            continue


def graph_of(request: Request) -> GraphApi:
    """The Graph of this program, for pages that act as a person."""
    graph = request.app.state.graph
    if not isinstance(graph, GraphApi):
        raise TypeError("the application was built without Graph")
    return graph


def send_recorded(request: Request, body: bytes, reply: Reply, watch: Stopwatch) -> Response:
    """The reply as a web response, after the exchange was added to the traffic."""
    sent = reply.encoded or (json.dumps(reply.body).encode() if isinstance(reply.body, dict) else reply.body or b"")
    lost = reply.lost_as == "disconnect"
    exchange = Exchange(
        method=request.method,
        url=f"{base_url(request)}{raw_path(request)}" + (f"?{request.url.query}" if request.url.query else ""),
        request_headers=tuple(request.headers.items()),
        request_body=body,
        status=0 if lost else reply.status,
        response_headers=() if lost else tuple(reply.headers.items()),
        response_body=b"" if lost else sent,
        seconds=watch.seconds(),
        note=f"answer {reply.status} lost on order" if lost else "",
    )
    tenant = tenant_of(request)
    tenant.traffic.add(exchange, tenant.clock.now())
    if lost:
        return CutConnection()
    return Response(sent, status_code=reply.status, headers=reply.headers)


def base_url(request: Request) -> str:
    """How the caller reached us, e.g. http://127.0.0.1:8365."""
    return f"{request.url.scheme}://{request.url.netloc}"


def raw_path(request: Request) -> str:
    """The path as it was sent, still percent-encoded."""
    raw = request.scope.get("raw_path") or request.scope["path"].encode()
    return bytes(raw).decode("ascii", errors="replace").split("?")[0]
