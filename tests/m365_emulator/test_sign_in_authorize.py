"""The authorize page as a browser sees it: who may be chosen, what is asked, and how the app gets its answer."""

from typing import Any

import jwt
import pytest
from secure_emulator import CALLBACK, Browser, SecureEmulator

from m365_emulator.sign_in.apps import DEFAULT_APP_SECRET
from m365_emulator.sign_in.grants import challenge_of
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID

VERIFIER = "v" * 64
ASK = {
    "client_id": DEFAULT_APP_ID,
    "response_type": "code",
    "redirect_uri": CALLBACK,
    "scope": "openid profile User.Read",
    "state": "a state & more",
}


def ask(secure: SecureEmulator, browser: Browser, **changed: str) -> Browser:
    """Open the authorize page with the usual parameters, some changed or, when '', left out."""
    given = {name: value for name, value in (ASK | changed).items() if value}
    return browser.open(f"{secure.endpoint}/authorize", **given)


def redeem(secure: SecureEmulator, code: str, **more: str) -> dict[str, Any]:
    """The token endpoint's answer for a code."""
    form = {"client_id": DEFAULT_APP_ID, "client_secret": DEFAULT_APP_SECRET, "grant_type": "authorization_code"}
    return dict(secure.ask_token(**form, code=code, **({"redirect_uri": CALLBACK} | more)).json())


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_the_page_names_the_app_and_offers_everyone_in_the_directory(secure: SecureEmulator, browser: Browser) -> None:
    page = ask(secure, browser)
    assert page.page.status_code == 200
    assert "Peakshire tasking" in page.text
    labels = [label for form in page.forms for label in form.buttons]
    assert [label.split()[0] for label in labels] == ["Ann", "Ben", "Cas", "Cancel"]


def test_a_chosen_person_sends_the_app_a_code_and_its_own_state(secure: SecureEmulator, browser: Browser) -> None:
    ask(secure, browser).press("Ann")
    assert browser.page.headers["location"].startswith(f"{CALLBACK}?")
    assert browser.answer()["state"] == "a state & more"
    assert claims(redeem(secure, browser.answer()["code"])["id_token"])["name"] == "Ann Example"


@pytest.mark.parametrize(("mode", "begins"), [("query", f"{CALLBACK}?"), ("fragment", f"{CALLBACK}#")])
def test_the_answer_travels_in_the_mode_asked_for(
    secure: SecureEmulator, browser: Browser, mode: str, begins: str
) -> None:
    ask(secure, browser, response_mode=mode).press("Ann")
    assert browser.page.headers["location"].startswith(begins)
    assert set(browser.answer()) == {"code", "state"}


def test_form_post_is_a_page_that_works_without_scripts(secure: SecureEmulator, browser: Browser) -> None:
    ask(secure, browser, response_mode="form_post").press("Ann")
    assert browser.page.status_code == 200
    assert browser.forms[0].action == CALLBACK
    assert "Go on" in browser.forms[0].buttons
    assert set(browser.answer()) == {"code", "state"}


def test_whoever_is_signed_in_is_not_asked_again(secure: SecureEmulator, browser: Browser) -> None:
    ask(secure, browser).press("Ann")
    assert ask(secure, browser).page.status_code == 302
    assert claims(redeem(secure, browser.answer()["code"])["id_token"])["name"] == "Ann Example"


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_an_app_may_have_the_person_asked_again(secure: SecureEmulator, browser: Browser, prompt: str) -> None:
    ask(secure, browser).press("Ann")
    ask(secure, browser, prompt=prompt).press("Ben")
    assert claims(redeem(secure, browser.answer()["code"])["id_token"])["name"] == "Ben Example"


def test_prompt_none_never_shows_a_page(secure: SecureEmulator, browser: Browser) -> None:
    assert ask(secure, browser, prompt="none").answer()["error"] == "login_required"
    ask(secure, browser).press("Ann")
    assert "code" in ask(secure, browser, prompt="none").answer()
    hinted = ask(secure, browser, prompt="none", login_hint="ben@peakshire.example").answer()
    assert hinted["error"] == "login_required"
    lacking = ask(secure, browser, prompt="none", scope="Calendars.Read").answer()
    assert lacking["error"] == "consent_required"


def test_a_login_hint_puts_that_person_first(secure: SecureEmulator, browser: Browser) -> None:
    page = ask(secure, browser, login_hint="cas@peakshire.example")
    assert next(iter(page.forms[0].buttons)).startswith("Cas")
    page.press("Cas")
    assert ask(secure, browser, login_hint="ann@peakshire.example").page.status_code == 200


def test_the_nonce_comes_back_in_the_id_token(secure: SecureEmulator, browser: Browser) -> None:
    ask(secure, browser, nonce="n-1").press("Ann")
    assert claims(redeem(secure, browser.answer()["code"])["id_token"])["nonce"] == "n-1"


def test_a_scope_nobody_consented_to_is_asked_for_once(secure: SecureEmulator, browser: Browser) -> None:
    page = ask(secure, browser, scope="openid Calendars.Read").press("Ann")
    assert "Calendars.Read" in page.text
    page.press("Accept")
    token = redeem(secure, browser.answer()["code"])["access_token"]
    assert "Calendars.Read" in claims(token)["scp"].split()
    assert "code" in ask(secure, browser, scope="openid Calendars.Read").answer()


def test_a_person_who_declines_gives_nothing(secure: SecureEmulator, browser: Browser) -> None:
    answer = ask(secure, browser, scope="Calendars.Read").press("Ann").press("Cancel").answer()
    assert (answer["error"], answer["error_subcode"], answer["state"]) == ("access_denied", "cancel", ASK["state"])
    assert "code" not in answer


