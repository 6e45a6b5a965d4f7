"""The same application over http and, where asked, over https beside it, until it is told to stop."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from m365_emulator.sign_in.certificates import TlsFiles, default_folder, tls_files

LOOPBACK = ("127.0.0.1", "localhost")
GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen; port 0 is any free one, and no https port is no https."""

    host: str = "127.0.0.1"
    port: int = 0
    https_port: int | None = None
    tls_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the program listens: base addresses, and the file of the authority that https clients trust."""

    http: str
    https: str | None
    ca: Path | None


class QuietServer(uvicorn.Server):
    """A server that leaves the signals to whoever runs several of them, and says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, then say so."""
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch nothing."""
        yield


async def serve(
    app: ASGIApp, listening: Listening, announce: Callable[[Addresses], None], stopping: asyncio.Event
) -> None:
    """Serve until `stopping` is set; `announce` is called once all addresses listen.

    OSError for a port in use; calls that are still open get GRACE_SECONDS.
    """
    files = None if listening.https_port is None else tls_files(listening.tls_dir or default_folder())
    plain, secure = _sockets(listening)
    servers = [(_server(app, None), plain)] + ([(_server(app, files), secure)] if files else [])
    running = [asyncio.ensure_future(server.serve(sockets=sockets)) for server, sockets in servers]
    all_listening = [asyncio.ensure_future(server.listening.wait()) for server, _ in servers]
    watched: list[asyncio.Future[Any]] = [asyncio.gather(*all_listening), *running]
    done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
    if done.isdisjoint(running):
        https = f"https://localhost:{secure[0].getsockname()[1]}" if files else None
        announce(Addresses(f"http://{_shown(plain[0])}", https, files.ca if files else None))
        await stopping.wait()
    for waiting in all_listening:
        waiting.cancel()
    for server, _ in servers:
        server.should_exit = True
    await asyncio.gather(*running)


def _server(app: ASGIApp, files: TlsFiles | None) -> QuietServer:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=files.chain if files else None,
        ssl_keyfile=files.key if files else None,
    )
    return QuietServer(config)


def _sockets(listening: Listening) -> tuple[list[socket.socket], list[socket.socket]]:
    """The sockets of http and of https; https on this machine's own name has an IPv6 twin where there is one."""
    with ExitStack() as until_all_are_bound:

        def bound(host: str, port: int) -> socket.socket:
            return until_all_are_bound.enter_context(_bound(host, port))

        plain, secure = [bound(listening.host, listening.port)], []
        if listening.https_port is not None:
            secure.append(bound(listening.host, listening.https_port))
            if listening.host in LOOPBACK:
                with suppress(OSError):
                    secure.append(bound("::1", secure[0].getsockname()[1]))
        until_all_are_bound.pop_all()
    return plain, secure


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def _shown(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
