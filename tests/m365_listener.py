"""A subscriber's address: a small HTTP server that keeps what it is told and answers as each test orders."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, str, str]


def echo(token: str) -> Answer:
    """The right answer to a validation token."""
    return 200, "text/plain", token


@dataclass(slots=True)
class Listener:
    """`validate` answers handshakes; `statuses` are the next answers to notifications, 202 after them."""

    url: str = ""
    validate: Callable[[str], Answer] = echo
    statuses: list[int] = field(default_factory=list)
    delay: float = 0.0
    tokens: list[str] = field(default_factory=list)
    posts: list[dict[str, Any]] = field(default_factory=list)
    queries: list[dict[str, list[str]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def notifications(self) -> list[dict[str, Any]]:
        """Every notification received, in order."""
        return [entry for post in self.posts for entry in post["value"]]

    def wait(self, posts: int = 1, seconds: float = 5.0) -> None:
        """Return once so many posts have come; an AssertionError when they do not."""
        deadline = time.monotonic() + seconds
        while len(self.posts) < posts:
            assert time.monotonic() < deadline, f"{len(self.posts)} posts came, not {posts}"
            time.sleep(0.01)


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            query = parse_qs(urlsplit(self.path).query)
            time.sleep(listener.delay)
            if "validationToken" in query:
                listener.tokens.append(query["validationToken"][0])
                status, kind, text = listener.validate(query["validationToken"][0])
            else:
                listener.times.append(time.monotonic())
                listener.queries.append(query)
                listener.posts.append(json.loads(body))
                status, kind, text = (listener.statuses.pop(0) if listener.statuses else 202), "text/plain", ""
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())
            except OSError:
                self.close_connection = True  # the caller did not wait for a slow answer

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def listening() -> Iterator[Listener]:
    """A listener on a free port for the length of the block."""
    listener = Listener()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(listener))
    server.daemon_threads = True
    listener.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
