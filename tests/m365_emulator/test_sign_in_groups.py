"""Tokens that name the groups of a person, for apps whose registration asks for it."""

from typing import Any

import jwt
import pytest
from secure_emulator import Browser, SecureEmulator

from m365_emulator.sign_in.issue import MOST_GROUPS

APP = "6a1d3c0e-9f6a-4f0e-8a53-5a3a4f6f0b22"
BACK = "http://localhost/back"


def claims(secure: SecureEmulator, browser: Browser, membership: str) -> dict[str, Any]:
    """What Ann's id token says for an app with this registration."""
    secure.register(APP, secrets=["s"], redirect_uris=[BACK], group_membership_claims=membership)
    query = {"client_id": APP, "response_type": "code", "redirect_uri": BACK, "scope": "openid"}
    browser.open(f"{secure.endpoint}/authorize", **query).press("Ann Example")
    form = {"client_id": APP, "client_secret": "s", "redirect_uri": BACK, "code": browser.answer()["code"]}
    token = secure.ask_token(**form, grant_type="authorization_code").json()["id_token"]
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def join(secure: SecureEmulator, number: int) -> list[str]:
    """Puts Ann into so many groups; their ids."""
    groups = [{"mail_nickname": f"g{n}", "members": ["ann@peakshire.example"]} for n in range(number)]
    return list(secure.control("seed", {"groups": groups})["groups"].values())


@pytest.mark.parametrize(("membership", "named"), [("All", True), ("None", False)])
def test_a_token_names_a_persons_groups_where_the_app_asks_for_it(
    secure: SecureEmulator, browser: Browser, membership: str, named: bool
) -> None:
    ids = join(secure, 3)
    found = claims(secure, browser, membership)
    assert sorted(found.get("groups", [])) == (sorted(ids) if named else [])


@pytest.mark.parametrize("number", [MOST_GROUPS, MOST_GROUPS + 1])
def test_more_groups_than_a_token_holds_are_only_said_to_be_there(
    secure: SecureEmulator, browser: Browser, number: int
) -> None:
    join(secure, number)
    found = claims(secure, browser, "All")
    assert len(found.get("groups", [])) == (number if number <= MOST_GROUPS else 0)
    assert ("_claim_names" in found) is (number > MOST_GROUPS)
