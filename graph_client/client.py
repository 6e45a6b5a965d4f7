"""The way in: one GraphClient per identity and event loop, with a part for each workload."""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from graph_client.addresses import PUBLIC_GRAPH
from graph_client.coalescing import LINGER_SECONDS
from graph_client.directory import DirectoryClient
from graph_client.drives import DrivesClient
from graph_client.limiter import IN_FLIGHT, Sleep
from graph_client.planner import PlannerClient
from graph_client.sharepoint import SharePointClient
from graph_client.subscriptions import SubscriptionsClient
from graph_client.teams import TeamsClient
from graph_client.transport import CONNECT_SECONDS, READ_SECONDS, GraphTransport

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential


class GraphClient:
    """Microsoft Graph as the service sees it. Making one costs nothing: the SDK is imported by the first call."""

    def __init__(self, transport: GraphTransport) -> None:
        self.transport = transport
        self.planner = PlannerClient(transport)
        self.directory = DirectoryClient(transport)
        self.teams = TeamsClient(transport)
        self.sharepoint = SharePointClient(transport)
        self.drives = DrivesClient(transport)
        self.subscriptions = SubscriptionsClient(transport)

    @classmethod
    def connect(
        cls,
        base_url: str,
        credential: "AsyncTokenCredential",
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        read_attempts: int = 4,
        correlation: Callable[[], str | None] = lambda: None,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] | None = None,
        in_flight: int = IN_FLIGHT,
        batching: bool = True,
        linger_seconds: float = LINGER_SECONDS,
    ) -> "GraphClient":
        """A client for the Graph at `base_url` (with or without /v1.0; empty for Microsoft's own).

        The parameters are GraphTransport's. The credential is not closed with the client. ValueError for an
        address that is not https, but for a program on this machine.
        """
        transport = GraphTransport(
            credential,
            base_url or PUBLIC_GRAPH,
            connect_seconds=connect_seconds,
            read_seconds=read_seconds,
            read_attempts=read_attempts,
            correlation=correlation,
            sleep=sleep,
            now=now,
            in_flight=in_flight,
            batching=batching,
            linger_seconds=linger_seconds,
        )
        return cls(transport)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.transport.aclose()

    async def __aenter__(self) -> "GraphClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
