"""The emulator under uvicorn in a thread of the test process, reached over real HTTP, with its tenant at hand."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from m365_emulator.server import build_app
from m365_emulator.tenant import Tenant, TenantOptions

PERSON_SCOPES = ("Tasks.ReadWrite", "User.ReadBasic.All", "GroupMember.Read.All", "User.Read")


def plain_client(base_url: str) -> httpx.Client:
    """A client for plain HTTP; it loads no certificates, which is what makes a client slow to build."""
    return httpx.Client(base_url=base_url, timeout=10, verify=False)


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    """Addresses of a running emulator, its in-process tenant, and short ways to its control area and tokens."""

    url: str
    tenant: Tenant
    identity_header: str

    @property
    def graph_url(self) -> str:
        """The base address of Graph v1.0."""
        return f"{self.url}/v1.0"

    @property
    def identity_endpoint(self) -> str:
        """What IDENTITY_ENDPOINT has to be."""
        return f"{self.url}/msi/token"

    def control(self, path: str, json: dict[str, Any] | None = None, *, method: str = "POST") -> Any:
        """Call /_emulator/<path>; the answer's JSON, or None for an empty one. Raises for a refusal."""
        body = json if method == "POST" else None
        with plain_client(self.url) as client:
            reply = client.request(method, f"/_emulator/{path}", json=body)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def app_token(self, *roles: str) -> str:
        """A token of the default app with the consented permissions, or with just those given."""
        order: dict[str, Any] = {"roles": list(roles)} if roles else {}
        return str(self.control("tokens", order)["access_token"])

    def person_token(self, user: str, *scopes: str) -> str:
        """A delegated token of a person, by sign-in name or id."""
        order = {"user": user, "scopes": list(scopes or PERSON_SCOPES)}
        return str(self.control("tokens", order)["access_token"])

    def client(self, token: str | None = None) -> httpx.Client:
        """An HTTP client at Graph's base address with this bearer token (default: the app's)."""
        client = plain_client(self.graph_url)
        client.headers["Authorization"] = f"Bearer {token or self.app_token()}"
        return client


@contextmanager
def running_emulator(options: TenantOptions | None = None) -> Iterator[RunningEmulator]:
    """Serve a tenant on a free port of 127.0.0.1 for the length of the block."""
    tenant = Tenant(options)
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config = uvicorn.Config(build_app(tenant=tenant), log_level="error", access_log=False, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the emulator did not start within 10 seconds")
        time.sleep(0.01)
    try:
        yield RunningEmulator(f"http://127.0.0.1:{port}", tenant, tenant.options.identity_header)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listening.close()
