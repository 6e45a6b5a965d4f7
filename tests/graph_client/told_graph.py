"""A Graph of the tests' own that answers what it is told to, over real HTTP, and keeps what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from azure.core.credentials import AccessToken

TOKEN = "a-token-of-the-tests"
# What has not come by then is taken not to come; no test waits so long unless it fails.
NEVER_SECONDS = 5.0
AN_HOUR = 3600.0


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
    `hang` gives no answer at all until the test ends, `held_by` none before it is set."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False
    held_by: asyncio.Event | None = None

    def as_bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            content = self.body
        else:
            content = b"" if self.body is None else json.dumps(self.body).encode()
        told = {"Content-Type": "application/json", **self.headers, "Content-Length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"HTTP/1.1 {self.status} As-Told\r\n{head}Connection: close\r\n\r\n".encode() + content


Script = Callable[[Asked], Answer]
Item = dict[str, Any]
FOUND: Item = {"status": 200, "body": {"id": "x"}}


def items_of(asked: Asked) -> list[Item]:
    """The items of a batch, or a plain request in the shape of one item."""
    if asked.path.endswith("/$batch"):
        items: list[Item] = asked.json["requests"]
        return items
    is_json = asked.headers.get("content-type") == "application/json"
    body = {"body": asked.json} if asked.content and is_json else {}
    url = asked.path.removeprefix("/v1.0")
    return [{"id": "", "method": asked.method, "url": url, "headers": asked.headers, **body}]


def each(answer: Callable[[Item], Item | None]) -> Script:
    """Answers each call alike, alone or as an item. A batch's answers come last first, as they may from Graph, and
    None leaves one out; alone it cuts the connection."""

    def script(asked: Asked) -> Answer:
        told = [(item["id"], answer(item)) for item in reversed(items_of(asked))]
        if asked.path.endswith("/$batch"):
            return Answer(body={"responses": [{"id": number, **a} for number, a in told if a is not None]})
        alone = told[0][1]
        return (
            Answer(cut=True) if alone is None else Answer(alone["status"], alone.get("body"), alone.get("headers", {}))
        )

    return script


def held(gate: asyncio.Event, script: Script) -> Script:
    """The first request is answered only when the gate is opened, the others at once; all by the script."""
    opened: list[Asked] = []

    def hold(asked: Asked) -> Answer:
        opened.append(asked)
        answer = script(asked)
        return replace(answer, held_by=gate) if opened == [asked] else answer

    return hold


class ToldGraph:
    """Answers from `script`, or the given answers in order; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.url = ""
        self.ended = asyncio.Event()
        self._arrived = asyncio.Event()
        self.slowness_seconds = 0.0
        self.most_at_once = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._script: Script = lambda _asked: Answer(404, {"error": {"code": "", "message": "nothing told"}})

    def tell(self, *answers: Answer) -> None:
        left = list(answers)
        self._script = lambda _asked: left.pop(0) if len(left) > 1 else left[0]

    def tell_by(self, script: Script) -> None:
        self._script = script

    @property
    def calls(self) -> list[list[str]]:
        """The calls in each request, as METHOD /address; one in a plain request."""
        return [[f"{item['method']} {item['url']}" for item in items_of(asked)] for asked in self.asked]

    async def has_been_asked(self, times: int) -> None:
        """Waits until so many requests have arrived. TimeoutError where they do not."""
        async with asyncio.timeout(NEVER_SECONDS):
            while len(self.asked) < times:
                self._arrived.clear()
                await self._arrived.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.strip().split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            content = await reader.readexactly(int(headers.get("content-length", "0")))
            asked = Asked(method, path, headers, content)
            self.asked.append(asked)
            self._arrived.set()
            answer = self._script(asked)
            if answer.held_by is not None:
                await self._opened_or_ended(answer.held_by)
            if answer.hang:
                await self.ended.wait()
            elif not answer.cut:
                writer.write(answer.as_bytes())
                await writer.drain()
        finally:
            writer.close()
            await writer.wait_closed()

    async def _opened_or_ended(self, gate: asyncio.Event) -> None:
        waits = [asyncio.create_task(event.wait()) for event in (gate, self.ended)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

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
    """Stands in for sleeping and for the clock: keeps the seconds that were slept, takes none."""

    seconds: list[float] = field(default_factory=list)
    time: float = 1000.0

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.seconds.append(seconds)
            self.time += seconds

    def now(self) -> float:
        return self.time


@dataclass
class HandClock:
    """A clock that only the test moves; who sleeps wakes when it has gone far enough."""

    time: float = 1000.0
    sleepers: list[tuple[float, asyncio.Event]] = field(default_factory=list)
    somebody_sleeps: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if seconds > 0:
            until, awake = self.time + seconds, asyncio.Event()
            self.sleepers.append((until, awake))
            self.somebody_sleeps.set()
            await awake.wait()

    async def advance(self, seconds: float) -> None:
        self.time += seconds
        for until, awake in self.sleepers:
            if until <= self.time:
                awake.set()
        await settled()


async def settled() -> None:
    """Lets every task go on until it waits for something from outside."""
    for _ in range(20):
        await asyncio.sleep(0)
