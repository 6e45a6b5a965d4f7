"""The tenant's signing keys: the newest signs, all that were not forgotten verify, and JWKS shows them."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from m365_emulator.odata import Json

LIFETIME = timedelta(days=5 * 365)


class SigningKey:
    """One RSA key with the self-signed certificate that JWKS shows; its id is the certificate's SHA-1, as in Entra."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.public = self.private.public_key()
        certificate = _self_signed(self.private)
        self.id = base64url(certificate.fingerprint(hashes.SHA1()))  # noqa: S303 - x5t is SHA-1 by its standard
        self._x5c = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()

    def jwk(self, issuer: str) -> Json:
        """The public half as a JSON web key."""
        numbers = self.public.public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.id,
            "x5t": self.id,
            "n": base64url(numbers.n.to_bytes(256, "big")),
            "e": base64url(numbers.e.to_bytes(3, "big")),
            "x5c": [self._x5c],
            "issuer": issuer,
        }


class KeyRing:
    """Every key that still verifies, oldest first."""

    def __init__(self) -> None:
        self._keys = {key.id: key for key in [SigningKey()]}

    def rotate(self, *, forget_old: bool) -> str:
        """Sign with a new key from now on, and keep or forget the ones before it; returns its id."""
        key = SigningKey()
        if forget_old:
            self._keys.clear()
        self._keys[key.id] = key
        return key.id

    def sign(self, claims: dict[str, Any]) -> str:
        """An RS256 token under the newest key."""
        key = list(self._keys.values())[-1]
        return jwt.encode(claims, key.private, algorithm="RS256", headers={"kid": key.id, "x5t": key.id})

    def public(self, key_id: object) -> rsa.RSAPublicKey | None:
        """The key with this id, if it still verifies."""
        key = self._keys.get(key_id) if isinstance(key_id, str) else None
        return key.public if key else None

    def jwks(self, issuer: str) -> Json:
        """The document that a client verifies with."""
        return {"keys": [key.jwk(issuer) for key in self._keys.values()]}


def base64url(raw: bytes) -> str:
    """Base64 for addresses and tokens, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "m365_emulator token signing")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFETIME)
        .sign(key, hashes.SHA256())
    )
