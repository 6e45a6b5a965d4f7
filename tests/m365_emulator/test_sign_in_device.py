"""Device code by plain HTTP: what the device hears while its person is slow, wrong, unwilling or done (RFC 8628)."""

import httpx
import pytest
from secure_emulator import Browser, SecureEmulator

from m365_emulator.odata import Json
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, PERSON_APP_ID

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def begin(secure: SecureEmulator, **changed: str) -> Json:
    """The answer to a device that wants to sign its person in."""
    form = {"client_id": PERSON_APP_ID, "scope": "openid offline_access User.Read"} | changed
    with secure.https_client() as client:
        return dict(client.post(f"{secure.endpoint}/devicecode", data=form).json())


def poll(secure: SecureEmulator, device: Json, **changed: str) -> httpx.Response:
    """Ask whether the person is done."""
    form = {"client_id": PERSON_APP_ID, "grant_type": DEVICE_GRANT, "device_code": device["device_code"]}
    return secure.ask_token(**(form | changed))


def error(reply: httpx.Response) -> str:
    """The OAuth word of a refusal."""
    assert reply.status_code == 400
    return str(reply.json()["error"])


def test_the_device_gets_what_it_has_to_show(secure: SecureEmulator) -> None:
    device = begin(secure)
    assert (device["expires_in"], device["interval"]) == (900, 5)
    assert device["verification_uri"] == f"{secure.https}/devicelogin"
    assert device["user_code"] in device["message"]
    assert len(device["user_code"]) == 9


def test_the_device_waits_and_is_told_when_it_asks_too_fast(secure: SecureEmulator) -> None:
    device = begin(secure)
    assert error(poll(secure, device)) == "authorization_pending"
    assert error(poll(secure, device)) == "slow_down"
    secure.control("switches", {"sign_in_device_interval": 0})
    quick = begin(secure)
    assert [error(poll(secure, quick)) for _ in range(2)] == ["authorization_pending"] * 2


def test_the_device_is_signed_in_once(secure: SecureEmulator, browser: Browser) -> None:
    device = begin(secure)
    typed = f"{device['user_code'][:4]}-{device['user_code'][4:].lower()}"
    browser.open(device["verification_uri"]).press("Next", code=typed).press("Ann")
    assert "You are signed in" in browser.text
    body = poll(secure, device).json()
    assert set(body) >= {"access_token", "id_token", "refresh_token"}
    assert poll(secure, device).json()["error_codes"] == [54005]


def test_the_short_name_of_the_grant_is_taken_too(secure: SecureEmulator) -> None:
    assert error(poll(secure, begin(secure), grant_type="device_code")) == "authorization_pending"


def test_the_address_with_the_code_fills_it_in(secure: SecureEmulator, browser: Browser) -> None:
    code = begin(secure)["user_code"]
    assert browser.open("/devicelogin", otc=code).forms[0].fields["code"] == code


def test_a_person_who_stops_declines(secure: SecureEmulator, browser: Browser) -> None:
    device = begin(secure)
    browser.open("/devicelogin").press("Next", code=device["user_code"]).press("Cancel")
    assert error(poll(secure, device)) == "authorization_declined"
    assert browser.open("/devicelogin").press("Next", code=device["user_code"]).page.status_code == 400


def test_consent_that_lacks_is_asked_on_the_page(secure: SecureEmulator, browser: Browser) -> None:
    device = begin(secure, scope="Calendars.Read")
    page = browser.open("/devicelogin").press("Next", code=device["user_code"]).press("Ann")
    assert "Calendars.Read" in page.text
    assert error(poll(secure, device)) == "authorization_pending"
    page.press("Accept")
    assert poll(secure, device).status_code == 200


def test_a_code_dies_after_a_quarter_of_an_hour(secure: SecureEmulator, browser: Browser) -> None:
    device = begin(secure)
    secure.control("clock", {"advance_seconds": 901})
    assert error(poll(secure, device)) == "expired_token"
    assert browser.open("/devicelogin").press("Next", code=device["user_code"]).page.status_code == 400


def test_a_code_lives_as_long_as_the_switch_says(secure: SecureEmulator) -> None:
    secure.control("switches", {"sign_in_device_seconds": 0})
    device = begin(secure)
    assert device["expires_in"] == 0
    assert error(poll(secure, device)) == "expired_token"


def test_a_made_up_code_is_refused_on_either_side(secure: SecureEmulator, browser: Browser) -> None:
    device = begin(secure)
    assert error(poll(secure, device, device_code="made-up")) == "bad_verification_code"
    page = browser.open("/devicelogin").press("Next", code="ZZZZZZZZZ")
    assert (page.page.status_code, "not known" in page.text) == (400, True)


def test_a_confidential_app_still_has_to_prove_itself(secure: SecureEmulator) -> None:
    device = begin(secure, client_id=DEFAULT_APP_ID)
    assert poll(secure, device, client_id=DEFAULT_APP_ID).json()["error_codes"] == [7000218]


@pytest.mark.parametrize(
    ("changed", "number"), [({"client_id": "stranger"}, 700016), ({"scope": ""}, 900144), ({"scope": "nope"}, 650053)]
)
def test_a_device_that_asks_wrongly_is_told_at_once(
    secure: SecureEmulator, changed: dict[str, str], number: int
) -> None:
    assert begin(secure, **changed)["error_codes"] == [number]


def test_a_disabled_account_cannot_finish(secure: SecureEmulator, browser: Browser) -> None:
    secure.control("seed", {"people": [{"upn": "ann@peakshire.example", "enabled": False}]})
    device = begin(secure)
    page = browser.open("/devicelogin").press("Next", code=device["user_code"]).press("ann@")
    assert (page.page.status_code, "AADSTS50057" in page.text) == (400, True)
    assert error(poll(secure, device)) == "authorization_pending"
