"""Discovery, keys and userinfo: a client that knows only the authority can find the rest and verify what it gets."""

import httpx
import jwt
import pytest
from secure_emulator import CALLBACK, GRAPH, Browser, SecureEmulator

from m365_emulator.sign_in.apps import DEFAULT_APP_SECRET
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID

WELL_KNOWN = "v2.0/.well-known/openid-configuration"


def fetched(secure: SecureEmulator, url: str) -> httpx.Response:
    """GET over https, or over http for such an address."""
    with httpx.Client(verify=secure.trust, timeout=10) as client:
        return client.get(url)


def sign_in(secure: SecureEmulator, browser: Browser, scope: str) -> dict[str, str]:
    """Ann's tokens for the service's app."""
    asked = {"client_id": DEFAULT_APP_ID, "response_type": "code", "redirect_uri": CALLBACK, "scope": scope}
    code = browser.open(f"{secure.endpoint}/authorize", **asked).press("Ann").answer()["code"]
    proof = {"client_id": DEFAULT_APP_ID, "client_secret": DEFAULT_APP_SECRET, "redirect_uri": CALLBACK}
    return dict(secure.ask_token(**proof, grant_type="authorization_code", code=code).json())


def test_discovery_names_the_address_at_which_it_was_asked(secure: SecureEmulator) -> None:
    for base in (secure.https, secure.url):
        found = fetched(secure, f"{base}/{secure.tenant.tenant_id}/{WELL_KNOWN}").json()
        assert found["issuer"] == f"{base}/{secure.tenant.tenant_id}/v2.0"
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "device_authorization_endpoint"):
            assert found[name].startswith(f"{base}/")


@pytest.mark.parametrize("name", ["common", "organizations"])
def test_any_organisation_has_a_template_for_its_issuer(secure: SecureEmulator, name: str) -> None:
    found = fetched(secure, f"{secure.https}/{name}/{WELL_KNOWN}").json()
    assert found["issuer"] == f"{secure.https}/{{tenantid}}/v2.0"
    assert found["token_endpoint"] == f"{secure.https}/{name}/oauth2/v2.0/token"


def test_the_tenant_may_be_named_by_its_domain(secure: SecureEmulator) -> None:
    found = fetched(secure, f"{secure.https}/peakshire.example/{WELL_KNOWN}").json()
    assert found["issuer"] == f"{secure.authority}/v2.0"


def test_another_tenant_is_not_found(secure: SecureEmulator) -> None:
    for path in (WELL_KNOWN, "discovery/v2.0/keys"):
        reply = fetched(secure, f"{secure.https}/elsewhere.example/{path}")
        assert (reply.status_code, reply.json()["error_codes"]) == (400, [90002])


def test_every_address_of_the_document_answers(secure: SecureEmulator) -> None:
    found = fetched(secure, f"{secure.authority}/{WELL_KNOWN}").json()
    for name, value in found.items():
        if name.endswith(("_endpoint", "_uri")):
            assert fetched(secure, value).status_code != 404, name


def test_an_id_token_verifies_by_discovery_alone(secure: SecureEmulator, browser: Browser) -> None:
    token = sign_in(secure, browser, "openid profile email")["id_token"]
    found = fetched(secure, f"{secure.authority}/{WELL_KNOWN}").json()
    keys = jwt.PyJWKClient(found["jwks_uri"], ssl_context=secure.trust)
    key = keys.get_signing_key_from_jwt(token)
    said = jwt.decode(token, key.key, algorithms=["RS256"], audience=DEFAULT_APP_ID, issuer=found["issuer"])
    ann = secure.tenant.directory.user("ann@peakshire.example")
    assert ann is not None
    assert (said["tid"], said["oid"], said["ver"]) == (secure.tenant.tenant_id, ann.id, "2.0")
    assert (said["name"], said["email"]) == ("Ann Example", "ann@peakshire.example")


