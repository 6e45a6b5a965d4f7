"""A token that the tenant did not sign, or not for Graph, or not for now, is Graph's 401 and never a 500."""

import time
from typing import Any

import jwt
import pytest
from emulator_server import RunningEmulator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from secure_emulator import key_and_certificate

from m365_emulator.sign_in.tokens import GRAPH_AUDIENCE


def own(emulator: RunningEmulator, **changed: Any) -> str:
    """A token under the tenant's own key; a claim that is None is left out."""
    now = int(time.time())
    tokens = emulator.tenant.tokens
    claims = {
        "aud": GRAPH_AUDIENCE,
        "iss": tokens.issuer,
        "tid": emulator.tenant.tenant_id,
        "appid": "app",
        "oid": "app",
        "roles": ["Group.Read.All"],
        "nbf": now - 5,
        "exp": now + 600,
    }
    return tokens.keys.sign({k: v for k, v in (claims | changed).items() if v is not None})


def groups(emulator: RunningEmulator, authorization: str) -> Any:
    """GET /groups with this Authorization header."""
    with emulator.client("x") as client:
        return client.get("/groups", headers={"Authorization": authorization})


def refused(reply: Any) -> bool:
    """Is it Graph's 401 with its challenge?"""
    error = reply.json()["error"]
    inner = {"date", "request-id", "client-request-id"}
    return (
        reply.status_code == 401
        and error["code"] == "InvalidAuthenticationToken"
        and set(error["innerError"]) == inner
        and reply.headers["www-authenticate"].startswith("Bearer ")
    )


def test_the_token_that_the_others_are_made_from_is_good(emulator: RunningEmulator) -> None:
    assert groups(emulator, f"Bearer {own(emulator)}").status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://vault.azure.net"},
        {"aud": None},
        {"iss": "https://sts.windows.net/another/"},
        {"iss": None},
        {"tid": "another"},
        {"tid": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"exp": 1e400},
        {"nbf": 4102444800},
        {"appid": None},
        {"appid": 7},
        {"scp": "Group.Read.All", "oid": None},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused(emulator: RunningEmulator, changed: dict[str, Any]) -> None:
    assert refused(groups(emulator, f"Bearer {own(emulator, **changed)}"))


@pytest.mark.parametrize("roles", [7, {"a": 1}, "Group.Read.All"])
def test_roles_that_are_no_list_open_nothing(emulator: RunningEmulator, roles: Any) -> None:
    assert groups(emulator, f"Bearer {own(emulator, roles=roles)}").status_code == 403


def test_a_token_under_another_key_is_refused_whatever_it_says_of_its_key(emulator: RunningEmulator) -> None:
    good = own(emulator)
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = jwt.get_unverified_header(good)["kid"]
    private, _ = key_and_certificate("forger")
    for headers in ({"kid": kid}, {"kid": "other"}, {}, {"kid": kid, "x5c": ["AAAA"]}):
        assert refused(groups(emulator, "Bearer " + jwt.encode(claims, private, algorithm="RS256", headers=headers)))


def test_no_signature_and_other_algorithms_are_refused(emulator: RunningEmulator) -> None:
    good = own(emulator)
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = {"kid": jwt.get_unverified_header(good)["kid"]}
    unsigned = jwt.encode(claims, None, algorithm="none", headers=kid)
    symmetric = jwt.encode(claims, "a-secret-of-at-least-thirty-two-bytes!", algorithm="HS256", headers=kid)
    private, _ = key_and_certificate("forger")
    for forged in (unsigned, symmetric, jwt.encode(claims, private, algorithm="PS256", headers=kid), good[:-8]):
        assert refused(groups(emulator, f"Bearer {forged}"))


def test_a_token_for_the_tenants_own_app_opens_nothing_on_graph(emulator: RunningEmulator) -> None:
    claims = {"oid": "x", "scp": "Group.Read.All", "azp": "app"}
    forged = emulator.tenant.tokens.token_for(emulator.url, "app", claims, 600)
    assert refused(groups(emulator, f"Bearer {forged}"))


def test_a_token_read_before_is_refused_once_it_has_expired(emulator: RunningEmulator) -> None:
    token = own(emulator, exp=int(time.time()) + 2)
    assert groups(emulator, f"Bearer {token}").status_code == 200
    deadline = time.monotonic() + 5
    while (last := groups(emulator, f"Bearer {token}")).status_code == 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert refused(last)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.strip),
        st.lists(st.text("abcXYZ019-_=", max_size=12), min_size=2, max_size=5).map(lambda p: "Bearer " + ".".join(p)),
        st.dictionaries(
            st.sampled_from(["alg", "kid", "typ", "crit", "b64"]), st.sampled_from([None, 1, "RS256", []])
        ).map(lambda h: "Bearer " + jwt.utils.base64url_encode(str(h).replace("'", '"').encode()).decode() + ".e30.AA"),
    )
)
def test_no_authorization_header_makes_a_500(emulator: RunningEmulator, header: str) -> None:
    assert refused(groups(emulator, header))
