"""Unmodified azure-identity gets tokens over https with the local authority, in its plain and its async form."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import azure.identity
import azure.identity.aio
import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from secure_emulator import CALLBACK, GRAPH, Browser, SecureEmulator, key_and_certificate

from m365_emulator.sign_in.apps import DEFAULT_APP_SECRET
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, PERSON_APP_ID

KINDS = pytest.mark.parametrize("kind", ["plain", "aio"])
SCOPE = f"{GRAPH}/.default"


def options(secure: SecureEmulator) -> dict[str, Any]:
    """What a credential has to be told to use the local authority."""
    return {"authority": secure.https, "disable_instance_discovery": True, "connection_verify": str(secure.ca)}


def token_from(kind: str, name: str, *given: Any, **more: Any) -> str:
    """A token from the credential of this name, closed afterwards."""
    if kind == "plain":
        with getattr(azure.identity, name)(*given, **more) as credential:
            return str(credential.get_token(SCOPE).token)

    async def ask() -> str:
        async with getattr(azure.identity.aio, name)(*given, **more) as credential:
            return str((await credential.get_token(SCOPE)).token)

    return asyncio.run(ask())


def test_both_forms_were_meant() -> None:
    for name in (
        "ClientSecretCredential",
        "CertificateCredential",
        "OnBehalfOfCredential",
        "ManagedIdentityCredential",
    ):
        assert hasattr(azure.identity, name)
        assert hasattr(azure.identity.aio, name)


@KINDS
def test_a_client_secret_credential_reads_graph(secure: SecureEmulator, kind: str) -> None:
    given = (secure.tenant.tenant_id, DEFAULT_APP_ID, DEFAULT_APP_SECRET)
    token = token_from(kind, "ClientSecretCredential", *given, **options(secure))
    assert secure.graph(token, "/users").status_code == 200


@KINDS
def test_a_wrong_secret_is_an_authentication_error(secure: SecureEmulator, kind: str) -> None:
    given = (secure.tenant.tenant_id, DEFAULT_APP_ID, "wrong")
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        token_from(kind, "ClientSecretCredential", *given, **options(secure))


@KINDS
def test_a_certificate_credential_reads_graph(secure: SecureEmulator, tmp_path: Path, kind: str) -> None:
    private, certificate = key_and_certificate()
    app_id = secure.register("cert-app", certificates=[certificate], permissions={"application": ["Group.Read.All"]})
    pem = tmp_path / "app.pem"
    pem.write_text(private + certificate, encoding="ascii")
    token = token_from(kind, "CertificateCredential", secure.tenant.tenant_id, app_id, str(pem), **options(secure))
    assert secure.graph(token, "/groups").status_code == 200


@KINDS
def test_a_credential_on_behalf_of_a_person_reads_as_the_person(
    secure: SecureEmulator, browser: Browser, kind: str
) -> None:
    ask = {"client_id": PERSON_APP_ID, "response_type": "code", "redirect_uri": "http://localhost"}
    scope = f"api://{DEFAULT_APP_ID}/access_as_user"
    browser.open(f"{secure.endpoint}/authorize", **ask, scope=scope).press("Ann Example").press("Accept")
    form = {"client_id": PERSON_APP_ID, "grant_type": "authorization_code", "redirect_uri": "http://localhost"}
    assertion = secure.ask_token(**form, code=browser.answer()["code"]).json()["access_token"]
    proof = {"client_secret": DEFAULT_APP_SECRET, "user_assertion": assertion}
    given = (secure.tenant.tenant_id, DEFAULT_APP_ID)
    token = token_from(kind, "OnBehalfOfCredential", *given, **proof, **options(secure))
    assert "Tasks.ReadWrite" in jwt.decode(token, options={"verify_signature": False})["scp"].split()
    assert secure.graph(token, "/me").json()["displayName"] == "Ann Example"


@KINDS
def test_a_managed_identity_credential_reads_graph_over_http(
    secure: SecureEmulator, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", secure.identity_endpoint)
    monkeypatch.setenv("IDENTITY_HEADER", secure.identity_header)
    assert secure.graph(token_from(kind, "ManagedIdentityCredential"), "/groups").status_code == 200


def test_an_authorization_code_credential_reads_as_the_person(secure: SecureEmulator, browser: Browser) -> None:
    ask = {"client_id": DEFAULT_APP_ID, "response_type": "code", "redirect_uri": CALLBACK, "scope": SCOPE}
    code = browser.open(f"{secure.endpoint}/authorize", **ask).press("Ben Example").answer()["code"]
    given = (secure.tenant.tenant_id, DEFAULT_APP_ID, code, CALLBACK)
    more = {"client_secret": DEFAULT_APP_SECRET} | options(secure)
    token = token_from("plain", "AuthorizationCodeCredential", *given, **more)
    assert secure.graph(token, "/me").json()["displayName"] == "Ben Example"


def test_a_device_code_credential_signs_a_person_in(secure: SecureEmulator, browser: Browser) -> None:
    def at_another_screen(page: str, code: str, _expires_on: object) -> None:
        browser.open(page).press("Next", code=code).press("Cas Example")

    given = {"client_id": PERSON_APP_ID, "tenant_id": secure.tenant.tenant_id, "prompt_callback": at_another_screen}
    token = token_from("plain", "DeviceCodeCredential", **given, **options(secure))
    assert secure.graph(token, "/me").json()["displayName"] == "Cas Example"


def test_an_interactive_credential_opens_the_browser_and_hears_from_it(
    secure: SecureEmulator, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def walk(url: str) -> None:
        browser.open(url).press("Ben Example").press("Go on")

    def opened(url: str, *_: object, **__: object) -> bool:
        threading.Thread(target=walk, args=(url,)).start()
        return True

    monkeypatch.setattr("azure.identity._credentials.browser._open_browser", opened)
    given = {"client_id": PERSON_APP_ID, "tenant_id": secure.tenant.tenant_id, "timeout": 20}
    token = token_from("plain", "InteractiveBrowserCredential", **given, **options(secure))
    assert secure.graph(token, "/me").json()["displayName"] == "Ben Example"
