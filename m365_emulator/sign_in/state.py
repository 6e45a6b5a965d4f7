"""What sign-in remembers: sessions, codes, refresh tokens, device codes and people's consent.

Codes and refresh tokens expire by the tenant's clock, so that a test can make them old.
"""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

USER_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels and nothing that looks like a digit: the code is typed by hand and must not spell words."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A person's sign-in to an app, with the scope text that was asked for."""

    client_id: str
    user_id: str
    scope: str
    nonce: str = ""
    redirect_uri: str = ""
    challenge: str = ""
    challenge_method: str = ""


@dataclass(slots=True)
class Kept:
    """A grant waiting behind a code or refresh token."""

    grant: Grant
    expires_at: datetime
    used: bool = False
    revoked: bool = False


@dataclass(slots=True)
class DeviceRequest:
    """A device that waits for a person; `asked_at` is real time of the last poll, in monotonic seconds."""

    client_id: str
    scope: str
    user_code: str
    expires_at: datetime
    interval: float
    asked_at: float | None = field(default=None, metadata={"monotonic": True})
    user_id: str | None = None
    declined: bool = False
    redeemed: bool = False


@dataclass(slots=True)
class SignInState:
    """Everything that sign-in keeps between calls."""

    sessions: dict[str, str] = field(default_factory=dict)
    codes: dict[str, Kept] = field(default_factory=dict)
    refresh: dict[str, Kept] = field(default_factory=dict)
    devices: dict[str, DeviceRequest] = field(default_factory=dict)
    consents: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """What a person agreed to for an app: (person's id, client id) to scope names."""

    def keep_code(self, grant: Grant, expires_at: datetime) -> str:
        """A new authorization code."""
        code = f"1.{secrets.token_urlsafe(48)}"
        self.codes[code] = Kept(grant, expires_at)
        return code

    def keep_refresh(self, grant: Grant, expires_at: datetime) -> str:
        """A new refresh token."""
        token = f"1.{secrets.token_urlsafe(64)}"
        self.refresh[token] = Kept(grant, expires_at)
        return token

    def keep_device(self, client_id: str, scope: str, expires_at: datetime, interval: float) -> tuple[str, str]:
        """A new device code and the code that a person types."""
        device_code = f"D{secrets.token_urlsafe(48)}"
        user_code = "".join(secrets.choice(USER_CODE_LETTERS) for _ in range(9))
        self.devices[device_code] = DeviceRequest(client_id, scope, user_code, expires_at, interval)
        return device_code, user_code

    def device_of(self, user_code: str, now: datetime) -> DeviceRequest | None:
        """The device that waits for this typed code; spaces, dashes and case do not count."""
        typed = "".join(c for c in user_code.upper() if c.isalnum())
        return next(
            (
                d
                for d in self.devices.values()
                if d.user_code == typed and d.expires_at > now and d.user_id is None and not d.declined
            ),
            None,
        )

    def start_session(self, user_id: str) -> str:
        """A new browser session of this person; returns its id."""
        session = secrets.token_urlsafe(24)
        self.sessions[session] = user_id
        return session

    def revoke(self, user_id: str) -> int:
        """End a person's sessions and refresh tokens, as a changed password does; returns how many were ended."""
        ended = [kept for kept in self.refresh.values() if kept.grant.user_id == user_id and not kept.revoked]
        for kept in ended:
            kept.revoked = True
        sessions = [session for session, owner in self.sessions.items() if owner == user_id]
        for session in sessions:
            del self.sessions[session]
        return len(ended) + len(sessions)

    def consented(self, user_id: str, client_id: str) -> frozenset[str]:
        """What this person agreed to for this app."""
        return frozenset(self.consents.get((user_id, client_id), ()))

    def agree(self, user_id: str, client_id: str, names: list[str]) -> None:
        """Remember that the person agreed."""
        self.consents.setdefault((user_id, client_id), set()).update(names)
