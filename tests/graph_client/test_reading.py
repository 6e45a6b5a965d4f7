"""Members that are absent, null or of another kind."""

from datetime import UTC, datetime

import pytest

from graph_client.errors import Rejected
from graph_client.reading import etag, flag, maybe_text, moment, objects, text, whole_number


def test_what_may_be_absent_is_none_or_its_default() -> None:
    for of in ({}, {"m": None}):
        assert maybe_text(of, "m", "deeper") is None
        assert flag(of, "m") is None
        assert moment(of, "m") is None
        assert objects(of, "m") == {}
        assert whole_number(of, "m", 5) == 5


def test_what_must_be_there_is_named_when_it_is_not() -> None:
    with pytest.raises(Rejected, match="member title"):
        text({}, "title")
    with pytest.raises(Rejected, match=r"odata\.etag"):
        etag({})


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-01-31T10:11:12.1234567Z", datetime(2026, 1, 31, 10, 11, 12, 123456, tzinfo=UTC)),
        ("2026-01-31T10:11:12Z", datetime(2026, 1, 31, 10, 11, 12, tzinfo=UTC)),
        ("2026-06-30T11:11:12+01:00", datetime(2026, 6, 30, 10, 11, 12, tzinfo=UTC)),
        ("2026-01-31T10:11:12", datetime(2026, 1, 31, 10, 11, 12, tzinfo=UTC)),
    ],
)
def test_times_are_read_as_utc_however_they_are_written(written: str, read: datetime) -> None:
    at = moment({"at": written}, "at")
    assert at == read
    assert at is not None
    assert at.tzinfo is UTC


def test_an_error_never_holds_the_value_that_was_wrong() -> None:
    with pytest.raises(Rejected) as caught:
        moment({"at": "Ann Example"}, "at")
    assert "Ann" not in str(caught.value)
