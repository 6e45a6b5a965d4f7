"""What each answer means for what to do next."""

import pytest

from graph_client.errors import (
    STATUS_MEANINGS,
    Conflict,
    Gone,
    GraphError,
    NotPermitted,
    Rejected,
    ResyncRequired,
    RetryLater,
    error_from_answer,
)


def error(status: int, code: str = "", *, is_write: bool = False, headers: dict[str, str] | None = None) -> GraphError:
    body = {"error": {"code": code, "message": "Ann Example may not see case 42"}}
    return error_from_answer("PATCH /x", status=status, headers=headers or {}, body=body, is_write=is_write)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, NotPermitted),
        (403, NotPermitted),
        (404, Gone),
        (405, Rejected),
        (409, Conflict),
        (410, ResyncRequired),
        (412, Conflict),
        (413, Rejected),
        (415, Rejected),
        (422, Rejected),
        (423, RetryLater),
        (429, RetryLater),
        (500, RetryLater),
        (502, RetryLater),
        (503, RetryLater),
        (504, RetryLater),
        (507, Rejected),
        (599, RetryLater),
        (302, Rejected),
    ],
)
def test_each_status_is_grouped_by_what_to_do_next(status: int, kind: type[GraphError]) -> None:
    assert type(error(status)) is kind


def test_a_403_with_a_limit_code_is_a_full_plan_and_not_a_missing_permission() -> None:
    full = error(403, "MaximumActiveTasksInProject", is_write=True)
    assert isinstance(full, Rejected)
    assert full.limit == "MaximumActiveTasksInProject"
    assert isinstance(error(403, "Authorization_RequestDenied"), NotPermitted)


def test_a_rejection_for_another_reason_names_no_limit() -> None:
    refused = error(400, "BadRequest")
    assert isinstance(refused, Rejected)
    assert refused.limit is None


def test_only_a_refused_etag_is_a_stale_version() -> None:
    stale, clash = error(412), error(409)
    assert isinstance(stale, Conflict)
    assert isinstance(clash, Conflict)
    assert (stale.stale_version, clash.stale_version) == (True, False)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599])
def test_a_write_that_a_gateway_answered_may_have_happened(status: int) -> None:
    assert error(status, is_write=True).uncertain
    assert not error(status, is_write=False).uncertain


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 412, 413, 423, 429, 501, 507])
def test_a_write_that_was_refused_did_not_happen(status: int) -> None:
    assert not error(status, is_write=True).uncertain


def test_no_status_of_the_table_lacks_a_retry_when_it_may_have_happened() -> None:
    doubtful = {status for status, meaning in STATUS_MEANINGS.items() if meaning.may_have_happened}
    assert all(STATUS_MEANINGS[status].error is RetryLater for status in doubtful)


def test_the_wait_that_graph_asks_for_comes_with_the_error() -> None:
    later = error(429, "TooManyRequests", headers={"retry-after": "2.128"})
    assert isinstance(later, RetryLater)
    assert later.after_seconds == pytest.approx(2.128)


def test_a_resync_names_where_to_start_again() -> None:
    resync = error(410, "resyncChangesApplyDifferences", headers={"location": "https://graph/x"})
    assert isinstance(resync, ResyncRequired)
    assert resync.location == "https://graph/x"


def test_the_text_holds_the_facts_for_support_and_nothing_of_the_body() -> None:
    told = str(error(400, "BadRequest", headers={"request-id": "8f0a"}))
    assert "status 400" in told
    assert "code BadRequest" in told
    assert "request 8f0a" in told
    assert "Ann" not in told
    assert "42" not in told


@pytest.mark.parametrize("code", ["Ann Example", "x" * 200, "a\nb", "a<b>"])
def test_a_code_that_is_no_code_stays_out_of_the_text(code: str) -> None:
    refused = error(400, code)
    assert refused.code == ""
    assert code not in str(refused)


@pytest.mark.parametrize("body", [None, "text", [], {"error": "text"}, {"error": {"code": 5}}])
def test_a_body_without_an_envelope_has_no_code(body: object) -> None:
    refused = error_from_answer("GET /x", status=400, headers={}, body=body, is_write=False)
    assert refused.code == ""
