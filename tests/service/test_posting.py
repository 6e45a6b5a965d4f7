"""Which poster speaks where, and what is missing for it, are told at start; the account is signed in by a command."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner
from cryptography.fernet import Fernet
from peakshire import MORNING, SetClock, open_desk, small_force
from secure_emulator import Browser, SecureEmulator, secure_emulator

from escalation.posters import posters_in_use
from graph_client.channel_messages import ChannelPlace
from service.commands.account import sign_in_service_account
from service.posting import check_posters, make_account, make_poster, missing_for_account, places_of
from service.settings import BadSettings, Settings
from store import notebook

ACCOUNT = {
    "TASKING_ACCOUNT_AUTHORITY": "https://login.microsoftonline.com/force.example",
    "TASKING_ACCOUNT_CLIENT_ID": "tasking-poster",
    "TASKING_ACCOUNT_CLIENT_SECRET": "secret-geheim",
    "TASKING_ACCOUNT_REDIRECT_URI": "http://localhost/signed-in",
    "TASKING_TOKEN_CACHE": "account.bin",
    "TASKING_TOKEN_CACHE_KEY": Fernet.generate_key().decode(),
}
BY_ACCOUNT = small_force(meetings=tuple(replace(each, poster="teams_channel") for each in small_force().meetings))


def settings(**variables: str) -> Settings:
    return Settings.read({"TASKING_DATABASE_URL": "sqlite://"} | variables)


def faults(wanted: Settings, force: Any) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        check_posters(wanted, force)
    return caught.value.faults


def test_webhooks_need_no_account() -> None:
    check_posters(settings(), small_force())
    assert make_account(settings(), SetClock()) is None


def test_a_poster_that_does_not_exist_is_told_where_it_is_named() -> None:
    assert faults(settings(TASKING_POSTER="pigeon"), small_force()) == [
        "TASKING_POSTER: there is no poster 'pigeon'; there are teams_workflow, teams_channel."
    ]
    force = small_force(meetings=(replace(small_force().meetings[0], poster="drum"),))
    assert faults(settings(), force) == [
        "force.yaml, meeting PKS_DAILY: there is no poster 'drum'; there are teams_workflow, teams_channel."
    ]


def test_what_the_account_still_needs_is_told_by_the_settings_names() -> None:
    missing = {name for name in ACCOUNT if name != "TASKING_ACCOUNT_REDIRECT_URI"}
    assert set(missing_for_account(settings())) == missing
    assert faults(settings(), BY_ACCOUNT) == [
        f"{name} is needed for the poster teams_channel." for name in missing_for_account(settings())
    ]
    check_posters(settings(**ACCOUNT), BY_ACCOUNT)


def test_no_secret_of_the_account_shows() -> None:
    shown = repr(settings(**ACCOUNT))
    assert "geheim" not in shown
    assert ACCOUNT["TASKING_TOKEN_CACHE_KEY"] not in shown


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TASKING_ACCOUNT_AUTHORITY", "http://login.example/tenant", "https address"),
        ("TASKING_ACCOUNT_AUTHORITY", "http://localhost/tenant", "https address"),
        ("TASKING_TOKEN_CACHE_KEY", "geheim", "32 random bytes"),
        ("TASKING_RECORD_URL", "https://x/{task}", r"may hold {reference} and no other braces"),
        ("TASKING_PACK_URL", "https://x/{0}", r"may hold {pack_id} and no other braces"),
    ],
)
def test_a_setting_that_cannot_be_used_is_told_without_its_value(name: str, value: str, words: str) -> None:
    with pytest.raises(BadSettings) as caught:
        settings(**{name: value})
    assert caught.value.faults[0].startswith(f"{name}: ")
    assert words in caught.value.faults[0]
    assert value not in caught.value.faults[0]


@pytest.mark.anyio
async def test_the_account_speaks_where_config_says_so_and_the_webhook_elsewhere() -> None:
    first, *others = small_force().meetings
    force = small_force(meetings=(replace(first, poster="teams_channel"), *others))
    wanted = settings(**ACCOUNT)
    with open_desk(force) as desk:
        poster = make_poster(wanted, force, desk.store, make_account(wanted, desk.clock))
        await poster.aclose()
    assert posters_in_use(force, wanted.poster) == {"teams_workflow", "teams_channel"}


def test_a_channels_place_is_where_provisioning_noted_it() -> None:
    with open_desk() as desk:
        with desk.store.open() as connection:
            notebook.provision(connection, "channel", "HP_DAILY", "19:x@thread.tacv2", {"team_id": "t"}, MORNING)
        place_of = places_of(desk.store)
        assert place_of("HP_DAILY") == ChannelPlace("t", "19:x@thread.tacv2")
        assert place_of("DD_DAILY") is None


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    """A tenant over https with the account and its app."""
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        people = [{"upn": "tasking@peakshire.example", "display_name": "Tasking service"}]
        running.control("seed", {"people": people})
        running.register(
            "tasking-poster",
            secrets=["secret-geheim"],
            redirect_uris=[ACCOUNT["TASKING_ACCOUNT_REDIRECT_URI"]],
            permissions={"delegated": ["ChannelMessage.Send"]},
        )
        yield running


def signed_in(folder: Path) -> list[tuple[str, ...]]:
    """Who signed what in, by the audit log, with everything else that its rows say."""
    connection = sqlite3.connect(folder / "tasking.db")
    query = "SELECT actor, object_ref, changes FROM audit_log WHERE kind = 'SIGN_IN'"
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def command(folder: Path, secure: SecureEmulator, *arguments: str, typed: str = "", **more: str) -> Any:
    """`tasking sign-in-service-account` against this tenant, with this typed in."""
    variables = environment(folder) | ACCOUNT | {"TASKING_ACCOUNT_AUTHORITY": secure.authority}
    variables |= {"TASKING_TOKEN_CACHE": str(folder / "account.bin"), "REQUESTS_CA_BUNDLE": str(secure.ca)} | more
    with root_logger_restored():
        return CliRunner(env=variables).invoke(sign_in_service_account, arguments, input=typed)


def test_the_command_shows_where_to_sign_in_takes_the_address_back_and_says_until_when(
    tmp_path: Path, secure: SecureEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_a_person(prompt: str) -> str:
        with Browser(secure) as browser:
            browser.open(shown[-1]).press("Tasking service")
            return str(browser.page.headers["location"])

    shown: list[str] = []
    real = "service.commands.account.console.print"
    monkeypatch.setattr(real, lambda words, **options: shown.append(str(words)))
    monkeypatch.setattr("service.commands.account.click.prompt", as_a_person)
    new_database(tmp_path)
    result = command(tmp_path, secure, "--as", "amy@peakshire.example")
    assert result.exit_code == 0, result.output
    assert shown[1].startswith(f"{secure.endpoint}/authorize?")
    assert shown[2].startswith("tasking@peakshire.example is signed in. Last renewed ")
    assert command(tmp_path, secure, "--show").exit_code == 0
    assert shown[-1].startswith("without another renewal it ends on ")
    assert signed_in(tmp_path) == [("amy@peakshire.example", "service account", "{}")], "looking is no signing in"


def test_a_sign_in_that_does_not_come_off_ends_with_1_and_a_sentence(tmp_path: Path, secure: SecureEmulator) -> None:
    new_database(tmp_path)
    result = command(tmp_path, secure, typed="not-a-code\n")
    assert result.exit_code == 1
    assert "The service account cannot be signed in (invalid_grant)" in result.output
    assert not (tmp_path / "account.bin").exists()
    assert signed_in(tmp_path) == []


def test_without_settings_or_sign_in_the_command_ends_with_2_and_says_so(
    tmp_path: Path, secure: SecureEmulator
) -> None:
    result = command(tmp_path, secure, TASKING_TOKEN_CACHE_KEY="")
    assert (result.exit_code, "TASKING_TOKEN_CACHE_KEY is needed" in result.output) == (2, True)
    result = command(tmp_path, secure, "--show")
    assert (result.exit_code, "Nobody has signed the service account in yet." in result.output) == (2, True)
