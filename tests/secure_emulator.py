"""The emulator over http and https in a thread of the test process, a browser's way through its sign-in pages, and
a certificate for an app.
"""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from emulator_server import RunningEmulator

from m365_emulator.server import build_app
from m365_emulator.serving import Addresses, Listening, serve
from m365_emulator.tenant import Tenant

GRAPH = "https://graph.microsoft.com"
PEOPLE = {"ann": "Ann Example", "ben": "Ben Example", "cas": "Cas Example"}
CALLBACK = "http://localhost/callback"


@dataclass(frozen=True, slots=True)
class SecureEmulator(RunningEmulator):
    """A running emulator with its https address and the authority that clients have to trust."""

    https: str
    ca: Path
    trust: ssl.SSLContext

    @property
    def authority(self) -> str:
        """What MSAL calls the authority."""
        return f"{self.https}/{self.tenant.tenant_id}"

    @property
    def endpoint(self) -> str:
        """Where the OAuth addresses begin."""
        return f"{self.authority}/oauth2/v2.0"

    def https_client(self, **options: Any) -> httpx.Client:
        """An HTTP client over https that trusts the local authority."""
        return httpx.Client(base_url=self.https, verify=self.trust, timeout=10, **options)

    def register(self, client_id: str, **fields: Any) -> str:
        """Register an app; returns its client id."""
        return str(self.control("apps", {"client_id": client_id, **fields})["client_id"])

    def ask_token(self, **fields: str) -> httpx.Response:
        """POST to the token endpoint."""
        with self.https_client() as client:
            return client.post(f"{self.endpoint}/token", data=fields)

    def graph(self, token: str, path: str) -> httpx.Response:
        """GET below /v1.0 with this bearer token, over https."""
        with self.https_client() as client:
            return client.get(f"/v1.0{path}", headers={"Authorization": f"Bearer {token}"})


@contextmanager
def secure_emulator(tls_dir: Path) -> Iterator[SecureEmulator]:
    """Serve a tenant on free ports, http and https, for the length of the block."""
    tenant = Tenant()
    ready, found = threading.Event(), []
    loop = asyncio.new_event_loop()
    stopping = asyncio.Event()

    def told(addresses: Addresses) -> None:
        found.append(addresses)
        ready.set()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(
            serve(build_app(tenant=tenant), Listening(https_port=0, tls_dir=tls_dir), told, stopping)
        )
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    if not ready.wait(10):
        raise RuntimeError("the emulator did not start within 10 seconds")
    at = found[0]
    assert at.https is not None
    assert at.ca is not None
    trust = ssl.create_default_context(cafile=str(at.ca))
    try:
        yield SecureEmulator(at.http, tenant, tenant.options.identity_header, at.https, at.ca, trust)
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(timeout=10)


@lru_cache
def key_and_certificate(label: str = "tests") -> tuple[str, str]:
    """A private key and a self-signed certificate, both PEM; the same ones for the same label."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, label)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return private, certificate.public_bytes(Encoding.PEM).decode()


@dataclass
class Form:
    """A form of a page: where it goes, its hidden and text fields, and its buttons by their text."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: dict[str, dict[str, str]] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._button: dict[str, str] | None = None
        self._text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "input":
            self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag == "button":
            self._button, self._text = given, ""

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "button" and self._button is not None:
            sent = {self._button["name"]: self._button["value"]} if "name" in self._button else {}
            self.forms[-1].buttons[" ".join(self._text.split())] = sent
            self._button = None


class Browser:
    """Opens pages, fills in and presses as a person would; keeps cookies; stops where an app's address begins."""

    def __init__(self, emulator: SecureEmulator) -> None:
        self._emulator = emulator
        self._client = emulator.https_client(follow_redirects=False)
        self.page = httpx.Response(204)
        self.forms: list[Form] = []

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @property
    def text(self) -> str:
        """The page as it came."""
        return self.page.text

    def open(self, url: str, **params: str) -> "Browser":
        """Go to an address."""
        return self._show(self._client.get(url, params=params or None))

    def press(self, text: str, **typed: str) -> "Browser":
        """Press the button whose text begins so, with fields typed in."""
        for form in self.forms:
            for label, sent in form.buttons.items():
                if label.startswith(text):
                    address = urljoin(str(self.page.url), form.action)
                    return self._show(self._client.post(address, data=form.fields | typed | sent))
        raise AssertionError(f"no button {text!r} on {self.text}")

    def answer(self) -> dict[str, str]:
        """What was sent to the app, by redirect or by a form that posts itself."""
        if self.page.status_code == 302:
            parts = urlsplit(self.page.headers["location"])
            return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}
        return dict(self.forms[0].fields)

    def _show(self, page: httpx.Response) -> "Browser":
        self.page = page
        reader = _Forms()
        if page.headers.get("content-type", "").startswith("text/html"):
            reader.feed(page.text)
        self.forms = reader.forms
        return self
