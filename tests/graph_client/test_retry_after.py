"""Retry-After in every form that Graph uses."""

import pytest

from graph_client.retry_after import retry_after_seconds


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("10", 10.0), ("2.128", 2.128), ("0", 0.0), ("-3", 0.0), (" 7 ", 7.0)],
)
def test_seconds_may_be_whole_or_fractional_and_are_never_negative(header: str, seconds: float) -> None:
    assert retry_after_seconds({"retry-after": header}) == pytest.approx(seconds)


def test_a_date_is_measured_against_the_date_of_the_answer_and_not_against_our_clock() -> None:
    headers = {"retry-after": "Fri, 31 Jan 2020 10:00:30 GMT", "date": "Fri, 31 Jan 2020 10:00:00 GMT"}
    assert retry_after_seconds(headers) == pytest.approx(30.0)


def test_a_date_that_has_passed_means_now() -> None:
    assert retry_after_seconds({"retry-after": "Fri, 31 Jan 2020 10:00:30 GMT"}) == 0.0


@pytest.mark.parametrize("header", ["", "soon", "nan", "inf", "Fri, 99 Jan 2020"])
def test_what_cannot_be_read_names_no_wait(header: str) -> None:
    assert retry_after_seconds({"retry-after": header}) is None


def test_without_the_header_no_wait_is_named() -> None:
    assert retry_after_seconds({}) is None
