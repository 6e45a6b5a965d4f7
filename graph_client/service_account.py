"""The delegated identity: an account that a person signed in once, kept alive by its refresh token, for what Graph lets
no app do by itself. Here that is one thing: sending channel messages.

MSAL's authorization code flow with PKCE for a confidential client; the refresh token lives 90 days from its last use.
Source: learn.microsoft.com/entra/identity-platform/refresh-tokens and v2-oauth2-auth-code-flow.
"""

import asyncio
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from graph_client.token_vault import FileVault, KeptSignIn, VaultUnreadable

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken

SCOPES = ("https://graph.microsoft.com/ChannelMessage.Send",)
LIFE = timedelta(days=90)
ASK_SECONDS = 10
SPARE_SECONDS = 300
"""An access token is used no longer than until so long before its end."""
MICROSOFTS = "login.microsoftonline.com"
"""Where MSAL may ask Microsoft whether an authority is one; any other address is taken as it was configured."""


class SignInFailed(Exception):
    """No sign-in, or it does not hold any more: a person has to sign in. The text names no token and no person."""


class SignInUnreachable(Exception):
    """The sign-in service did not answer: later."""


@dataclass(frozen=True, slots=True)
class AccountApp:
    """The app registration that the account signs in to. `authority` is https://login.microsoftonline.com/TENANT.

    `verify` is requests' own: a file of certificates to trust in place of the usual ones.
    """

    client_id: str
    secret: str
    authority: str
    redirect_uri: str
    verify: bool | str = True


@dataclass(frozen=True, slots=True)
class Standing:
    """How the account stands. Times are UTC; `ends_at` is when the sign-in dies if it is not used before."""

    username: str
    renewed_at: datetime

    @property
    def ends_at(self) -> datetime:
        """90 days after its last renewal."""
        return self.renewed_at + LIFE


class ServiceAccount:
    """One account. `now` is the time, UTC. MSAL is synchronous, so the async methods work in a thread."""

    def __init__(self, app: AccountApp, vault: FileVault, now: Callable[[], datetime]) -> None:
        self._app = app
        self._vault = vault
        self._now = now
        self._lock = threading.Lock()
        self._token_in_use: AccessToken | None = None

    def begin(self) -> dict[str, Any]:
        """Starts a sign-in: MSAL's flow, whose `auth_uri` a person opens. Give it to `finish`. Asks the network."""
        with warnings.catch_warnings():  # MSAL would rather have a form posted; here a person carries the address over
            warnings.simplefilter("ignore", UserWarning)
            with _Msal(self._app, "") as msal:
                flow: dict[str, Any] = msal.app.initiate_auth_code_flow(
                    list(SCOPES), redirect_uri=self._app.redirect_uri, prompt="select_account"
                )
        return flow

    def finish(self, flow: Mapping[str, Any], answer: str) -> Standing:
        """Ends a sign-in with the address that the browser was sent to, or the code in it; keeps it.

        Raises SignInFailed, SignInUnreachable, VaultUnreadable.
        """
        with self._lock, _Msal(self._app, "") as msal:
            try:
                got = msal.app.acquire_token_by_auth_code_flow(dict(flow), _answer_in(answer, flow))
            except ValueError as error:
                raise SignInFailed("This is not the answer to this sign-in: begin again.") from error
            _token_in(got)
            return self._keep(msal)

    def standing(self) -> Standing | None:
        """How it stands, None before the first sign-in. Raises VaultUnreadable."""
        kept = self._vault.read()
        return Standing(kept.username, kept.renewed_at) if kept else None

    async def renew(self) -> Standing:
        """Uses the refresh token now, from when it lives its whole life again. Raises as `token` does."""
        return await asyncio.to_thread(self._renew)

    async def token(self) -> "AccessToken":
        """An access token, renewed where the last has run out.

        Raises SignInFailed, SignInUnreachable, VaultUnreadable.
        """
        return await asyncio.to_thread(self._token)

    def _renew(self) -> Standing:
        with self._lock, _Msal(self._app, self._kept().cache) as msal:
            _token_in(msal.silently(force_refresh=True))
            return self._keep(msal)

    def _token(self) -> "AccessToken":
        from azure.core.credentials import AccessToken

        now = int(self._now().timestamp())
        with self._lock:
            if self._token_in_use is None or self._token_in_use.expires_on - SPARE_SECONDS < now:
                with _Msal(self._app, self._kept().cache) as msal:
                    got = _token_in(msal.silently())
                    if msal.cache.has_state_changed:
                        self._keep(msal)
                    self._token_in_use = AccessToken(got["access_token"], now + int(got["expires_in"]))
            return self._token_in_use

    def _kept(self) -> KeptSignIn:
        """Read anew each time: another process may have renewed it."""
        kept = self._vault.read()
        if kept is None:
            raise SignInFailed("Nobody has signed the service account in yet.")
        return kept

    def _keep(self, msal: "_Msal") -> Standing:
        self._token_in_use = None
        username = str(msal.app.get_accounts()[0].get("username", ""))
        self._vault.write(KeptSignIn(msal.cache.serialize(), username, self._now()))
        return Standing(username, self._now())


