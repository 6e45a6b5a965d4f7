"""The token endpoint by plain HTTP: codes, refresh tokens, on-behalf-of, proof of the app, and Entra's refusals."""

import re
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from secure_emulator import CALLBACK, GRAPH, Browser, SecureEmulator, key_and_certificate

from m365_emulator.sign_in.apps import DEFAULT_APP_SECRET, Certificate
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, PERSON_APP_ID

SERVICE = {"client_id": DEFAULT_APP_ID, "client_secret": DEFAULT_APP_SECRET}
APP_ONLY = SERVICE | {"grant_type": "client_credentials", "scope": f"{GRAPH}/.default"}
ON_BEHALF = SERVICE | {
    "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "requested_token_use": "on_behalf_of",
    "scope": f"{GRAPH}/User.Read offline_access",
}
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def code(secure: SecureEmulator, browser: Browser, **changed: str) -> dict[str, str]:
    """The form that redeems a fresh code of Ann's."""
    asked = {"client_id": DEFAULT_APP_ID, "response_type": "code", "redirect_uri": CALLBACK}
    asked |= {"scope": "openid offline_access User.Read"} | changed
    browser.open(f"{secure.endpoint}/authorize", prompt="login", **asked).press("Ann")
    if browser.forms and "Accept" in browser.forms[0].buttons:
        browser.press("Accept")
    form = SERVICE if asked["client_id"] == DEFAULT_APP_ID else {"client_id": asked["client_id"]}
    address = {"redirect_uri": asked["redirect_uri"], "code": browser.answer()["code"]}
    return form | {"grant_type": "authorization_code"} | address


def refresh(answer: dict[str, Any], **more: str) -> dict[str, str]:
    """The form that refreshes an answer's tokens."""
    return SERVICE | {"grant_type": "refresh_token", "refresh_token": answer["refresh_token"]} | more


def number(reply: Any) -> int:
    """The AADSTS number of a refusal."""
    return int(reply.json()["error_codes"][0])


def claims(token: str) -> dict[str, Any]:
    """What a token says, unverified."""
    return dict(jwt.decode(token, options={"verify_signature": False}))


