"""Tokens: who is calling, what each app was consented to, and the issuer that signs tokens and reads them back.

Expiry follows the real clock, since credential libraries compare it with theirs.
"""

import secrets
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from m365_emulator.sign_in.signing_keys import KeyRing

GRAPH_AUDIENCE = "https://graph.microsoft.com"
GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
MANAGED_IDENTITY_SECONDS = 24 * 3600
DEFAULT_APP_ID = "7d1f6a0e-52b1-4c55-9c07-3f6a1f1b2a10"
DEFAULT_APP_OBJECT_ID = "b5a3c9d4-8e0f-4b6e-a2f7-6c1d0e9b8a21"
PERSON_APP_ID = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
READ_TOKENS_KEPT = 1000

DEFAULT_GRANTS = frozenset(
    {
        "Tasks.ReadWrite.All",
        "Group.ReadWrite.All",
        "GroupMember.ReadWrite.All",
        "User.Read.All",
        "Team.ReadBasic.All",
        "Channel.ReadBasic.All",
        "Channel.Create",
        "Sites.Selected",
        "Sites.Manage.All",
        "Sites.ReadWrite.All",
        "Files.ReadWrite.All",
    }
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call: an app alone (`user_id` is None) or an app for a person, and what it may do."""

    app_id: str
    user_id: str | None
    permissions: frozenset[str]

    @property
    def is_app_only(self) -> bool:
        """True for an application token: no person stands behind it."""
        return self.user_id is None


class TokenRefused(Exception):
    """The token is absent, garbled, forged, out of its time or for somebody else; the text says which.

    `kind` is 'lifetime' or 'audience' for those two, 'forged' for the rest.
    """

    def __init__(self, text: str, kind: str = "forged") -> None:
        super().__init__(text)
        self.kind = kind


@dataclass(slots=True)
class Consent:
    """Which application permissions each app has been granted; read when a token is issued."""

    granted: dict[str, set[str]] = field(default_factory=dict)

    def change(self, app_id: str, grant: list[str], revoke: list[str]) -> set[str]:
        """Add and take away permissions of one app; returns what it holds then."""
        held = self.granted.setdefault(app_id, set())
        held |= set(grant)
        held -= set(revoke)
        return held

    def of(self, app_id: str) -> list[str]:
        """The permissions of one app, sorted; none for an app nobody consented to."""
        return sorted(self.granted.get(app_id, ()))


class TokenIssuer:
    """Signs tokens with the tenant's newest key, and reads back those of all its keys.

    Tokens for Graph carry the issuer of version 1.0 (sts.windows.net), as Graph's own do; id tokens and tokens for
    the tenant's apps carry the version 2.0 issuer of the address at which they were asked for.
    """

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.issuer = f"https://sts.windows.net/{tenant_id}/"
        self.keys = KeyRing()
        self._issuers = {self.issuer}
        self._read: dict[str, tuple[float, Caller]] = {}

    def app_token(self, app_id: str, object_id: str, roles: list[str], seconds: int) -> str:
        """A Graph token of an app alone; without roles when nothing was consented, as Entra does."""
        claims: dict[str, Any] = {"oid": object_id, "sub": object_id, "idtyp": "app", "appidacr": "1"}
        if roles:
            claims["roles"] = roles
        return self._for_graph(app_id, claims, seconds)

    def person_token(
        self, app_id: str, user_id: str, scopes: list[str], seconds: int, more: Mapping[str, Any] | None = None
    ) -> str:
        """A Graph token of an app acting for a person; `more` are claims about the person."""
        claims = dict(more or {}) | {"oid": user_id, "idtyp": "user", "scp": " ".join(scopes)}
        return self._for_graph(app_id, claims | {"sub": pairwise(GRAPH_APP_ID, user_id)}, seconds)

    def token_for(self, base_url: str, audience: str, claims: Mapping[str, Any], seconds: int) -> str:
        """A version 2.0 token for an app of the tenant: an id token, or an access token for its own interface."""
        issuer = self.issuer_at(base_url)
        self._issuers.add(issuer)
        common = {"aud": audience, "iss": issuer, "tid": self.tenant_id, "ver": "2.0"}
        return self.keys.sign(common | _times(seconds) | dict(claims))

    def issuer_at(self, base_url: str) -> str:
        """The version 2.0 issuer, named by the address that the client used."""
        return f"{base_url}/{self.tenant_id}/v2.0"

    def rotate_key(self, *, forget_old: bool) -> str:
        """Sign with a new key; tokens under forgotten keys are refused from now on. Returns the new key's id."""
        self._read.clear()
        return self.keys.rotate(forget_old=forget_old)

    def read(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header. TokenRefused says what is wrong with it."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise TokenRefused("Access token is empty.")
        known = self._read.get(token)
        if known is not None and known[0] > time.time():
            return known[1]
        claims = self.verified(token, (GRAPH_AUDIENCE, GRAPH_APP_ID))
        caller = _caller(claims)
        if len(self._read) >= READ_TOKENS_KEPT:
            self._read.clear()
        self._read[token] = (float(claims["exp"]), caller)
        return caller

    def verified(self, token: str, audiences: Collection[str]) -> dict[str, Any]:
        """The claims of a token that this tenant signed for one of the audiences; TokenRefused for any other."""
        try:
            key = self.keys.public(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                raise TokenRefused("Access token validation failure. The signing key is not known.")
            required = ["aud", "exp", "iss", "tid"]
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=["RS256"], audience=list(audiences), options={"require": required}
            )
        except jwt.ExpiredSignatureError as fault:
            raise TokenRefused("Lifetime validation failed, the token is expired.", "lifetime") from fault
        except jwt.ImmatureSignatureError as fault:
            raise TokenRefused("Lifetime validation failed, the token is not valid yet.", "lifetime") from fault
        except jwt.InvalidAudienceError as fault:
            raise TokenRefused("Access token validation failure. Invalid audience.", "audience") from fault
        except (jwt.InvalidTokenError, OverflowError) as fault:
            raise TokenRefused("IDX14100: JWT is not well formed, or its signature is not valid.") from fault
        if str(claims["iss"]) not in self._issuers or claims["tid"] != self.tenant_id:
            raise TokenRefused("Access token validation failure. Invalid issuer.")
        return claims

    def _for_graph(self, app_id: str, claims: Mapping[str, Any], seconds: int) -> str:
        common = {"aud": GRAPH_AUDIENCE, "iss": self.issuer, "tid": self.tenant_id, "appid": app_id, "ver": "1.0"}
        return self.keys.sign(common | _times(seconds) | dict(claims))


def pairwise(client_id: str, user_id: str) -> str:
    """A person's `sub`: the same for one app always, another for each app."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{client_id}/{user_id}"))


def _times(seconds: int) -> dict[str, Any]:
    now = int(time.time())
    return {"iat": now, "nbf": now - 5, "exp": now + seconds, "uti": secrets.token_urlsafe(12)}


def _caller(claims: Mapping[str, Any]) -> Caller:
    app_id, object_id, scopes, roles = (claims.get(name) for name in ("appid", "oid", "scp", "roles"))
    if not isinstance(app_id, str):
        raise TokenRefused("Access token validation failure. The token names no app.")
    if scopes is not None:
        if not isinstance(object_id, str):
            raise TokenRefused("Access token validation failure. The token names no person.")
        return Caller(app_id, object_id, frozenset(str(scopes).split()))
    return Caller(app_id, None, frozenset(map(str, roles)) if isinstance(roles, list) else frozenset())
