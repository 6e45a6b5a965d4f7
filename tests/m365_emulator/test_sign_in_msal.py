"""Unmodified msal signs in over https with the local authority: every flow that an app of ours may use."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from msal import ConfidentialClientApplication, PublicClientApplication
from secure_emulator import CALLBACK, GRAPH, Browser, SecureEmulator, key_and_certificate

from m365_emulator.sign_in.apps import DEFAULT_APP_SECRET
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, PERSON_APP_ID

Make = Callable[..., Any]


def said(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


@pytest.fixture
def make(secure: SecureEmulator) -> Iterator[Make]:
    """Makes msal's applications against the emulator; their connections are closed at the end."""
    with requests.Session() as session:
        session.verify = str(secure.ca)

        def made(kind: Any = ConfidentialClientApplication, **options: Any) -> Any:
            given = {"client_id": DEFAULT_APP_ID, "authority": secure.authority, "instance_discovery": False}
            if kind is ConfidentialClientApplication:
                given["client_credential"] = DEFAULT_APP_SECRET
            return kind(http_client=session, **(given | options))

        yield made


def test_a_client_secret_gives_a_token_that_reads_graph(secure: SecureEmulator, make: Make) -> None:
    got = make().acquire_token_for_client([f"{GRAPH}/.default"])
    assert "Group.ReadWrite.All" in said(got["access_token"])["roles"]
    assert secure.graph(got["access_token"], "/groups").status_code == 200


def test_msals_own_verify_argument_trusts_the_local_authority(secure: SecureEmulator) -> None:
    app = ConfidentialClientApplication(
        DEFAULT_APP_ID,
        authority=secure.authority,
        client_credential=DEFAULT_APP_SECRET,
        instance_discovery=False,
        verify=str(secure.ca),
    )
    assert "access_token" in app.acquire_token_for_client([f"{GRAPH}/.default"])
    app.http_client.close()


