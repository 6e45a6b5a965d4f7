"""A channel's webhook on this machine that answers what it is told, and keeps what reached it."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

SECRET = "sig-that-nobody-may-read"


@dataclass
class ToldChannel:
    """`status`, `headers` and `body` are the next answers; status 0 hangs up and -1 says nothing at all."""

    url: str
    status: int = 202
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    reached: list[dict[str, Any]] = field(default_factory=list)
    over: Event = field(default_factory=Event)

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards that reached it, oldest first."""
        return [message["attachments"][0]["content"] for message in self.reached]


@contextmanager
def told_channel() -> Iterator[ToldChannel]:
    """Serves on a free port of 127.0.0.1 for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            told.reached.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.close_connection = True
            if told.status == -1:
                told.over.wait(30)
            if told.status <= 0:
                return
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = ToldChannel(f"http://127.0.0.1:{server.server_port}/workflows/1?sig={SECRET}")
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)


def nobody_there() -> str:
    """An address of this machine where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/workflows/1?sig={SECRET}"
