"""App registrations: what an app may prove itself with, where its answers may go, and what it was consented to.

Certificates are kept as PEM text, so that the whole state can be copied and stored.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from m365_emulator.sign_in.signing_keys import base64url
from m365_emulator.sign_in.tokens import DEFAULT_APP_ID, DEFAULT_APP_OBJECT_ID, PERSON_APP_ID

DEFAULT_APP_SECRET = "peakshire-service-secret"  # noqa: S105 - opens this emulator only
DEVELOPER_APP_IDS = {
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Azure developer tools",
    "14d82eec-204b-4c2f-b7e8-296a70dab67e": "Graph command line tools",
}
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
PERSON_SCOPES = (
    "User.Read User.ReadBasic.All User.Read.All Group.Read.All Group.ReadWrite.All GroupMember.Read.All Tasks.Read "
    "Tasks.ReadWrite Team.ReadBasic.All Channel.ReadBasic.All ChannelMessage.Send ChannelMessage.Read.All "
    "Sites.Read.All Sites.ReadWrite.All Files.Read.All Files.ReadWrite.All TeamsActivity.Send"
)


@dataclass(frozen=True, slots=True)
class Secret:
    """A client secret; without an end it is valid for ever."""

    value: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that may sign the app's assertions; thumbprints as the x5t and x5t#S256 of a JWT header."""

    pem: str
    x5t: str
    x5t_s256: str

    @classmethod
    def read(cls, pem: str) -> "Certificate":
        """From PEM text; ValueError when it holds no certificate."""
        found = x509.load_pem_x509_certificate(pem.encode())
        sha1, sha256 = (found.fingerprint(kind) for kind in (hashes.SHA1(), hashes.SHA256()))  # noqa: S303
        return cls(pem, base64url(sha1), base64url(sha256))


@dataclass(slots=True)
class AppRegistration:
    """One app of the tenant with its service principal (`object_id`). A public app proves itself with nothing."""

    client_id: str
    display_name: str
    object_id: str
    public: bool = False
    redirect_uris: list[str] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    certificates: list[Certificate] = field(default_factory=list)
    identifier_uris: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    """Scopes of the app's own interface, e.g. access_as_user."""
    app_roles: list[str] = field(default_factory=list)
    role_holders: dict[str, list[str]] = field(default_factory=dict)
    """App roles of each person, by the person's object id."""
    delegated: set[str] = field(default_factory=set)
    """What an administrator consented to for everybody: Graph scopes, and scopes of other apps as full addresses."""
    id_token_from_authorize: bool = False
    group_membership_claims: str = "None"
    """None, or All: tokens for the app name every group of the person."""

    @property
    def audiences(self) -> tuple[str, ...]:
        """What the audience of a token for this app may be."""
        return (self.client_id, *self.identifier_uris)

    def registers(self, redirect_uri: str) -> bool:
        """Is it one of the app's addresses? The port does not count on http to this machine, as in Entra."""
        asked = _without_loopback_port(redirect_uri)
        return any(_without_loopback_port(known) == asked for known in self.redirect_uris)


@dataclass(slots=True)
class AppRegistrations:
    """Every app by its client id."""

    by_id: dict[str, AppRegistration] = field(default_factory=dict)

    def get(self, client_id: str) -> AppRegistration | None:
        """The app with this client id, whatever its case."""
        return self.by_id.get(client_id.lower())

    def of_audience(self, name: str) -> AppRegistration | None:
        """The app that a resource name means: its client id or one of its identifier addresses."""
        return self.get(name) or next((app for app in self.by_id.values() if name in app.identifier_uris), None)

    def add(self, client_id: str, display_name: str, object_id: str | None = None) -> AppRegistration:
        """The app with this client id, made if it is new; its interface is api://<client id>."""
        client_id = client_id.lower()
        app = self.by_id.get(client_id)
        if app is None:
            own = object_id or str(uuid.uuid5(uuid.NAMESPACE_OID, client_id))
            app = AppRegistration(client_id, display_name, own, identifier_uris=[f"api://{client_id}"])
            self.by_id[client_id] = app
        return app


def default_apps(app_id: str = DEFAULT_APP_ID, object_id: str = DEFAULT_APP_OBJECT_ID) -> AppRegistrations:
    """The service's app (with a secret that the documentation names), one for people, and two developer tools."""
    apps = AppRegistrations()
    service = apps.add(app_id, "Peakshire tasking", object_id)
    service.secrets = [Secret(DEFAULT_APP_SECRET)]
    service.redirect_uris = [f"http://localhost{path}" for path in ("", "/callback", "/.auth/login/aad/callback")]
    service.scopes = ["access_as_user"]
    service.delegated = {*PERSON_SCOPES.split()}
    public = {PERSON_APP_ID: "Peakshire for people"} | DEVELOPER_APP_IDS
    for client_id, name in public.items():
        app = apps.add(client_id, name)
        app.public = True
        app.redirect_uris = ["http://localhost", "http://127.0.0.1", "msal://redirect"]
        app.delegated = {*PERSON_SCOPES.split()}
    return apps


def _without_loopback_port(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:  # no address at all, so it only equals itself
        return address
    host, _, port = parts.netloc.rpartition(":")
    host = (host if port.isdigit() else parts.netloc).lower()
    if parts.scheme != "http" or host not in LOOPBACK:
        return address
    return f"http://{host}{parts.path.rstrip('/') or '/'}{'?' + parts.query if parts.query else ''}"
