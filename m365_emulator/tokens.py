"""Sign-in: RS256 tokens, the App Service managed-identity endpoint and the client-credentials endpoint.

Expiry follows the real clock, since credential libraries compare it with theirs.
"""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

GRAPH_AUDIENCE = "https://graph.microsoft.com"
MANAGED_IDENTITY_SECONDS = 24 * 3600
CLIENT_CREDENTIAL_SECONDS = 3599
DEFAULT_APP_ID = "7d1f6a0e-52b1-4c55-9c07-3f6a1f1b2a10"
DEFAULT_APP_OBJECT_ID = "b5a3c9d4-8e0f-4b6e-a2f7-6c1d0e9b8a21"
PERSON_APP_ID = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"

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
    """The bearer token is absent, garbled, expired or for another audience; the text says which."""


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
    """Signs tokens with a key made at start, and reads them back."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.issuer = f"https://sts.windows.net/{tenant_id}/"
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._public = self._key.public_key()
        self._key_id = secrets.token_urlsafe(16)

    def app_token(self, app_id: str, object_id: str, roles: list[str], seconds: int) -> str:
        """A token of an app alone; without roles when nothing was consented, as Entra does."""
        claims: dict[str, Any] = {"oid": object_id, "sub": object_id, "idtyp": "app"}
        if roles:
            claims["roles"] = roles
        return self._sign(app_id, claims, seconds)

    def person_token(self, app_id: str, user_id: str, scopes: list[str], seconds: int) -> str:
        """A token of an app acting for a person."""
        claims = {"oid": user_id, "sub": user_id, "idtyp": "user", "scp": " ".join(scopes)}
        return self._sign(app_id, claims, seconds)

    def _sign(self, app_id: str, claims: dict[str, Any], seconds: int) -> str:
        now = int(time.time())
        common = {"aud": GRAPH_AUDIENCE, "iss": self.issuer, "tid": self.tenant_id, "appid": app_id, "ver": "1.0"}
        times = {"iat": now, "nbf": now - 5, "exp": now + seconds, "uti": secrets.token_urlsafe(12)}
        return jwt.encode(common | times | claims, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def read(self, authorization: str | None) -> Caller:
        """The caller behind an Authorization header. TokenRefused says what is wrong with it."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise TokenRefused("Access token is empty.")
        try:
            claims = jwt.decode(
                token.strip(), self._public, algorithms=["RS256"], audience=GRAPH_AUDIENCE, issuer=self.issuer
            )
        except jwt.ExpiredSignatureError as fault:
            raise TokenRefused("Lifetime validation failed, the token is expired.") from fault
        except jwt.InvalidAudienceError as fault:
            raise TokenRefused("Access token validation failure. Invalid audience.") from fault
        except jwt.InvalidTokenError as fault:
            raise TokenRefused("IDX14100: JWT is not well formed, or its signature is not valid.") from fault
        if "scp" in claims:
            return Caller(claims["appid"], claims["oid"], frozenset(str(claims["scp"]).split()))
        return Caller(claims["appid"], None, frozenset(claims.get("roles", ())))
