"""App registrations by control: what is set is what counts, and nothing secret is told back."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator, plain_client
from secure_emulator import GRAPH

from m365_emulator.sign_in.apps import AppRegistrations, default_apps
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, PERSON_APP_ID


def ask(emulator: RunningEmulator, **fields: str) -> httpx.Response:
    """An app-only token request."""
    form = {"grant_type": "client_credentials", "scope": f"{GRAPH}/.default"} | fields
    with plain_client(emulator.url) as client:
        return client.post("/common/oauth2/v2.0/token", data=form)


def listed(emulator: RunningEmulator) -> dict[str, dict[str, Any]]:
    """Every app by client id."""
    return {app["client_id"]: app for app in emulator.control("apps", method="GET")["apps"]}


def test_there_is_an_app_for_the_service_and_one_for_people(emulator: RunningEmulator) -> None:
    apps = listed(emulator)
    assert apps[DEFAULT_APP_ID]["public"] is False
    assert "Tasks.ReadWrite.All" in apps[DEFAULT_APP_ID]["permissions"]["application"]
    assert apps[PERSON_APP_ID]["public"] is True
    assert "Tasks.ReadWrite" in apps[PERSON_APP_ID]["permissions"]["delegated"]


def test_a_secret_is_told_by_its_beginning_only(emulator: RunningEmulator) -> None:
    emulator.control("apps", {"client_id": "a", "secrets": ["abcdefgh"]})
    assert listed(emulator)["a"]["secrets"] == [{"hint": "abc", "expires_at": None}]


def test_a_registered_app_gets_the_permissions_it_was_given(emulator: RunningEmulator) -> None:
    made = emulator.control("apps", {"secrets": ["s"], "permissions": {"application": ["User.Read.All"]}})
    token = ask(emulator, client_id=made["client_id"], client_secret="s").json()["access_token"]
    with emulator.client(token) as app:
        assert (app.get("/users").status_code, app.get("/groups").status_code) == (200, 403)


def test_only_what_is_given_is_replaced(emulator: RunningEmulator) -> None:
    emulator.control("apps", {"client_id": "a", "display_name": "A", "secrets": ["s"], "redirect_uris": ["https://a/"]})
    again = emulator.control("apps", {"client_id": "A", "redirect_uris": ["https://b/"]})
    assert (again["client_id"], again["display_name"], again["redirect_uris"]) == ("a", "A", ["https://b/"])
    assert ask(emulator, client_id="a", client_secret="s").status_code == 200


def test_an_app_that_is_gone_gets_nothing(emulator: RunningEmulator) -> None:
    emulator.control("apps", {"client_id": "a", "secrets": ["s"]})
    emulator.control("apps/a", method="DELETE")
    assert ask(emulator, client_id="a", client_secret="s").json()["error_codes"] == [700016]
    emulator.control("apps", {"client_id": "b", "secrets": ["s"]})
    emulator.control("reset")
    assert "b" not in listed(emulator)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("apps", {"colour": "red"}),
        ("apps", {"client_id": ""}),
        ("apps", {"client_id": 7}),
        ("apps", {"public": "yes"}),
        ("apps", {"secrets": "s"}),
        ("apps", {"secrets": [7]}),
        ("apps", {"secrets": [{"value": "s", "expires_at": "tomorrow"}]}),
        ("apps", {"certificates": ["rubbish"]}),
        ("apps", {"redirect_uris": [None]}),
        ("apps", {"permissions": []}),
        ("apps", {"permissions": {"both": []}}),
        ("apps/nobody/roles", {"user": "ann@peakshire.example", "roles": []}),
        (f"apps/{DEFAULT_APP_ID}/roles", {"user": "nobody@peakshire.example", "roles": []}),
        (f"apps/{DEFAULT_APP_ID}/roles", {"user": "ann@peakshire.example", "roles": ["Undeclared"]}),
        ("sign_in/revoke", {"user": "nobody@peakshire.example"}),
        ("sign_in/revoke", {}),
    ],
)
def test_an_order_that_makes_no_sense_is_refused_and_changes_nothing(
    emulator: RunningEmulator, people: dict[str, str], path: str, body: dict[str, Any]
) -> None:
    before = listed(emulator)
    with plain_client(emulator.url) as client:
        reply = client.post(f"/_emulator/{path}", json=body)
    assert (reply.status_code, set(reply.json()) - {"problems"}) == (400, {"error"})
    assert listed(emulator) == before


@pytest.mark.parametrize(
    ("registered", "asked", "good"),
    [
        ("http://localhost", "http://localhost:53111", True),
        ("http://localhost", "http://localhost:53111/", True),
        ("http://localhost/callback", "http://localhost:53111/callback", True),
        ("http://127.0.0.1:1/callback", "http://127.0.0.1:2/callback", True),
        ("http://localhost/callback", "http://localhost/other", False),
        ("http://localhost/callback", "http://localhost.elsewhere.example/callback", False),
        ("http://localhost/callback", "https://localhost/callback", False),
        ("https://tasks.peakshire.example/in", "https://tasks.peakshire.example/in", True),
        ("https://tasks.peakshire.example/in", "https://tasks.peakshire.example:8443/in", False),
        ("https://tasks.peakshire.example/in", "https://tasks.peakshire.example/in?next=x", False),
        ("https://tasks.peakshire.example/in", "https://tasks.peakshire.example.elsewhere.example/in", False),
    ],
)
def test_an_address_counts_as_it_is_but_for_the_port_on_this_machine(registered: str, asked: str, good: bool) -> None:
    app = AppRegistrations().add("a", "A")
    app.redirect_uris = [registered]
    assert app.registers(asked) is good


def test_default_apps_are_made_anew_for_each_tenant() -> None:
    default_apps().by_id[DEFAULT_APP_ID].redirect_uris.append("https://elsewhere.example/")
    assert "https://elsewhere.example/" not in default_apps().by_id[DEFAULT_APP_ID].redirect_uris
