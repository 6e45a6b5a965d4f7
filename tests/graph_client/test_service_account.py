"""The service account: a person signs in once, the sign-in is kept encrypted and renews itself, and its end is told."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from cryptography.fernet import Fernet

from graph_client.channel_messages import ChannelMessages, ChannelPlace
from graph_client.service_account import (
    AccountApp,
    AccountCredential,
    ServiceAccount,
    SignInFailed,
    SignInUnreachable,
)
from graph_client.token_vault import FileVault, KeptSignIn, VaultUnreadable
from graph_client.transport import GraphTransport
from tests.secure_emulator import Browser, SecureEmulator, secure_emulator

pytestmark = pytest.mark.anyio

APP_ID, SECRET, BACK = "tasking-poster", "a-secret-of-the-tests", "http://localhost/signed-in"
UPN = "tasking@peakshire.example"
KEY = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def secure_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def secure(secure_process: SecureEmulator, monkeypatch: pytest.MonkeyPatch) -> SecureEmulator:
    """A tenant with the account in a team, and an app that may send channel messages for a person and nothing else."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    secure_process.tenant.reset()
    people = [{"upn": UPN, "display_name": "Tasking service"}]
    group = {"mail_nickname": "hp", "display_name": "Northfell", "members": [UPN]}
    secure_process.control("seed", {"people": people, "groups": [group]})
    secure_process.register(
        APP_ID, secrets=[SECRET], redirect_uris=[BACK], permissions={"delegated": ["ChannelMessage.Send"]}
    )
    return secure_process


