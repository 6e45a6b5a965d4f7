"""`desk`: Peakshire's record in an empty store in memory. `channel`: a web server that answers as it is told."""

from collections.abc import Iterator

import pytest

from tests.escalation.told_channel import ToldChannel, told_channel
from tests.peakshire import Desk, open_desk


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A new one for each test."""
    with open_desk() as fresh:
        yield fresh


@pytest.fixture
def channel() -> Iterator[ToldChannel]:
    """A new one for each test."""
    with told_channel() as running:
        yield running
