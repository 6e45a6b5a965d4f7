"""The local authority and the server's certificate: strict clients accept them, and they last and renew."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from m365_emulator.sign_in.certificates import CA_LIFE, LEAF_LIFE, RENEW_BEFORE, TlsFiles, default_folder, tls_files

NOW = datetime.now(UTC)


def contents(files: TlsFiles) -> dict[str, bytes]:
    """What is in the files now."""
    return {path.name: path.read_bytes() for path in (files.ca, files.ca_key, files.chain, files.key)}


@contextmanager
def served(files: TlsFiles) -> Iterator[int]:
    """A server that shakes hands once with the files of a folder; its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files.chain, files.key)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def shake() -> None:
            connection, _ = listening.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except (ssl.SSLError, OSError):
                connection.close()

        thread = threading.Thread(target=shake, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(timeout=5)


def shake_hands(files: TlsFiles, ca: Path, name: str) -> None:
    """As a client that trusts `ca` and checks as strictly as OpenSSL can."""
    trust = ssl.create_default_context(cafile=str(ca))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    with (
        served(files) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        trust.wrap_socket(plain, server_hostname=name),
    ):
        pass


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_a_strict_client_accepts_every_name_of_this_machine(tmp_path: Path, name: str) -> None:
    files = tls_files(tmp_path / "tls")
    shake_hands(files, files.ca, name)


def test_no_other_name_and_no_other_authority_is_accepted(tmp_path: Path) -> None:
    files, other = tls_files(tmp_path / "one"), tls_files(tmp_path / "two")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(files, files.ca, "graph.microsoft.com")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(files, other.ca, "localhost")


def test_the_authority_may_vouch_for_this_machine_only(tmp_path: Path) -> None:
    ca = x509.load_pem_x509_certificate(tls_files(tmp_path).ca.read_bytes())
    bound = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert bound.critical
    assert bound.value.permitted_subtrees is not None
    assert {str(name.value) for name in bound.value.permitted_subtrees} == {"localhost", "127.0.0.0/8", "::1/128"}


def test_the_server_certificate_carries_what_strict_libraries_look_for(tmp_path: Path) -> None:
    leaf = x509.load_pem_x509_certificates(tls_files(tmp_path).chain.read_bytes())[0]
    wanted = (x509.AuthorityKeyIdentifier, x509.SubjectKeyIdentifier, x509.KeyUsage, x509.ExtendedKeyUsage)
    for kind in wanted:
        leaf.extensions.get_extension_for_class(kind)
    assert leaf.not_valid_after_utc - NOW < timedelta(days=398)


def test_private_keys_are_for_their_owner_alone(tmp_path: Path) -> None:
    files = tls_files(tmp_path)
    files.key.chmod(0o644)
    files = tls_files(tmp_path)
    assert {path.stat().st_mode & 0o777 for path in (files.ca_key, files.key)} == {0o600}


def test_what_is_valid_is_used_again(tmp_path: Path) -> None:
    first = contents(tls_files(tmp_path))
    assert contents(tls_files(tmp_path)) == first


def test_a_certificate_near_its_end_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    first = contents(tls_files(tmp_path, NOW))
    files = tls_files(tmp_path, NOW + LEAF_LIFE - RENEW_BEFORE + timedelta(days=1))
    second = contents(files)
    assert second["ca.pem"] == first["ca.pem"]
    assert second["server.pem"] != first["server.pem"]


def test_an_authority_near_its_end_is_replaced_with_all_below_it(tmp_path: Path) -> None:
    first = contents(tls_files(tmp_path, NOW - CA_LIFE))
    files = tls_files(tmp_path)
    assert all(second != first[name] for name, second in contents(files).items())
    shake_hands(files, files.ca, "localhost")


@pytest.mark.parametrize("name", ["ca.pem", "ca-key.pem", "server.pem", "server-key.pem"])
@pytest.mark.parametrize("damage", ["gone", "garbled", "of another folder"])
def test_a_damaged_folder_heals(tmp_path: Path, name: str, damage: str) -> None:
    tls_files(tmp_path / "one")
    tls_files(tmp_path / "two")
    path = tmp_path / "one" / name
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"rubbish" if damage == "garbled" else (tmp_path / "two" / name).read_bytes())
    files = tls_files(tmp_path / "one")
    shake_hands(files, files.ca, "localhost")


def test_programs_that_start_at_once_agree_on_one_authority(tmp_path: Path) -> None:
    found: list[dict[str, bytes]] = []
    threads = [threading.Thread(target=lambda: found.append(contents(tls_files(tmp_path)))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(found) == 8
    assert all(one == found[0] for one in found)
    assert not (tmp_path / "lock").exists()


def test_the_default_folder_is_under_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "m365_emulator" / "tls"
