"""Fixtures of the tab: `world`, with a running emulator over https and the service's doors."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from secure_emulator import SecureEmulator, secure_emulator
from tab_world import World, tab_world


@pytest.fixture(scope="session")
def secure_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureEmulator]:
    """The emulator over http and https, shared by the tests of one process."""
    with secure_emulator(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def world(secure_process: SecureEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """An empty tenant and an empty record; bundles of the environment do not count."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    secure_process.tenant.reset()
    with tab_world(secure_process, tmp_path) as found:
        yield found
