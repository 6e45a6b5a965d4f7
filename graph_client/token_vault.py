"""Where the service account's sign-in is kept: one encrypted file, replaced whole. Who has file and key can post."""

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class VaultUnreadable(Exception):
    """The kept sign-in cannot be read or written; the text says why without anything that it holds."""


@dataclass(frozen=True, slots=True)
class KeptSignIn:
    """A sign-in: MSAL's cache as text, the account's name, and when (UTC) its refresh token was last renewed."""

    cache: str
    username: str
    renewed_at: datetime


class FileVault:
    """A file of this machine, or of a share that every instance of the service has mounted.

    `key` is a Fernet key: `python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`.
    ValueError for what is none.
    """

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._fernet = Fernet(key)

    def read(self) -> KeptSignIn | None:
        """The sign-in, None before the first. Raises VaultUnreadable, also for a file of another key."""
        try:
            plain = self._fernet.decrypt(self._path.read_bytes())
            kept = json.loads(plain)
            return KeptSignIn(kept["cache"], kept["username"], datetime.fromisoformat(kept["renewed_at"]))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise VaultUnreadable(f"The token cache cannot be read: {error.strerror}.") from error
        except (InvalidToken, ValueError, KeyError, TypeError):
            raise VaultUnreadable("The token cache was written with another key, or by something else.") from None

    def write(self, kept: KeptSignIn) -> None:
        """Replaces what was kept; a reader sees the old or the new, never a part. Raises VaultUnreadable."""
        plain = json.dumps({**asdict(kept), "renewed_at": kept.renewed_at.isoformat()})
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=self._path.name)  # for its owner's eyes only
            with os.fdopen(handle, "wb") as file:
                file.write(self._fernet.encrypt(plain.encode()))
            Path(name).replace(self._path)
        except OSError as error:
            raise VaultUnreadable(f"The token cache cannot be written: {error.strerror}.") from error
