"""Addresses: the base address as a setting, and the one origin that may ever see the token."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

PUBLIC_GRAPH = "https://graph.microsoft.com/v1.0"


@dataclass(frozen=True, slots=True)
class GraphAddress:
    """Where Graph is: `base` ends in /v1.0 and has no slash after it."""

    base: str

    @classmethod
    def parse(cls, text: str) -> "GraphAddress":
        """The address from a setting, with or without /v1.0. ValueError for http to another machine, a user name
        in the address, a query, or what is no address at all."""
        parts = urlsplit(text.strip())
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise ValueError("the Graph address must be a whole https address")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise ValueError("the Graph address may use http only on this machine")
        if parts.username is not None or parts.query or parts.fragment or parts.port == 0:
            raise ValueError("the Graph address may hold no user name, query, fragment or port 0")
        path = parts.path.rstrip("/").removesuffix("/v1.0")
        return cls(f"{parts.scheme}://{parts.netloc.lower()}{path}/v1.0")

    @property
    def host(self) -> str:
        """The host's name, without the port."""
        return urlsplit(self.base).hostname or ""

    @property
    def is_local_http(self) -> bool:
        """True where Graph is a program on this machine, such as the emulator."""
        return self.base.startswith("http://")

    @property
    def reference_root(self) -> str:
        """What references inside a body (@odata.id, @odata.bind) begin with.

        They name things and are not called, so that a tenant on this machine is sent the public form.
        """
        return PUBLIC_GRAPH if self.is_local_http else self.base

    def has_origin_of(self, url: str) -> bool:
        """True where the address has the scheme, host and port of ours: only then may it be sent the token."""
        return _origin(url) == _origin(self.base)


def is_loopback(host: str) -> bool:
    """True for localhost and the loopback addresses."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def segment(text: str) -> str:
    """One path segment, percent-encoded. ValueError where it is empty or would climb."""
    if text in ("", ".", ".."):
        raise ValueError("a path segment may not be empty or dots")
    return quote(text, safe=",!'()")


def drive_path(path: str) -> str:
    """A path below a drive's root or a server, each segment percent-encoded, without slashes at its ends."""
    return "/".join(segment(part) for part in path.strip("/").split("/"))


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default
