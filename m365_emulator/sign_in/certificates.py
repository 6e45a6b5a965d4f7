"""A certificate authority of this machine's own, and the certificate that the emulator serves https with.

The authority may vouch for localhost and the loopback addresses only (name constraints), so that trusting it opens
nothing else. Files are kept in one folder and used again while they are valid; keys are readable by their owner alone.
"""

import ipaddress
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost",)
ADDRESSES = ("127.0.0.1", "::1")
CA_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=397)
RENEW_BEFORE = timedelta(days=14)
LOCK_SECONDS = 30


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the files are: `ca` is what a client trusts, `chain` and `key` are what the server serves with."""

    ca: Path
    ca_key: Path
    chain: Path
    key: Path

    @classmethod
    def below(cls, folder: Path) -> "TlsFiles":
        """The files of one folder, whether they are there or not."""
        return cls(folder / "ca.pem", folder / "ca-key.pem", folder / "server.pem", folder / "server-key.pem")


@dataclass(frozen=True, slots=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def default_folder() -> Path:
    """The folder under the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    return (Path(cache) if cache else Path.home() / ".cache") / "m365_emulator" / "tls"


def tls_files(folder: Path, now: datetime | None = None) -> TlsFiles:
    """The files in `folder`, made where they lack or are about to expire; TimeoutError if another program holds it.

    A new server certificate comes from the authority that is there, so that a client's trust lasts.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    files, at = TlsFiles.below(folder), now or datetime.now(UTC)
    with _only_one(folder / "lock"):
        authority = _kept_authority(files, at)
        if authority is None:
            authority = _new_authority(at)
            _write(files.ca_key, _private(authority.key), 0o600)
            _write(files.ca, authority.certificate.public_bytes(Encoding.PEM), 0o644)
            files.chain.unlink(missing_ok=True)
        if not _leaf_is_good(files, authority, at):
            certificate, key = _new_leaf(authority, at)
            _write(files.key, _private(key), 0o600)
            _write(
                files.chain, b"".join(c.public_bytes(Encoding.PEM) for c in (certificate, authority.certificate)), 0o644
            )
    return files


def _kept_authority(files: TlsFiles, now: datetime) -> _Authority | None:
    try:
        certificate = x509.load_pem_x509_certificate(files.ca.read_bytes())
        key = load_pem_private_key(files.ca_key.read_bytes(), None)
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or _public(key) != _public(certificate):
        return None
    files.ca_key.chmod(0o600)
    return _Authority(certificate, key) if now + LEAF_LIFE < certificate.not_valid_after_utc else None


def _leaf_is_good(files: TlsFiles, authority: _Authority, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificates(files.chain.read_bytes())[0]
        key = load_pem_private_key(files.key.read_bytes(), None)
        certificate.verify_directly_issued_by(authority.certificate)
    except (FileNotFoundError, ValueError, InvalidSignature, TypeError):
        return False
    files.key.chmod(0o600)
    fits = isinstance(key, ec.EllipticCurvePrivateKey) and _public(key) == _public(certificate)
    return fits and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE


def _new_authority(now: datetime) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("m365_emulator local authority")
    loopback = [ipaddress.ip_network(f"{address}/{bits}") for address, bits in (("127.0.0.0", 8), ("::1", 128))]
    permitted: list[x509.GeneralName] = [x509.DNSName(name_) for name_ in NAMES]
    permitted += [x509.IPAddress(network) for network in loopback]
    certificate = (
        _builder(name, name, key, now, CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _Authority(certificate, key)


def _new_leaf(authority: _Authority, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in NAMES]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES]
    issuer = authority.key.public_key()
    certificate = (
        _builder(_name("localhost"), authority.certificate.subject, key, now, LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return certificate, key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _public(holder: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    return holder.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write whole or not at all, never readable by others on the way."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    fresh.replace(path)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Two programs that start at once must not make two authorities; a lock left by a dead one is taken over."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0o600))
            break
        except FileExistsError as fault:
            if time.time() - _made_at(lock) > LOCK_SECONDS:
                lock.unlink(missing_ok=True)
            elif time.monotonic() > deadline:
                raise TimeoutError(f"{lock} is held by another program") from fault
            else:
                time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _made_at(lock: Path) -> float:
    try:
        return lock.stat().st_mtime
    except FileNotFoundError:
        return time.time()
