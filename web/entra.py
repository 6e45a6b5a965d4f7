"""Sign-in in a browser: OpenID Connect's authorization code flow with PKCE, by Microsoft's own library.

Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow; MSAL checks state, nonce and PKCE.
"""

import asyncio
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from web.tab import TabSettings
from web.tokens import IssuerUnreachable, TokenRefused

ASK_SECONDS = 10
MICROSOFTS = "login.microsoftonline.com"
"""Where MSAL may ask Microsoft whether an authority is one; any other address is taken as it was configured."""


class CodeFlow:
    """The two halves of a sign-in. MSAL is synchronous, so both run in a thread. Nothing is kept between them here."""

    def __init__(self, settings: TabSettings) -> None:
        self._settings = settings

    async def begin(self) -> dict[str, Any]:
        """MSAL's flow: its `auth_uri` is where the browser goes; the rest is secret. Raises IssuerUnreachable."""
        address = f"{self._settings.url}/signed-in"

        def beginning(app: Any) -> dict[str, Any]:
            with warnings.catch_warnings():  # MSAL would rather have a form posted, which a Lax cookie does not survive
                warnings.simplefilter("ignore", UserWarning)
                flow: dict[str, Any] = app.initiate_auth_code_flow([], redirect_uri=address)
            return flow

        return await asyncio.to_thread(self._with_msal, beginning)

    async def finish(self, flow: Mapping[str, Any], answer: Mapping[str, str]) -> str:
        """The id token, once Entra has sent the browser back with `answer`. Raises TokenRefused, IssuerUnreachable."""

        def finishing(app: Any) -> Any:
            return app.acquire_token_by_auth_code_flow(dict(flow), dict(answer))

        try:
            got = await asyncio.to_thread(self._with_msal, finishing)
        except (ValueError, RuntimeError):  # another state or nonce than we gave, or an id token for somebody else
            raise TokenRefused("This is not the answer to the sign-in that was begun here.") from None
        if not isinstance(got, Mapping) or "id_token" not in got:
            raise TokenRefused("Microsoft did not sign you in.")
        return str(got["id_token"])

    def _with_msal(self, call: Callable[[Any], Any]) -> Any:
        connection = _connection(self._settings.ca_file)
        try:
            return call(_application(self._settings, connection))
        except OSError as error:  # requests' errors are OSErrors
            raise IssuerUnreachable("Microsoft's sign-in does not answer at the moment.") from error
        finally:
            connection.close()


def _connection(ca_file: str) -> Any:
    """What MSAL asks through. With certificates of our own the environment is left out of it: requests would let its
    REQUESTS_CA_BUNDLE win over them."""
    connection: Any = import_module("requests").Session()
    if ca_file:
        connection.verify, connection.trust_env = ca_file, False
    connection.request = partial(connection.request, timeout=ASK_SECONDS)
    return connection


def _application(settings: TabSettings, connection: Any) -> Any:
    module: Any = import_module("msal")  # by name: it has no types
    try:
        return module.ConfidentialClientApplication(
            settings.client_id,
            authority=settings.authority,
            client_credential=settings.client_secret,
            http_client=connection,
            instance_discovery=urlsplit(settings.authority).hostname == MICROSOFTS,
            exclude_scopes=["offline_access"],
        )
    except ValueError as error:  # what answered is no sign-in service
        raise IssuerUnreachable("Microsoft's sign-in does not answer at the moment.") from error