class AccountCredential:
    """The account as azure-core's AsyncTokenCredential, for the Graph SDK. Whatever is asked for, it has one scope."""

    def __init__(self, account: ServiceAccount) -> None:
        self._account = account

    async def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        """A token. Raises azure-core's ClientAuthenticationError, or ServiceRequestError where nobody answered."""
        from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

        try:
            return await self._account.token()
        except (SignInFailed, VaultUnreadable) as error:
            raise ClientAuthenticationError(str(error)) from error
        except SignInUnreachable as error:
            raise ServiceRequestError(str(error)) from error

    async def close(self) -> None:
        """Holds nothing open."""

    async def __aenter__(self) -> "AccountCredential":
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()


class _Msal:
    """MSAL's application for the length of a block; its connections are closed afterwards. OSErrors are told apart."""

    def __init__(self, app: AccountApp, cache: str) -> None:
        module: Any = import_module("msal")  # by name: it has no types
        self._asked = app
        self.cache: Any = module.SerializableTokenCache()
        if cache:
            self.cache.deserialize(cache)
        self._make = module.ConfidentialClientApplication
        self.app: Any = None

    def silently(self, force_refresh: bool = False) -> Any:
        """A token without a person, as MSAL answers. Raises SignInFailed where nobody has signed in."""
        accounts = self.app.get_accounts()
        if not accounts:
            raise SignInFailed("Nobody has signed the service account in yet.")
        return self.app.acquire_token_silent_with_error(list(SCOPES), accounts[0], force_refresh=force_refresh)

    def __enter__(self) -> "_Msal":
        try:
            self.app = self._make(
                self._asked.client_id,
                authority=self._asked.authority,
                client_credential=self._asked.secret,
                token_cache=self.cache,
                verify=self._asked.verify,
                timeout=ASK_SECONDS,
                instance_discovery=urlsplit(self._asked.authority).hostname == MICROSOFTS,
            )
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            raise SignInUnreachable("The sign-in service did not answer, or not as one.") from error
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self.app.http_client.close()
        if isinstance(error, OSError):
            raise SignInUnreachable("The sign-in service did not answer.") from error


def _token_in(got: Any) -> Mapping[str, Any]:
    """MSAL's answer, if it holds a token. Raises SignInFailed with Entra's error code and nothing else of it."""
    if isinstance(got, Mapping) and "access_token" in got:
        return got
    code = got.get("error", "") if isinstance(got, Mapping) else ""
    plain = code if isinstance(code, str) and code.replace("_", "").isalpha() else "no token"
    raise SignInFailed(f"The service account cannot be signed in ({plain}): a person has to sign in again.")


def _answer_in(answer: str, flow: Mapping[str, Any]) -> dict[str, Any]:
    """What the browser was sent back with: from the whole address, or from the code alone."""
    answer = answer.strip()
    if "code=" in answer or "error=" in answer:
        query = parse_qs(urlsplit(answer).query or answer.partition("?")[2] or answer)
        return {name: values[0] for name, values in query.items()}
    return {"code": answer, "state": flow.get("state")}