def test_a_wrong_secret_is_told_to_msal_as_entra_tells_it(make: Make) -> None:
    got = make(client_credential="wrong").acquire_token_for_client([f"{GRAPH}/.default"])
    assert (got["error"], got["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.parametrize("form", ["thumbprint", "certificate"])
def test_a_certificate_gives_a_token(secure: SecureEmulator, make: Make, form: str) -> None:
    private, certificate = key_and_certificate()
    app_id = secure.register("cert-app", certificates=[certificate], permissions={"application": ["Group.Read.All"]})
    credential = {"private_key": private}
    if form == "thumbprint":
        read = x509.load_pem_x509_certificate(certificate.encode())
        credential["thumbprint"] = read.fingerprint(hashes.SHA1()).hex()
    else:
        credential["public_certificate"] = certificate
    got = make(client_id=app_id, client_credential=credential).acquire_token_for_client([f"{GRAPH}/.default"])
    assert secure.graph(got["access_token"], "/groups").status_code == 200
    assert secure.graph(got["access_token"], "/users").status_code == 403


def test_a_key_that_was_not_registered_opens_nothing(secure: SecureEmulator, make: Make) -> None:
    _, registered = key_and_certificate()
    private, _ = key_and_certificate("stranger")
    app_id = secure.register("cert-app", certificates=[registered])
    credential = {"private_key": private, "public_certificate": registered}
    got = make(client_id=app_id, client_credential=credential).acquire_token_for_client([f"{GRAPH}/.default"])
    assert (got["error"], got["error_codes"]) == ("invalid_client", [700027])


@pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended:UserWarning")
@pytest.mark.parametrize("mode", ["query", "form_post"])
def test_the_code_flow_with_pkce_signs_a_person_in(
    secure: SecureEmulator, make: Make, browser: Browser, mode: str
) -> None:
    app = make()
    flow = app.initiate_auth_code_flow(["User.Read", "Tasks.ReadWrite"], redirect_uri=CALLBACK, response_mode=mode)
    answer = browser.open(flow["auth_uri"]).press("Ann Example").answer()
    got = app.acquire_token_by_auth_code_flow(flow, answer)
    assert "error" not in got, got
    assert got["id_token_claims"]["preferred_username"] == "ann@peakshire.example"
    assert app.get_accounts()[0]["username"] == "ann@peakshire.example"
    assert secure.graph(got["access_token"], "/me").json()["userPrincipalName"] == "ann@peakshire.example"
    assert secure.graph(got["access_token"], "/groups").status_code == 403


def test_a_person_is_kept_signed_in_by_the_refresh_token(secure: SecureEmulator, make: Make, browser: Browser) -> None:
    app = make()
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri=CALLBACK, response_mode="form_post")
    first = app.acquire_token_by_auth_code_flow(flow, browser.open(flow["auth_uri"]).press("Ann Example").answer())
    account = app.get_accounts()[0]
    assert app.acquire_token_silent(["User.Read"], account)["access_token"] == first["access_token"]
    fresh = app.acquire_token_silent(["User.Read"], account, force_refresh=True)
    assert fresh["access_token"] != first["access_token"]
    other = app.acquire_token_silent(["Tasks.ReadWrite"], account)
    assert said(other["access_token"])["scp"].split()[0] == "Tasks.ReadWrite"
    secure.control("sign_in/revoke", {"user": "ann@peakshire.example"})
    refused = app.acquire_token_silent_with_error(["User.Read"], account, force_refresh=True)
    assert refused["error"] == "invalid_grant"


def test_a_public_app_signs_in_with_a_code_and_no_secret(make: Make, browser: Browser) -> None:
    app = make(PublicClientApplication, client_id=PERSON_APP_ID)
    flow = app.initiate_auth_code_flow(["User.Read"], redirect_uri="http://localhost:53111", response_mode="form_post")
    got = app.acquire_token_by_auth_code_flow(flow, browser.open(flow["auth_uri"]).press("Ben Example").answer())
    assert got["id_token_claims"]["name"] == "Ben Example"


def test_a_service_acts_on_behalf_of_a_person(secure: SecureEmulator, make: Make, browser: Browser) -> None:
    page = make(PublicClientApplication, client_id=PERSON_APP_ID)
    own = f"api://{DEFAULT_APP_ID}/access_as_user"
    flow = page.initiate_auth_code_flow([own], redirect_uri="http://localhost", response_mode="form_post")
    browser.open(flow["auth_uri"]).press("Ann Example").press("Accept")
    token = page.acquire_token_by_auth_code_flow(flow, browser.answer())["access_token"]
    assert (said(token)["aud"], said(token)["scp"]) == (DEFAULT_APP_ID, "access_as_user")
    assert secure.graph(token, "/me").status_code == 401
    got = make().acquire_token_on_behalf_of(token, [f"{GRAPH}/User.Read"])
    assert secure.graph(got["access_token"], "/me").json()["displayName"] == "Ann Example"
    refused = make().acquire_token_on_behalf_of(got["access_token"], [f"{GRAPH}/User.Read"])
    assert refused["error_codes"] == [500131]


def test_the_device_flow_waits_for_the_person_at_another_screen(
    secure: SecureEmulator, make: Make, browser: Browser
) -> None:
    secure.control("switches", {"sign_in_device_interval": 1})
    app = make(PublicClientApplication, client_id=PERSON_APP_ID)
    flow = app.initiate_device_flow(["User.Read"])
    got: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: got.append(app.acquire_token_by_device_flow(flow)))
    waiting.start()
    time.sleep(0.3)
    browser.open(flow["verification_uri"]).press("Next", code=flow["user_code"].lower()).press("Cas Example")
    waiting.join(timeout=15)
    assert "You are signed in" in browser.text
    assert got[0]["id_token_claims"]["preferred_username"] == "cas@peakshire.example"
    assert secure.graph(got[0]["access_token"], "/me").status_code == 200


def test_the_device_flow_ends_when_the_person_stops_it(secure: SecureEmulator, make: Make, browser: Browser) -> None:
    app = make(PublicClientApplication, client_id=PERSON_APP_ID)
    flow = app.initiate_device_flow(["User.Read"])
    browser.open(flow["verification_uri"]).press("Next", code=flow["user_code"]).press("Cancel")
    assert app.acquire_token_by_device_flow(flow)["error"] == "authorization_declined"


def test_discovery_by_issuer_works_as_by_authority(secure: SecureEmulator, make: Make) -> None:
    app = make(authority=None, oidc_authority=f"{secure.authority}/v2.0")
    assert "access_token" in app.acquire_token_for_client([f"{GRAPH}/.default"])


def test_a_tenant_that_is_not_there_is_refused_at_discovery(secure: SecureEmulator, make: Make) -> None:
    with pytest.raises(ValueError, match="Unable to get authority configuration"):
        make(authority=f"{secure.https}/elsewhere.example")
