"""Signing in: managed identity and client credentials (facts §11, points 3 and 4)."""

import time
from typing import Any

import httpx
import jwt
import pytest
from emulator_server import RunningEmulator, plain_client

RESOURCE = "https://graph.microsoft.com"
FORM = {"client_id": "app", "client_secret": "s", "scope": f"{RESOURCE}/.default", "grant_type": "client_credentials"}


@pytest.fixture(autouse=True)
def _app(emulator: RunningEmulator) -> None:
    """An app with a secret that nobody consented to yet."""
    emulator.control("apps", {"client_id": "app", "secrets": ["s"]})


def identity(emulator: RunningEmulator, secret: str | None = None, **query: str) -> httpx.Response:
    """Ask the managed-identity endpoint as App Service's clients do."""
    asked = {"api-version": "2019-08-01", "resource": RESOURCE} | query
    header = {"X-IDENTITY-HEADER": emulator.identity_header if secret is None else secret}
    with plain_client(emulator.url) as client:
        return client.get("/msi/token", params=asked, headers=header)


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_point_3_the_managed_identity_endpoint_answers_as_app_service(emulator: RunningEmulator) -> None:
    body = identity(emulator).json()
    assert set(body) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert isinstance(body["expires_on"], str)
    assert int(body["expires_on"]) > time.time() + 2 * 3600
    said = claims(body["access_token"])
    assert (said["aud"], said["tid"]) == (RESOURCE, emulator.tenant.tenant_id)
    assert said["appid"] == body["client_id"] == emulator.tenant.options.app_id
    assert "Tasks.ReadWrite.All" in said["roles"]
    assert "scp" not in said


@pytest.mark.parametrize("secret", ["", "wrong"])
def test_point_3_a_wrong_identity_header_is_401(emulator: RunningEmulator, secret: str) -> None:
    assert identity(emulator, secret).status_code == 401


@pytest.mark.parametrize(
    "query", [{"api-version": "2017-09-01"}, {"resource": "https://vault.azure.net"}, {"client_id": "stranger"}]
)
def test_point_3_another_version_resource_or_identity_is_refused(
    emulator: RunningEmulator, query: dict[str, str]
) -> None:
    assert identity(emulator, **query).status_code == 400


def test_point_3_client_credentials_give_a_token_without_refresh(emulator: RunningEmulator) -> None:
    with plain_client(emulator.url) as client:
        reply = client.post(f"/{emulator.tenant.tenant_id}/oauth2/v2.0/token", data=FORM)
    body = reply.json()
    assert reply.status_code == 200
    assert set(body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert body["expires_in"] == 3599


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_id": ""}, 400, "invalid_request"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "stranger"}, 400, "unauthorized_client"),
        ({"scope": "User.Read"}, 400, "invalid_scope"),
    ],
)
def test_point_3_a_wrong_token_request_is_named(
    emulator: RunningEmulator, change: dict[str, str], status: int, error: str
) -> None:
    with plain_client(emulator.url) as client:
        reply = client.post("/common/oauth2/v2.0/token", data=FORM | change)
    assert (reply.status_code, reply.json()["error"]) == (status, error)


def test_point_4_an_app_nobody_consented_to_gets_a_token_that_opens_nothing(emulator: RunningEmulator) -> None:
    with plain_client(emulator.url) as client:
        token = client.post("/common/oauth2/v2.0/token", data=FORM).json()["access_token"]
    assert "roles" not in claims(token)
    with emulator.client(token) as app:
        reply = app.get("/groups")
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_point_4_consent_shows_in_the_next_token(emulator: RunningEmulator) -> None:
    held = emulator.control("consent", {"app": "app", "grant": ["Group.Read.All"]})
    assert held["permissions"] == ["Group.Read.All"]
    with plain_client(emulator.url) as client:
        token = client.post("/common/oauth2/v2.0/token", data=FORM).json()["access_token"]
    assert claims(token)["roles"] == ["Group.Read.All"]
    with emulator.client(token) as app:
        assert app.get("/groups").status_code == 200
    assert emulator.control("consent", {"app": "app", "revoke": ["Group.Read.All"]})["permissions"] == []


def test_point_4_a_persons_token_carries_scopes(emulator: RunningEmulator, people: dict[str, str]) -> None:
    said = claims(emulator.person_token("ann@peakshire.example", "Tasks.Read"))
    assert (said["scp"], said["oid"]) == ("Tasks.Read", people["ann"])
    assert "roles" not in said


def test_a_token_of_another_tenants_key_is_refused(emulator: RunningEmulator) -> None:
    said = claims(emulator.app_token())
    forged = jwt.encode(said, "a-secret-of-at-least-thirty-two-bytes!", algorithm="HS256")
    with emulator.client(forged) as app:
        assert app.get("/groups").status_code == 401


def test_expiry_follows_the_real_clock(emulator: RunningEmulator) -> None:
    token = emulator.app_token()
    emulator.control("clock", {"advance_seconds": 10 * 24 * 3600})
    with emulator.client(token) as app:
        assert app.get("/groups").status_code == 200
