"""A Graph of the tests' own that answers what it is told to, over real HTTP, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from azure.core.credentials import AccessToken

TOKEN = "a-token-of-the-tests"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived; header names are lower-case."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class Answer:
    """What to answer: JSON or bytes. `cut` closes the connection without a word after the request was read.
    `hang` gives no answer at all until the test ends."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False

    def as_bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            content = self.body
        else:
            content = b"" if self.body is None else json.dumps(self.body).encode()
        told = {"Content-Type": "application/json", **self.headers, "Content-Length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"HTTP/1.1 {self.status} As-Told\r\n{head}Connection: close\r\n\r\n".encode() + content


Script = Callable[[Asked], Answer]


class ToldGraph:
    """Answers from `script`, or the given answers in order; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self.ended = asyncio.Event()
        self.slowness_seconds = 0.0
        self.most_at_once = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._script: Script = lambda _asked: Answer(404, {"error": {"code": "", "message": "nothing told"}})

    def tell(self, *answers: Answer) -> None:
        left = list(answers)
        self._script = lambda _asked: left.pop(0) if len(left) > 1 else left[0]

    def tell_by(self, script: Script) -> None:
        self._script = script

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, path, headers, content)
            self.asked.append(asked)
            answer = self._script(asked)
            if answer.hang:
                await self.ended.wait()
            elif not answer.cut:
                writer.write(answer.as_bytes())
                await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Serves while it is open; gives the address."""
        server = await asyncio.start_server(self._one, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield self.url
        self.ended.set()
        server.close()
        await asyncio.gather(*self._under_way)
        await server.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        self.most_at_once = max(self.most_at_once, len(self._under_way))
        try:
            await asyncio.sleep(self.slowness_seconds)
            await self.serve(reader, writer)
        finally:
            self._under_way.discard(task)


class TestsCredential:
    """A credential that hands out one token and keeps the scopes that it was asked for."""

    __test__ = False

    def __init__(self, error: Exception | None = None) -> None:
        self.scopes: list[tuple[str, ...]] = []
        self._error = error

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.scopes.append(scopes)
        if self._error is not None:
            raise self._error
        return AccessToken(TOKEN, 4_000_000_000)

    async def close(self) -> None:
        """Nothing is held."""

    async def __aenter__(self) -> "TestsCredential":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@dataclass
class Naps:
    """Stands in for sleeping: keeps the seconds, takes none."""

    seconds: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
