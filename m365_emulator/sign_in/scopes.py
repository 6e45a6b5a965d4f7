"""What a scope text asks for: one resource, the names there, and the sign-in words openid, profile, email, offline."""

import re
from dataclasses import dataclass

from m365_emulator.sign_in.apps import AppRegistration, AppRegistrations
from m365_emulator.sign_in.faults import EntraFault
from m365_emulator.sign_in.tokens import GRAPH_APP_ID, GRAPH_AUDIENCE

SIGN_IN_WORDS = frozenset({"openid", "profile", "email", "offline_access"})
GRAPH_NAMES = (GRAPH_AUDIENCE, GRAPH_APP_ID)
_GRAPH_SCOPE = re.compile(r"[A-Z][A-Za-z-]*(\.[A-Z][A-Za-z-]*)+")
"""Graph has hundreds of scopes; whatever is written like one is taken for one."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A scope text as read. `app` is the resource, None for Graph; `prefix` is how the client wrote the resource."""

    words: frozenset[str]
    app: AppRegistration | None
    prefix: str
    names: tuple[str, ...]
    is_default: bool

    @property
    def resource(self) -> str:
        """A name for the resource that stays the same however it was written."""
        return self.app.client_id if self.app else GRAPH_APP_ID

    def answered(self, names: tuple[str, ...]) -> str:
        """The scope text of the answer, written as the client wrote it; .default is repeated, as Entra does."""
        told = [f"{self.prefix}{name}" for name in names]
        told += sorted(self.words - {"offline_access"})
        return " ".join([*told, f"{self.prefix}.default"] if self.is_default else told)


def read_scopes(text: str, apps: AppRegistrations, client: AppRegistration) -> Asked:
    """Read a scope text; EntraFault for none, for two resources, and for a resource or scope that is not there."""
    entries = text.split()
    if not entries:
        raise EntraFault(900144, "scope")
    words = frozenset(entries) & SIGN_IN_WORDS
    wanted = list(dict.fromkeys(entry for entry in entries if entry not in SIGN_IN_WORDS))
    split = [_split(entry) for entry in wanted]
    prefixes = {_canonical(prefix, apps) for prefix, _ in split} or {GRAPH_APP_ID}
    if len(prefixes) > 1:
        raise EntraFault(28000, text)
    resource = prefixes.pop()
    app = None if resource == GRAPH_APP_ID else apps.get(resource)
    names = tuple(name for _, name in split)
    if ".default" in names and len(names) > 1:
        raise EntraFault(70011, text)
    for name in names:
        known = name == ".default" or (_GRAPH_SCOPE.fullmatch(name) if app is None else name in app.scopes)
        if not known:
            raise EntraFault(650053, client.client_id, name, app.client_id if app else GRAPH_APP_ID)
    return Asked(words, app, split[0][0] if split else "", names, ".default" in names)


def granted_names(asked: Asked, client: AppRegistration, consented: frozenset[str]) -> tuple[str, ...]:
    """The scopes a token will carry: those asked for, or with .default all that were consented to.

    `consented` is what the person agreed to, in the form of `consent_names`. EntraFault 65001 where consent lacks.
    """
    held = consented | set(consent_names_of(client, asked))
    if asked.is_default:
        names = tuple(sorted(_own_names(held, asked)))
        if not names:
            raise EntraFault(65001, f"{asked.prefix}.default", client.client_id, suberror="consent_required")
        return names
    missing = [name for name in asked.names if consent_name(asked, name) not in held]
    if missing:
        raise EntraFault(65001, " ".join(missing), client.client_id, suberror="consent_required")
    return asked.names


def consent_name(asked: Asked, name: str) -> str:
    """How consent is remembered: Graph's scopes by name, those of apps as <client id>/<name>."""
    return f"{asked.app.client_id}/{name}" if asked.app else name


def consent_names_of(client: AppRegistration, asked: Asked) -> list[str]:
    """What an administrator consented to; an app needs nobody's consent for its own interface."""
    if asked.app is None:
        return [name for name in client.delegated if "/" not in name]
    if asked.app is client:
        return [consent_name(asked, name) for name in client.scopes]
    held = [_split(name) for name in client.delegated if "/" in name]
    return [consent_name(asked, name) for prefix, name in held if prefix.rstrip("/") in asked.app.audiences]


def _own_names(held: frozenset[str] | set[str], asked: Asked) -> list[str]:
    if asked.app is None:
        return [name for name in held if "/" not in name]
    return [name.partition("/")[2] for name in held if name.startswith(f"{asked.app.client_id}/")]


def _split(entry: str) -> tuple[str, str]:
    head, mark, name = entry.rpartition("/")
    return f"{head}{mark}", name


def _canonical(prefix: str, apps: AppRegistrations) -> str:
    name = prefix.rstrip("/")
    if not name or name in GRAPH_NAMES:
        return GRAPH_APP_ID
    app = apps.of_audience(name)
    if app is None:
        raise EntraFault(500011, name)
    return app.client_id
