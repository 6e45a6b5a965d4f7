"""`desk`: Peakshire with meetings, on an empty store in memory at 08:30."""

from collections.abc import Iterator

import pytest

from tests.reporting.meeting_desk import MeetingDesk, open_meeting_desk


@pytest.fixture
def desk() -> Iterator[MeetingDesk]:
    """A new one for each test."""
    with open_meeting_desk() as fresh:
        yield fresh
