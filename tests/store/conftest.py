"""`desk`: Peakshire's record in an empty store in memory, with a clock to set; `connection`: a transaction on it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from tests.peakshire import Desk, open_desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A new one for each test."""
    with open_desk() as fresh:
        yield fresh


@pytest.fixture
def connection(desk: Desk) -> Iterator[Connection]:
    """A transaction on the empty store."""
    with desk.store.open() as opened:
        yield opened
