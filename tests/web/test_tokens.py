"""Teams' token for the tab: a good one opens a session, and nothing else does."""

import asyncio
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tab_world import TAB_ID, URL, World

from m365_emulator.sign_in.tokens import TokenIssuer
from web.tokens import KEYS_SECONDS, LEAST_SECONDS_BETWEEN, TokenRefused, TokenVerifier

OTHER_TENANT = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def ann(world: World) -> str:
    """A tasking officer."""
    return world.person("ann", "TaskingOfficer.HP")


def good_claims(world: World, upn: str) -> dict[str, Any]:
    """Claims of a token as Entra gives it to Teams for the tab."""
    now = int(time.time())
    return {
        "aud": TAB_ID,
        "iss": f"{world.secure.https}/{world.secure.tenant.tenant_id}/v2.0",
        "tid": world.secure.tenant.tenant_id,
        "oid": world.ids[upn],
        "preferred_username": upn,
        "name": "Ann",
        "roles": ["TaskingOfficer.HP"],
        "scp": "access_as_user",
        "iat": now,
        "nbf": now,
        "exp": now + 600,
    }


def signed(world: World, claims: dict[str, Any]) -> str:
    """A token that the tenant's own key has signed."""
    return str(world.secure.tenant.tokens.keys.sign(claims))


def sso(world: World, token: str) -> httpx.Response:
    return world.stranger().post("/sso", Authorization=f"Bearer {token}")


def test_the_token_that_teams_gets_opens_a_session_without_a_page(world: World, ann: str) -> None:
    visitor = world.stranger()
    answer = visitor.post("/sso?theme=dark", Authorization=f"Bearer {world.sso_token(ann)}")
    assert answer.status_code == 200, answer.text
    page = visitor.get("/").text
    assert "Tasking officer" in page
    assert 'data-theme="dark"' in page


def test_claims_as_entra_gives_them_are_taken(world: World, ann: str) -> None:
    assert sso(world, signed(world, good_claims(world, ann))).status_code == 200
    assert sso(world, signed(world, good_claims(world, ann) | {"aud": f"api://{TAB_ID}"})).status_code == 200


BAD: dict[str, dict[str, Any]] = {
    "expired": {"exp": int(time.time()) - 120},
    "not yet": {"nbf": int(time.time()) + 7200},
    "for somebody else": {"aud": "00000003-0000-0000-c000-000000000000"},
    "from another issuer": {"iss": f"https://login.microsoftonline.com/{OTHER_TENANT}/v2.0"},
    "of another tenant": {"tid": OTHER_TENANT},
    "with another scope": {"scp": "other_things"},
    "without a role": {"roles": []},
    "with a role of no list": {"roles": {"Chair": 1}},
    "of nobody": {"oid": None},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD.keys())
def test_a_token_that_is_not_right_in_one_thing_opens_nothing(world: World, ann: str, changes: dict[str, Any]) -> None:
    claims = {name: value for name, value in (good_claims(world, ann) | changes).items() if value is not None}
    answer = sso(world, signed(world, claims))
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_forged_token_opens_nothing(world: World, ann: str) -> None:
    claims = good_claims(world, ann)
    known = jwt.get_unverified_header(signed(world, claims))["kid"]
    own = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = world.secure.tenant.tokens.keys.public(known)
    forged = [
        jwt.encode(claims, own, "RS256", headers={"kid": known}),
        jwt.encode(claims, own, "RS256", headers={"kid": "of-mine"}),
        jwt.encode(claims, own, "RS256"),
        jwt.encode(claims, "", "none", headers={"kid": known}),
        jwt.encode(claims, str(public)[:40].encode() * 2, "HS256", headers={"kid": known}),
        TokenIssuer(OTHER_TENANT).token_for(world.secure.https, TAB_ID, claims, 600),
        signed(world, claims)[:-8] + "AAAAAAAA",
        "no.token.atall",
        "",
    ]
    assert [sso(world, token).status_code for token in forged] == [401] * len(forged)


def test_an_id_token_is_no_token_of_the_tab(world: World, ann: str) -> None:
    claims = {name: value for name, value in good_claims(world, ann).items() if name != "scp"}
    assert sso(world, signed(world, claims)).status_code == 401


def test_an_account_in_too_many_groups_is_told_what_to_mend(world: World, ann: str) -> None:
    claims = good_claims(world, ann) | {"_claim_names": {"groups": "src1"}}
    answer = sso(world, signed(world, claims))
    assert answer.status_code == 401
    assert "more groups than a token can name" in answer.json()["title"]


def test_a_new_key_of_the_tenant_is_found_and_a_forgotten_one_is_not_believed(world: World, ann: str) -> None:
    seconds = [0.0]
    told = world.service.settings
    verifier = TokenVerifier(told.tab_authority, TAB_ID, f"api://{TAB_ID}", told.tab_ca_file, lambda: seconds[0])

    def read(token: str) -> bool:
        try:
            asyncio.run(verifier.of_the_tab(token))
        except TokenRefused:
            return False
        return True

    old = signed(world, good_claims(world, ann))
    assert read(old)
    world.secure.control("sign_in/rotate_key", {"forget_old": True})
    new = signed(world, good_claims(world, ann))
    assert not read(new), "keys are not asked for again at once, whoever makes up names of keys"
    seconds[0] += LEAST_SECONDS_BETWEEN + 1
    assert read(new)
    assert not read(old)
    world.secure.control("sign_in/rotate_key", {"forget_old": True})
    seconds[0] += KEYS_SECONDS + 1
    assert not read(new), "once a day the keys are asked for anew"


def test_while_entra_does_not_answer_people_are_told_to_try_again(world: World, ann: str) -> None:
    with world.at(URL, tab_authority="https://localhost:9/tenant") as away:
        assert sso(away, world.sso_token(ann)).status_code == 503
        page = away.stranger().get("/sign-in/start")
    assert page.status_code == 503
    assert "does not answer" in page.text
