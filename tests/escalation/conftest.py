"""`desk`: Peakshire's record in an empty store in memory, with a clock to set."""

from collections.abc import Iterator

import pytest

from tests.peakshire import Desk, open_desk


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A new one for each test."""
    with open_desk() as fresh:
        yield fresh
