"""Looks whether a token is what it says: signed by the tenant, for us, by the right issuer, in its time.

Source: learn.microsoft.com/entra/identity-platform/access-tokens (validate tokens) and id-token-claims-reference.
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt

LEEWAY_SECONDS = 60
KEYS_SECONDS = 24 * 3600
"""Entra says that its keys should be asked for at least once a day."""
LEAST_SECONDS_BETWEEN = 60
"""A token that names an unknown key makes us ask for keys anew, though not more often than this."""
NEEDED = ["aud", "exp", "iat", "iss", "tid", "oid"]
SSO_SCOPE = "access_as_user"


class TokenRefused(Exception):
    """The token does not prove who somebody is. The text says why, and holds nothing of the token."""


class IssuerUnreachable(Exception):
    """Entra did not answer, or not as it should: later."""


@dataclass(slots=True)
class _Keys:
    """The tenant's issuer and its signing keys, as last asked for."""

    issuer: str
    end_session: str
    by_id: Mapping[str, Any]
    asked_at: float


@dataclass(slots=True)
class TokenVerifier:
    """Verifies tokens of one tenant for one app. `authority` is trusted because it is reached by https."""

    authority: str
    client_id: str
    api_uri: str
    ca_file: str = ""
    seconds: Callable[[], float] = time.monotonic
    _keys: _Keys | None = field(default=None, init=False)

    async def of_the_tab(self, token: str) -> Mapping[str, Any]:
        """Claims of a token that Teams got for the tab: for our interface, with the scope access_as_user.

        Raises TokenRefused, IssuerUnreachable.
        """
        claims = await self._verified(token, [self.client_id, self.api_uri])
        if SSO_SCOPE not in str(claims.get("scp", "")).split():
            raise TokenRefused("The token was not given for this tab.")
        return claims

    async def of_a_sign_in(self, token: str) -> Mapping[str, Any]:
        """Claims of an id token. Raises as `of_the_tab` does."""
        return await self._verified(token, [self.client_id])

    async def end_session_address(self) -> str:
        """Where somebody signs out of Microsoft altogether. Raises IssuerUnreachable."""
        return (await self._known_keys()).end_session

    async def _verified(self, token: str, audiences: list[str]) -> Mapping[str, Any]:
        keys, key = await self._key_of(token)
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                audience=audiences,
                issuer=keys.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": NEEDED},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefused("The token's time is over.") from None
        except jwt.InvalidAudienceError:
            raise TokenRefused("The token is for somebody else.") from None
        except jwt.InvalidIssuerError:
            raise TokenRefused("The token is from another issuer.") from None
        except jwt.InvalidTokenError:
            raise TokenRefused("The token is not whole, or not signed by the tenant.") from None
        if f"/{claims['tid']}/" not in keys.issuer:
            raise TokenRefused("The token is from another tenant.")
        return claims

    async def _key_of(self, token: str) -> tuple[_Keys, Any]:
        try:
            name = jwt.get_unverified_header(token).get("kid")
        except jwt.InvalidTokenError:
            raise TokenRefused("This is no token.") from None
        keys = await self._known_keys()
        if not isinstance(name, str):
            raise TokenRefused("The token names no key.")
        if name not in keys.by_id and self.seconds() - keys.asked_at > LEAST_SECONDS_BETWEEN:
            keys = await self._ask()
        if name not in keys.by_id:
            raise TokenRefused("The token is signed with a key that the tenant does not have.")
        return keys, keys.by_id[name]

    async def _known_keys(self) -> _Keys:
        if self._keys is None or self.seconds() - self._keys.asked_at > KEYS_SECONDS:
            return await self._ask()
        return self._keys

    async def _ask(self) -> _Keys:
        """The issuer's own word of itself and its keys, by OpenID Connect discovery."""
        trust = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
        try:
            async with httpx.AsyncClient(verify=trust, timeout=10) as client:
                told = await _json(client, f"{self.authority}/v2.0/.well-known/openid-configuration")
                found = await _json(client, str(told["jwks_uri"]))
            by_id = {each["kid"]: jwt.PyJWK(each, algorithm="RS256") for each in found["keys"]}
            self._keys = _Keys(str(told["issuer"]), str(told["end_session_endpoint"]), by_id, self.seconds())
        except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            raise IssuerUnreachable("Microsoft's sign-in does not answer at the moment.") from error
        return self._keys


async def _json(client: httpx.AsyncClient, address: str) -> Any:
    answer = await client.get(address)
    answer.raise_for_status()
    return answer.json()
