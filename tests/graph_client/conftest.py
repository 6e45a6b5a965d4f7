"""A client of a Graph that answers what it is told to, and one of the emulator with a managed identity."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from graph_client.auth import make_credential
from graph_client.client import GraphClient
from graph_client.transport import GraphTransport
from tests.emulator_server import RunningEmulator
from tests.graph_client.told_graph import AN_HOUR, Naps, TestsCredential, ToldGraph


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def graph(anyio_backend: str) -> AsyncIterator[ToldGraph]:
    told = ToldGraph()
    async with told.listening():
        yield told


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
async def client(graph: ToldGraph, naps: Naps) -> AsyncIterator[GraphClient]:
    """A client of the told Graph that does not really sleep."""
    async with GraphClient.connect(
        graph.url, TestsCredential(), sleep=naps.sleep, now=naps.now, read_seconds=1.0
    ) as client:
        yield client


@pytest.fixture
def transport(client: GraphClient) -> GraphTransport:
    return client.transport


@pytest.fixture
async def patient(graph: ToldGraph, naps: Naps) -> AsyncIterator[GraphTransport]:
    """Sends two requests at a time, and waits for company as long as it takes."""
    async with GraphClient.connect(
        graph.url, TestsCredential(), sleep=naps.sleep, now=naps.now, in_flight=2, linger_seconds=AN_HOUR
    ) as client:
        yield client.transport


@dataclass(frozen=True, slots=True)
class People:
    """Ids of a group and of its two members, and of a person outside it."""

    group_id: str
    amy: str
    bob: str
    eve: str


@pytest.fixture
def people(emulator: RunningEmulator) -> People:
    names = ("amy", "bob", "eve")
    seeded = emulator.control(
        "seed",
        {
            "people": [{"upn": f"{n}@peakshire.example", "display_name": n.title()} for n in names],
            "groups": [
                {
                    "mail_nickname": "north",
                    "display_name": "North",
                    "members": ["amy@peakshire.example", "bob@peakshire.example"],
                }
            ],
        },
    )
    amy, bob, eve = (seeded["users"][f"{n}@peakshire.example"] for n in names)
    return People(seeded["groups"]["north"], amy, bob, eve)


@pytest.fixture
async def tenant(
    emulator: RunningEmulator, naps: Naps, anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[GraphClient]:
    """A client of the emulator, signed in as the service is in Azure; it does not really sleep."""
    env = {"IDENTITY_ENDPOINT": emulator.identity_endpoint, "IDENTITY_HEADER": emulator.identity_header}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    async with (
        make_credential(env) as credential,
        GraphClient.connect(emulator.url, credential, sleep=naps.sleep, now=naps.now) as client,
    ):
        yield client