class Clock:
    """The time as a test sets it."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def now(self) -> datetime:
        """UTC."""
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vault(tmp_path: Path) -> FileVault:
    return FileVault(tmp_path / "kept" / "account.bin", KEY)


@pytest.fixture
def account(secure: SecureEmulator, vault: FileVault, clock: Clock) -> ServiceAccount:
    return ServiceAccount(app_of(secure), vault, clock.now)


def app_of(secure: SecureEmulator) -> AccountApp:
    return AccountApp(APP_ID, SECRET, secure.authority, BACK, str(secure.ca))


def signed_in(account: ServiceAccount, secure: SecureEmulator) -> str:
    """Signs the account in as a person would; the address that the browser was sent to."""
    flow = account.begin()
    with Browser(secure) as browser:
        browser.open(flow["auth_uri"]).press("Tasking service")
        address = str(browser.page.headers["location"])
    account.finish(flow, address)
    return address


async def test_a_person_signs_in_once_and_the_account_posts_ever_after(
    account: ServiceAccount, secure: SecureEmulator, vault: FileVault, clock: Clock
) -> None:
    signed_in(account, secure)
    another_process = ServiceAccount(app_of(secure), vault, clock.now)
    teams, now = secure.tenant.teams, secure.tenant.clock.now()
    team = teams.add_team(next(iter(secure.tenant.directory.groups)), now)
    channel = teams.add_channel(team, "Daily tasking", now)
    messages = ChannelMessages(GraphTransport(AccountCredential(another_process), secure.graph_url, batching=False))
    message_id = await messages.post(ChannelPlace(team.id, channel.id), '{"type":"AdaptiveCard","version":"1.4"}')
    await messages.aclose()
    assert [message.id for message in channel.messages] == [message_id]
    assert channel.messages[0].sender["user"]["displayName"] == "Tasking service"


async def test_the_sign_in_asks_for_nothing_but_sending_and_proves_itself_with_pkce(
    account: ServiceAccount, secure: SecureEmulator
) -> None:
    flow = account.begin()
    assert "code_challenge_method=S256" in flow["auth_uri"]
    assert "ChannelMessage.Send" in flow["auth_uri"]
    assert "ReadWrite" not in flow["auth_uri"]


async def test_the_code_alone_will_do_too(account: ServiceAccount, secure: SecureEmulator) -> None:
    flow = account.begin()
    with Browser(secure) as browser:
        code = browser.open(flow["auth_uri"]).press("Tasking service").answer()["code"]
    assert account.finish(flow, f"  {code}\n").username == UPN


async def test_the_answer_to_another_sign_in_is_refused(account: ServiceAccount, secure: SecureEmulator) -> None:
    with pytest.raises(SignInFailed, match="not the answer to this sign-in"):
        account.finish(account.begin(), f"{BACK}?code=x&state=of-another")
    with pytest.raises(SignInFailed, match="invalid_grant"):
        account.finish(account.begin(), "not-a-code")
    assert account.standing() is None


async def test_what_is_kept_is_encrypted_and_for_its_owner_alone(
    account: ServiceAccount, secure: SecureEmulator, tmp_path: Path, vault: FileVault
) -> None:
    signed_in(account, secure)
    (file,) = (tmp_path / "kept").iterdir()
    kept = vault.read()
    assert kept is not None
    assert "refresh_token" in kept.cache.casefold() or "RefreshToken" in kept.cache
    for secret in (b"tasking@", b"RefreshToken", SECRET.encode()):
        assert secret not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


async def test_an_access_token_is_kept_until_shortly_before_its_end_and_then_renewed_silently(
    account: ServiceAccount, secure: SecureEmulator, clock: Clock
) -> None:
    signed_in(account, secure)
    first = await account.token()
    assert (await account.token()) is first, "nobody was asked for it again"
    assert first.expires_on > clock.now().timestamp() + 3000
    clock.at += timedelta(hours=1)
    assert (await account.token()) is not first


async def test_every_renewal_gives_the_sign_in_its_whole_life_again(
    account: ServiceAccount, secure: SecureEmulator, clock: Clock
) -> None:
    signed_in(account, secure)
    clock.at += timedelta(days=20)
    standing = await account.renew()
    assert standing.ends_at - clock.now() == timedelta(days=90)
    assert account.standing() == standing


async def test_a_sign_in_that_was_ended_by_an_administrator_is_not_permitted_without_naming_anybody(
    account: ServiceAccount, secure: SecureEmulator
) -> None:
    signed_in(account, secure)
    secure.control("sign_in/revoke", {"user": UPN})
    with pytest.raises(SignInFailed, match=r"\(invalid_grant\): a person has to sign in again") as failed:
        await account.renew()
    assert "tasking@" not in str(failed.value)


async def test_before_the_first_sign_in_there_is_no_token(account: ServiceAccount) -> None:
    assert account.standing() is None
    with pytest.raises(ClientAuthenticationError, match="Nobody has signed the service account in yet"):
        await AccountCredential(account).get_token("whatever")


async def test_a_sign_in_service_that_does_not_answer_is_for_later(
    account: ServiceAccount, secure: SecureEmulator, vault: FileVault, clock: Clock
) -> None:
    signed_in(account, secure)
    away = replace(app_of(secure), authority="https://localhost:1/tenant")
    lost = ServiceAccount(away, vault, clock.now)
    with pytest.raises(SignInUnreachable):
        await lost.renew()
    with pytest.raises(ServiceRequestError):
        await AccountCredential(lost).get_token("whatever")


def test_a_cache_of_another_key_or_of_nobodys_is_told_and_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "account.bin"
    kept = KeptSignIn("cache", UPN, datetime.now(UTC))
    FileVault(path, KEY).write(kept)
    assert FileVault(path, KEY).read() == kept
    with pytest.raises(VaultUnreadable, match="another key"):
        FileVault(path, Fernet.generate_key().decode()).read()
    path.write_bytes(b"something else")
    with pytest.raises(VaultUnreadable):
        FileVault(path, KEY).read()
    with pytest.raises(VaultUnreadable, match="cannot be read"):
        FileVault(tmp_path, KEY).read()
    with pytest.raises(VaultUnreadable, match="cannot be written"):
        FileVault(path / "below", KEY).write(kept)


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(ValueError):
        FileVault(Path("x"), "no key")