def test_a_new_key_signs_while_the_old_one_still_verifies(secure: SecureEmulator, browser: Browser) -> None:
    before = sign_in(secure, browser, "User.Read")["access_token"]
    kid = secure.control("sign_in/rotate_key")["kid"]
    browser.open(f"{secure.endpoint}/logout")
    after = sign_in(secure, browser, "User.Read")["access_token"]
    assert jwt.get_unverified_header(after)["kid"] == kid != jwt.get_unverified_header(before)["kid"]
    shown = [k["kid"] for k in fetched(secure, f"{secure.authority}/discovery/v2.0/keys").json()["keys"]]
    assert {kid, jwt.get_unverified_header(before)["kid"]} <= set(shown)
    assert [secure.graph(token, "/me").status_code for token in (before, after)] == [200, 200]


def test_a_forgotten_key_verifies_nothing(secure: SecureEmulator, browser: Browser) -> None:
    before = sign_in(secure, browser, "User.Read")["access_token"]
    assert secure.graph(before, "/me").status_code == 200
    kid = secure.control("sign_in/rotate_key", {"forget_old": True})["kid"]
    assert secure.graph(before, "/me").status_code == 401
    keys = fetched(secure, f"{secure.authority}/discovery/v2.0/keys").json()["keys"]
    assert [key["kid"] for key in keys] == [kid]


def test_userinfo_tells_what_the_scopes_allow(secure: SecureEmulator, browser: Browser) -> None:
    got = sign_in(secure, browser, "openid profile")
    with secure.https_client() as client:
        told = client.get("/oidc/userinfo", headers={"Authorization": f"Bearer {got['access_token']}"}).json()
    said = jwt.decode(got["id_token"], options={"verify_signature": False})
    assert told == {"sub": said["sub"], "name": "Ann Example"}


def test_userinfo_refuses_whoever_is_no_person(secure: SecureEmulator) -> None:
    form = {"client_id": DEFAULT_APP_ID, "client_secret": DEFAULT_APP_SECRET, "scope": f"{GRAPH}/.default"}
    app = secure.ask_token(**form, grant_type="client_credentials").json()["access_token"]
    with secure.https_client() as client:
        for header in ({}, {"Authorization": f"Bearer {app}"}, {"Authorization": "Bearer rubbish"}):
            assert client.get("/oidc/userinfo", headers=header).status_code == 401


def test_msals_instance_discovery_finds_its_own_host(secure: SecureEmulator) -> None:
    host = secure.https.removeprefix("https://")
    asked = f"{secure.https}/common/discovery/instance?authorization_endpoint={secure.endpoint}/authorize"
    found = fetched(secure, asked).json()
    assert found["metadata"][0]["aliases"] == [host]
    assert fetched(secure, found["tenant_discovery_endpoint"]).status_code == 200


def test_a_page_of_any_origin_may_call_graph_and_sign_in_but_never_the_control_area(secure: SecureEmulator) -> None:
    origin = {"Origin": "https://app.example"}
    preflight = origin | {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization"}
    open_to_all = ("/v1.0/me", "/common/oauth2/v2.0/token", f"/common/{WELL_KNOWN}", "/common/discovery/v2.0/keys")
    with secure.https_client() as client:
        for path in open_to_all:
            assert client.options(path, headers=preflight).status_code == 200, path
            assert client.get(path, headers=origin).headers["access-control-allow-origin"] == "*", path
        for path in ("/_emulator/state", "/", "/msi/token", "/common/oauth2/v2.0/authorize"):
            assert client.options(path, headers=preflight).status_code == 405, path
            assert "access-control-allow-origin" not in client.get(path, headers=origin).headers, path


def test_an_answer_lost_on_order_is_lost_over_https_too(secure: SecureEmulator) -> None:
    secure.control("faults/lose_next_answer", {"path": "/groups", "as": "disconnect"})
    with pytest.raises(httpx.TransportError):
        secure.graph(secure.app_token(), "/groups")
    assert secure.graph(secure.app_token(), "/groups").status_code == 200
