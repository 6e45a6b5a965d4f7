"""Several callers at the same time, and what each of them got."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from graph_client.transport import GraphTransport
from tests.graph_client.told_graph import NEVER_SECONDS, Item, ToldGraph, each, held


def urls(item: Item) -> Item:
    """Answers each call with its own address."""
    return {"status": 200, "body": {"url": item["url"]}}


async def together(*calls: Awaitable[Any]) -> list[Any]:
    """What each call gave or raised."""
    return await soon(asyncio.gather(*calls, return_exceptions=True))


async def soon(call: Awaitable[Any]) -> Any:
    """What the call gave. TimeoutError where it waits for what does not come."""
    async with asyncio.timeout(NEVER_SECONDS):
        return await call


class UnderWay:
    """A first call that is under way until it is let go, so that the others wait for company."""

    def __init__(self, graph: ToldGraph, transport: GraphTransport) -> None:
        self.graph, self.transport, self.gate = graph, transport, asyncio.Event()
        self.tasks: list[asyncio.Task[Any]] = []

    async def begin(self) -> None:
        self.graph.tell_by(held(self.gate, each(urls)))
        self.come(self.transport.get("/first"))
        await self.graph.has_been_asked(1)

    def come(self, *calls: Any) -> None:
        self.tasks += [asyncio.create_task(call) for call in calls]

    async def end(self) -> list[Any]:
        self.gate.set()
        return await together(*self.tasks)