@pytest.mark.parametrize(("switch", "asked"), [("allow", True), ("refuse", False)])
def test_people_may_be_kept_from_consenting(secure: SecureEmulator, browser: Browser, switch: str, asked: bool) -> None:
    secure.control("switches", {"sign_in_person_consent": switch})
    page = ask(secure, browser, scope="Calendars.Read").press("Ann")
    if asked:
        assert "Accept" in page.forms[-1].buttons
    else:
        assert "AADSTS90094" in page.answer()["error_description"]


def test_a_disabled_account_is_refused_on_the_page(secure: SecureEmulator, browser: Browser) -> None:
    secure.control("seed", {"people": [{"upn": "ann@peakshire.example", "enabled": False}]})
    page = ask(secure, browser).press("ann@peakshire.example")
    assert page.page.status_code == 400
    assert "AADSTS50057" in page.text


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"client_id": "stranger"}, "AADSTS700016"),
        ({"client_id": ""}, "AADSTS900144"),
        ({"redirect_uri": "https://elsewhere.example/callback"}, "AADSTS50011"),
        ({"redirect_uri": "http://localhost/other"}, "AADSTS50011"),
    ],
)
def test_an_unknown_app_or_address_ends_on_a_page_and_never_redirects(
    secure: SecureEmulator, browser: Browser, changed: dict[str, str], number: str
) -> None:
    page = ask(secure, browser, **changed)
    assert page.page.status_code == 400
    assert number in page.text


@pytest.mark.parametrize(
    ("changed", "error", "number"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 700051),
        ({"response_type": "id_token", "nonce": "n"}, "unsupported_response_type", 700054),
        ({"scope": ""}, "invalid_request", 900144),
        ({"scope": "openid notAScope"}, "invalid_scope", 650053),
        ({"scope": "https://vault.azure.net/.default"}, "invalid_resource", 500011),
        ({"response_mode": "pigeon"}, "invalid_request", 90023),
        ({"prompt": "perhaps"}, "invalid_request", 90023),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request", 50147),
        ({"code_challenge": "c" * 43, "code_challenge_method": "S512"}, "invalid_request", 50149),
    ],
)
def test_a_wrong_request_is_told_to_the_app_with_its_state(
    secure: SecureEmulator, browser: Browser, changed: dict[str, str], error: str, number: int
) -> None:
    answer = ask(secure, browser, **changed).answer()
    assert (answer["error"], answer["state"]) == (error, ASK["state"])
    assert answer["error_description"].startswith(f"AADSTS{number}: ")


@pytest.mark.parametrize(
    ("verifier", "number"), [(VERIFIER, None), ("w" * 64, 501481), ("", 50148)], ids=["right", "wrong", "none"]
)
def test_a_code_with_a_challenge_wants_its_verifier(
    secure: SecureEmulator, browser: Browser, verifier: str, number: int | None
) -> None:
    challenge = challenge_of(VERIFIER, "S256")
    ask(secure, browser, code_challenge=challenge, code_challenge_method="S256").press("Ann")
    got = redeem(secure, browser.answer()["code"], code_verifier=verifier)
    assert got.get("error_codes", [None])[0] == number
    assert ("access_token" in got) == (number is None)


@pytest.mark.parametrize("switch", ["refuse", "accept"])
def test_a_plain_challenge_is_refused_unless_the_switch_says_otherwise(
    secure: SecureEmulator, browser: Browser, switch: str
) -> None:
    secure.control("switches", {"sign_in_pkce_plain": switch})
    page = ask(secure, browser, code_challenge=VERIFIER, code_challenge_method="plain")
    if switch == "refuse":
        assert "AADSTS50149" in page.answer()["error_description"]
    else:
        assert "access_token" in redeem(secure, page.press("Ann").answer()["code"], code_verifier=VERIFIER)


def test_an_app_allowed_to_gets_its_id_token_at_once(secure: SecureEmulator, browser: Browser) -> None:
    secure.register(DEFAULT_APP_ID, id_token_from_authorize=True)
    ask(secure, browser, response_type="code id_token", nonce="n-2", response_mode="form_post").press("Ann")
    said = claims(browser.answer()["id_token"])
    assert (said["aud"], said["nonce"], said["iss"]) == (DEFAULT_APP_ID, "n-2", f"{secure.authority}/v2.0")
    assert "access_token" in redeem(secure, browser.answer()["code"])
    without = ask(secure, browser, response_type="id_token").answer()
    assert without["error_description"].startswith("AADSTS90014")


def test_people_are_found_by_name_in_a_large_directory(secure: SecureEmulator, browser: Browser) -> None:
    crowd = [{"upn": f"pc{n}@peakshire.example", "display_name": f"Officer {n}"} for n in range(100)]
    secure.control("seed", {"people": crowd})
    page = ask(secure, browser)
    assert "43 more" in page.text
    page.press("Find", find="officer 97").press("Officer 97")
    assert claims(redeem(secure, browser.answer()["code"])["id_token"])["preferred_username"].startswith("pc97@")


def test_signing_out_ends_the_session_and_goes_back_to_a_known_address_only(
    secure: SecureEmulator, browser: Browser
) -> None:
    ask(secure, browser).press("Ann")
    away = browser.open(f"{secure.endpoint}/logout", post_logout_redirect_uri=CALLBACK, state="s")
    assert away.page.headers["location"] == f"{CALLBACK}?state=s"
    assert ask(secure, browser, prompt="none").answer()["error"] == "login_required"
    stays = browser.open(f"{secure.endpoint}/logout", post_logout_redirect_uri="https://elsewhere.example/")
    assert (stays.page.status_code, "You signed out" in stays.text) == (200, True)