def test_a_refusal_has_the_shape_of_entras(secure: SecureEmulator) -> None:
    correlation = "0f0e0d0c-0b0a-4908-8706-050403020100"
    with secure.https_client() as client:
        wrong = APP_ONLY | {"client_secret": "wrong"}
        reply = client.post(f"{secure.endpoint}/token", data=wrong, headers={"client-request-id": correlation})
    body = reply.json()
    assert (reply.status_code, body["error"], body["error_codes"]) == (401, "invalid_client", [7000215])
    assert set(body) >= {"error_description", "timestamp", "trace_id", "correlation_id"}
    assert body["correlation_id"] == correlation
    assert re.match(r"AADSTS7000215: .* Trace ID: .* Correlation ID: .* Timestamp: ", body["error_description"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", body["timestamp"])
    assert reply.headers["cache-control"].startswith("no-store")


@pytest.mark.parametrize(
    ("changed", "status", "refusal"),
    [
        ({"grant_type": ""}, 400, 900144),
        ({"grant_type": "password"}, 400, 70003),
        ({"client_id": "stranger"}, 400, 700016),
        ({"client_id": PERSON_APP_ID}, 401, 700025),
        ({"client_secret": ""}, 401, 7000218),
        ({"scope": ""}, 400, 900144),
        ({"scope": "User.Read"}, 400, 1002012),
        ({"scope": f"{GRAPH}/.default {GRAPH}/.default"}, 400, 1002012),
        ({"scope": "https://vault.azure.net/.default"}, 400, 500011),
    ],
)
def test_a_wrong_app_only_request_is_named(
    secure: SecureEmulator, changed: dict[str, str], status: int, refusal: int
) -> None:
    reply = secure.ask_token(**(APP_ONLY | changed))
    assert (reply.status_code, number(reply)) == (status, refusal)


def test_a_tenant_that_is_not_there_is_named(secure: SecureEmulator) -> None:
    with secure.https_client() as client:
        assert number(client.post("/elsewhere.example/oauth2/v2.0/token", data=APP_ONLY)) == 90002


def test_a_body_that_is_no_form_is_refused_as_one_that_is_empty(secure: SecureEmulator) -> None:
    with secure.https_client() as client:
        reply = client.post(f"{secure.endpoint}/token", json=APP_ONLY)
    assert (reply.status_code, number(reply)) == (400, 900144)


def test_a_secret_in_basic_authentication_is_as_good(secure: SecureEmulator) -> None:
    form = {"grant_type": "client_credentials", "scope": f"{GRAPH}/.default"}
    with secure.https_client() as client:
        good = client.post(f"{secure.endpoint}/token", data=form, auth=(DEFAULT_APP_ID, DEFAULT_APP_SECRET))
        bad = client.post(f"{secure.endpoint}/token", data=form, auth=(DEFAULT_APP_ID, "wrong"))
    assert "access_token" in good.json()
    assert (bad.status_code, "www-authenticate" in bad.headers) == (401, True)


def test_a_secret_that_has_expired_is_refused_by_its_own_number(secure: SecureEmulator) -> None:
    secure.register("old-app", secrets=[{"value": "s", "expires_at": "2020-01-01T00:00:00Z"}])
    assert number(secure.ask_token(**(APP_ONLY | {"client_id": "old-app", "client_secret": "s"}))) == 7000222


def test_a_code_is_good_once(secure: SecureEmulator, browser: Browser) -> None:
    form = code(secure, browser)
    assert secure.ask_token(**form).status_code == 200
    assert number(secure.ask_token(**form)) == 54005


def test_a_code_is_good_for_ten_minutes(secure: SecureEmulator, browser: Browser) -> None:
    form = code(secure, browser)
    secure.control("clock", {"advance_seconds": 601})
    assert number(secure.ask_token(**form)) == 70008


def test_a_code_is_good_for_its_own_app_and_address_only(secure: SecureEmulator, browser: Browser) -> None:
    form = code(secure, browser)
    secure.register("other-app", secrets=["s"], redirect_uris=[CALLBACK])
    assert number(secure.ask_token(**(form | {"client_id": "other-app", "client_secret": "s"}))) == 70000
    assert number(secure.ask_token(**(form | {"redirect_uri": "http://localhost/other"}))) == 500112
    assert number(secure.ask_token(**(form | {"client_secret": "wrong"}))) == 7000215
    assert number(secure.ask_token(**(form | {"code": "made-up"}))) == 70000
    assert secure.ask_token(**form).status_code == 200


def test_what_is_asked_for_is_what_is_answered(secure: SecureEmulator, browser: Browser) -> None:
    full = secure.ask_token(**code(secure, browser)).json()
    assert full["scope"].split() == ["User.Read", "openid"]
    assert set(full) >= {"access_token", "refresh_token", "id_token", "expires_in", "ext_expires_in"}
    bare = secure.ask_token(**code(secure, browser, scope=f"{GRAPH}/User.Read")).json()
    assert bare["scope"] == f"{GRAPH}/User.Read"
    assert set(bare) == {"token_type", "scope", "expires_in", "ext_expires_in", "access_token"}


def test_default_gives_all_that_was_consented_to(secure: SecureEmulator, browser: Browser) -> None:
    secure.register(DEFAULT_APP_ID, permissions={"delegated": ["User.Read", "Tasks.Read"]})
    got = secure.ask_token(**code(secure, browser, scope=f"{GRAPH}/.default")).json()
    assert set(claims(got["access_token"])["scp"].split()) == {"User.Read", "Tasks.Read"}
    assert f"{GRAPH}/.default" in got["scope"].split()


def test_a_refresh_token_is_replaced_on_use(secure: SecureEmulator, browser: Browser) -> None:
    first = secure.ask_token(**code(secure, browser)).json()
    second = secure.ask_token(**refresh(first)).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert secure.graph(second["access_token"], "/me").status_code == 200
    narrowed = secure.ask_token(**refresh(second, scope="Tasks.Read")).json()
    assert "User.Read" not in claims(narrowed["access_token"])["scp"].split()


@pytest.mark.parametrize(("switch", "status"), [("accept", 200), ("refuse", 400)])
def test_a_replaced_refresh_token_stays_good_unless_the_switch_says_otherwise(
    secure: SecureEmulator, browser: Browser, switch: str, status: int
) -> None:
    secure.control("switches", {"sign_in_refresh_reuse": switch})
    first = secure.ask_token(**code(secure, browser)).json()
    secure.ask_token(**refresh(first))
    assert secure.ask_token(**refresh(first)).status_code == status


def test_a_refresh_token_ends_by_age_by_revocation_and_with_the_account(
    secure: SecureEmulator, browser: Browser
) -> None:
    answer = secure.ask_token(**code(secure, browser)).json()
    assert number(secure.ask_token(**refresh({"refresh_token": "made-up"}))) == 70000
    secure.control("seed", {"people": [{"upn": "ann@peakshire.example", "enabled": False}]})
    assert number(secure.ask_token(**refresh(answer))) == 50057
    secure.control("seed", {"people": [{"upn": "ann@peakshire.example", "display_name": "Ann Example"}]})
    assert secure.ask_token(**refresh(answer)).status_code == 200
    assert secure.control("sign_in/revoke", {"user": "ann@peakshire.example"})["ended"] >= 2
    assert number(secure.ask_token(**refresh(answer))) == 50173
    newer = secure.ask_token(**code(secure, browser)).json()
    secure.control("clock", {"advance_seconds": 91 * 24 * 3600})
    assert number(secure.ask_token(**refresh(newer))) == 70008


def test_a_snapshot_brings_apps_and_sign_ins_back(secure: SecureEmulator, browser: Browser) -> None:
    secure.register("other-app", secrets=["s"])
    answer = secure.ask_token(**code(secure, browser)).json()
    secure.control("snapshots/before")
    secure.control("reset")
    assert number(secure.ask_token(**refresh(answer))) == 70000
    secure.control("snapshots/before/restore")
    assert secure.ask_token(**refresh(answer)).status_code == 200
    assert secure.ask_token(**(APP_ONLY | {"client_id": "other-app", "client_secret": "s"})).status_code == 200


def assertion_of(secure: SecureEmulator, browser: Browser, scope: str = "access_as_user") -> str:
    """Ann's token for the service, as a page of hers would send it."""
    asked = {"client_id": PERSON_APP_ID, "redirect_uri": "http://localhost"}
    form = code(secure, browser, scope=f"openid api://{DEFAULT_APP_ID}/{scope}", **asked)
    return str(secure.ask_token(**form).json()["access_token"])


def test_on_behalf_of_needs_a_persons_token_for_the_app_that_asks(secure: SecureEmulator, browser: Browser) -> None:
    assertion = assertion_of(secure, browser)
    good = secure.ask_token(**ON_BEHALF, assertion=assertion).json()
    said = claims(good["access_token"])
    assert (said["appid"], said["scp"], said["aud"]) == (DEFAULT_APP_ID, "User.Read", GRAPH)
    assert "refresh_token" in good
    secure.register("other-app", secrets=["s"])
    other = ON_BEHALF | {"client_id": "other-app", "client_secret": "s"}
    assert number(secure.ask_token(**other, assertion=assertion)) == 500131
    assert number(secure.ask_token(**ON_BEHALF, assertion=good["access_token"])) == 500131
    assert number(secure.ask_token(**ON_BEHALF, assertion="rubbish")) == 50013
    assert number(secure.ask_token(**(ON_BEHALF | {"requested_token_use": ""}), assertion=assertion)) == 900144
    public = {k: v for k, v in ON_BEHALF.items() if k != "client_secret"} | {"client_id": PERSON_APP_ID}
    assert number(secure.ask_token(**public, assertion=assertion)) == 7000218


def test_on_behalf_of_refuses_apps_id_tokens_and_scopes_without_consent(
    secure: SecureEmulator, browser: Browser
) -> None:
    own = APP_ONLY | {"scope": f"api://{DEFAULT_APP_ID}/.default"}
    assert number(secure.ask_token(**ON_BEHALF, assertion=secure.ask_token(**own).json()["access_token"])) == 7000114
    id_token = secure.ask_token(**code(secure, browser)).json()["id_token"]
    assert number(secure.ask_token(**ON_BEHALF, assertion=id_token)) == 240002
    wider = ON_BEHALF | {"scope": "Calendars.Read", "assertion": assertion_of(secure, browser)}
    refused = secure.ask_token(**wider).json()
    assert (refused["error"], refused["suberror"]) == ("invalid_grant", "consent_required")


def test_app_roles_of_a_person_are_in_their_tokens(secure: SecureEmulator, browser: Browser) -> None:
    secure.register(DEFAULT_APP_ID, app_roles=["Chair", "Officer"])
    given = {"user": "ann@peakshire.example", "roles": ["Chair"]}
    secure.control(f"apps/{DEFAULT_APP_ID}/roles", given)
    assert claims(secure.ask_token(**code(secure, browser)).json()["id_token"])["roles"] == ["Chair"]
    assert claims(assertion_of(secure, browser))["roles"] == ["Chair"]


def test_an_app_gets_a_token_for_another_apps_interface(secure: SecureEmulator) -> None:
    caller = secure.register("caller", secrets=["s"], permissions={"application": [f"{DEFAULT_APP_ID}/Feed.Write"]})
    form = {"client_id": caller, "client_secret": "s", "grant_type": "client_credentials"}
    said = claims(secure.ask_token(**form, scope=f"api://{DEFAULT_APP_ID}/.default").json()["access_token"])
    assert (said["aud"], said["azp"], said["roles"]) == (DEFAULT_APP_ID, caller, ["Feed.Write"])


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
@pytest.mark.parametrize("thumbprint", ["x5t", "x5t#S256"])
@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({}, None),
        ({"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token"}, None),
        ({"aud": "https://elsewhere.example/common/oauth2/v2.0/token"}, 700023),
        ({"aud": "https://["}, 700023),
        ({"iss": "other"}, 700021),
        ({"sub": "other"}, 700021),
        ({"exp": 1}, 700024),
        ({"nbf": 4102444800}, 700024),
        ({"exp": None}, 50027),
    ],
    ids=["good", "of Entra", "audience", "no address", "issuer", "subject", "expired", "too early", "endless"],
)
def test_a_certificates_assertion_is_checked_in_all_its_parts(
    secure: SecureEmulator, algorithm: str, thumbprint: str, changed: dict[str, Any], refusal: int | None
) -> None:
    private, pem = key_and_certificate()
    secure.register("cert-app", certificates=[pem])
    read = Certificate.read(pem)
    header = {thumbprint: read.x5t if thumbprint == "x5t" else read.x5t_s256}
    now = int(time.time())
    payload = {"aud": f"{secure.endpoint}/token", "iss": "cert-app", "sub": "cert-app", "exp": now + 300, "nbf": now}
    kept = {name: value for name, value in (payload | changed).items() if value is not None}
    form = {"client_id": "cert-app", "grant_type": "client_credentials", "scope": f"{GRAPH}/.default"}
    form |= {"client_assertion_type": ASSERTION_TYPE}
    reply = secure.ask_token(**form, client_assertion=jwt.encode(kept, private, algorithm=algorithm, headers=header))
    assert (reply.status_code == 200) == (refusal is None)
    assert refusal is None or number(reply) == refusal


