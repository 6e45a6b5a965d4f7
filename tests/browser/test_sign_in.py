"""A person signs in in headless Chromium over https, by mouse and by keyboard alone, on a phone's width."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from secure_emulator import CALLBACK, SecureEmulator, secure_emulator

from m365_emulator.sign_in.apps import DEFAULT_APP_SECRET
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, PERSON_APP_ID

ASK = f"client_id={DEFAULT_APP_ID}&response_type=code&redirect_uri={CALLBACK}&scope=openid%20User.Read"


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    """An emulator over https with Ann and Ben in its directory."""
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        for name in ("Ann", "Ben"):
            running.tenant.directory.add_user(f"{name.lower()}@peakshire.example", f"{name} Example", datetime.now(UTC))
        yield running


@pytest.fixture
def page(open_page: Callable[..., Any]) -> Any:
    """A page as wide as a phone; an app's address answers that it was reached."""
    opened = open_page(320, 700, ignore_https_errors=True)
    opened.route(f"{CALLBACK}**", lambda route: route.fulfill(body="<h1>the app</h1>", content_type="text/html"))
    return opened


def has_no_sideways_scroll(page: Any) -> bool:
    """Does the page fit the phone?"""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_a_person_chooses_themselves_and_the_app_gets_a_code(secure: SecureEmulator, page: Any, mode: str) -> None:
    page.goto(f"{secure.endpoint}/authorize?{ASK}&response_mode={mode}")
    assert has_no_sideways_scroll(page)
    with page.expect_request(f"{CALLBACK}**") as caught:
        page.get_by_role("button", name="Ann Example").click()
    sent = caught.value.url.partition("?")[2] if mode == "query" else caught.value.post_data
    code = dict(pair.split("=") for pair in sent.split("&"))["code"]
    form = {"client_id": DEFAULT_APP_ID, "client_secret": DEFAULT_APP_SECRET, "redirect_uri": CALLBACK, "code": code}
    token = secure.ask_token(**form, grant_type="authorization_code").json()["access_token"]
    assert secure.graph(token, "/me").json()["displayName"] == "Ann Example"


def test_the_code_of_a_device_is_entered_by_keyboard_alone(secure: SecureEmulator, page: Any) -> None:
    with secure.https_client() as client:
        form = {"client_id": PERSON_APP_ID, "scope": "User.Read"}
        device = client.post(f"{secure.endpoint}/devicecode", data=form).json()
    page.goto(device["verification_uri"])
    page.get_by_label("Code that your device shows").focus()
    page.keyboard.type(device["user_code"])
    page.keyboard.press("Enter")
    chosen = page.get_by_role("button", name="Ben Example")
    chosen.wait_for()
    for _ in range(20):
        page.keyboard.press("Tab")
        if chosen.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="You are signed in").wait_for()
    assert has_no_sideways_scroll(page)
    poll = {"client_id": PERSON_APP_ID, "grant_type": "device_code", "device_code": device["device_code"]}
    assert secure.graph(secure.ask_token(**poll).json()["access_token"], "/me").json()["displayName"] == "Ben Example"
