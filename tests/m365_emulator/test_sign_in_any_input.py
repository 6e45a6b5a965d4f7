"""Whatever is sent to sign-in, the answer is an answer: a page, a redirect or Entra's error, and never a 500."""

from collections.abc import Iterator

import httpx
import pytest
from emulator_server import plain_client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from secure_emulator import CALLBACK, GRAPH, SecureEmulator

from m365_emulator.sign_in.apps import DEFAULT_APP_SECRET
from m365_emulator.sign_in.grants import GRANTS
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, PERSON_APP_ID

NOW_AND_THEN = st.text(max_size=12)
KNOWN = {
    "client_id": [DEFAULT_APP_ID, PERSON_APP_ID],
    "client_secret": [DEFAULT_APP_SECRET, "wrong"],
    "client_assertion_type": ["urn:ietf:params:oauth:client-assertion-type:jwt-bearer"],
    "client_assertion": ["a.b.c", "e30.e30.AA"],
    "grant_type": list(GRANTS),
    "scope": [f"{GRAPH}/.default", "openid User.Read", f"api://{DEFAULT_APP_ID}/access_as_user", "a/b c/d", "http://["],
    "redirect_uri": [CALLBACK, "http://[", "//", "http://localhost:99999999/"],
    "post_logout_redirect_uri": [CALLBACK, "http://[", "javascript:alert(1)"],
    "response_type": ["code", "id_token", "code id_token", "token"],
    "response_mode": ["query", "fragment", "form_post"],
    "prompt": ["none", "login", "consent", "select_account"],
    "code_challenge": ["c" * 43],
    "code_challenge_method": ["S256", "plain"],
    "requested_token_use": ["on_behalf_of"],
    "user": ["ann@peakshire.example", "nobody"],
    "answer": ["accept", "cancel"],
    "state": ["é\r\nX: y"],
    "code": ["BCDFGHJKL"],
    "assertion": ["a.b.c"],
    "device_code": ["D"],
    "refresh_token": ["R"],
    "login_hint": ["ann@peakshire.example"],
    "nonce": ["n"],
    "find": ["a"],
}
FORMS = st.fixed_dictionaries(
    {}, optional={name: st.one_of(st.sampled_from(values), NOW_AND_THEN) for name, values in KNOWN.items()}
)
ENDPOINT = "/common/oauth2/v2.0"
POSTS = (f"{ENDPOINT}/token", f"{ENDPOINT}/authorize", f"{ENDPOINT}/devicecode", f"{ENDPOINT}/logout")
GETS = (f"{ENDPOINT}/authorize", f"{ENDPOINT}/logout", "/devicelogin", "/oidc/userinfo", "/common/discovery/instance")


@pytest.fixture
def client(secure: SecureEmulator) -> Iterator[httpx.Client]:
    """One connection, kept; cookies stay from call to call."""
    with plain_client(secure.url) as opened:
        yield opened


def is_an_answer(reply: httpx.Response) -> bool:
    """A page or redirect, or an error that says its word."""
    if reply.status_code >= 400 and reply.headers["content-type"].startswith("application/json"):
        return "error" in reply.json()
    return reply.status_code < 500


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([*POSTS, "/common/login", "/devicelogin"]), FORMS)
@example(f"{ENDPOINT}/authorize", {"client_id": DEFAULT_APP_ID, "redirect_uri": "http://["})
@example(f"{ENDPOINT}/logout", {"post_logout_redirect_uri": "http://["})
def test_any_form_is_answered(client: httpx.Client, path: str, form: dict[str, str]) -> None:
    assert is_an_answer(client.post(path, data=form))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(GETS), FORMS)
def test_any_query_is_answered(client: httpx.Client, path: str, query: dict[str, str]) -> None:
    assert is_an_answer(client.get(path, params=query))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(POSTS),
    st.binary(max_size=80),
    st.sampled_from(
        ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "multipart/form-data", "x"]
    ),
    st.sampled_from(["", "Basic", "Basic AAAA", "Basic /w==", "Basic Og==", "Bearer a.b.c"]),
)
def test_any_body_is_answered(client: httpx.Client, path: str, body: bytes, kind: str, authorization: str) -> None:
    headers = {"Content-Type": kind} | ({"Authorization": authorization} if authorization else {})
    assert is_an_answer(client.post(path, content=body, headers=headers))