def test_an_assertion_under_another_key_or_thumbprint_is_refused(secure: SecureEmulator) -> None:
    _, pem = key_and_certificate()
    secure.register("cert-app", certificates=[pem])
    read = Certificate.read(pem)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    payload = {"aud": f"{secure.endpoint}/token", "iss": "cert-app", "sub": "cert-app", "exp": now + 300}
    form = {"client_id": "cert-app", "grant_type": "client_credentials", "scope": f"{GRAPH}/.default"}
    form |= {"client_assertion_type": ASSERTION_TYPE}
    for header in ({"x5t": read.x5t}, {"x5t": "AAAA"}, {"x5t": read.x5t, "x5t#S256": "AAAA"}, {}):
        forged = jwt.encode(payload, stranger, algorithm="RS256", headers=header)
        assert number(secure.ask_token(**form, client_assertion=forged)) == 700027
    assert number(secure.ask_token(**form, client_assertion="rubbish")) == 50027


@pytest.mark.parametrize("seconds", [3599, 60])
def test_tokens_live_as_long_as_the_switch_says(secure: SecureEmulator, browser: Browser, seconds: int) -> None:
    secure.control("switches", {"sign_in_access_seconds": seconds})
    for answer in (secure.ask_token(**APP_ONLY).json(), secure.ask_token(**code(secure, browser)).json()):
        said = claims(answer["access_token"])
        assert (answer["expires_in"], said["exp"] - said["iat"]) == (seconds, seconds)


def test_codes_and_refresh_tokens_live_as_long_as_the_switches_say(secure: SecureEmulator, browser: Browser) -> None:
    secure.control("switches", {"sign_in_code_seconds": 0})
    assert number(secure.ask_token(**code(secure, browser))) == 70008
    secure.control("switches", {"sign_in_code_seconds": 600, "sign_in_refresh_seconds": 0})
    assert number(secure.ask_token(**refresh(secure.ask_token(**code(secure, browser)).json()))) == 70008
