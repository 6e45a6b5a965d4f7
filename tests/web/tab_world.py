"""The tab as somebody meets it: the emulator's real sign-in over https, the service's real doors, cookies kept."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from built_service import built_service, clock_of
from peakshire import Desk
from secure_emulator import Browser, SecureEmulator

import function_app
from service import running
from service.laptop_host import LaptopHost
from service.tab import make_tab
from service.wiring import Service
from store import notebook
from tasking.rights import AppRole
from web.pages import PAGES
from web.visit import Page

TAB_ID = "5c1d3c0e-9f6a-4f0e-8a53-5a3a4f6f0b11"
TAB_SECRET = "the-tabs-secret"
URL = "http://127.0.0.1:7071/api/tab"
HIDDEN = re.compile(r'name="(csrf|form_key)" value="([^"]+)"')


@dataclass
class Visitor:
    """A browser at the tab. Cookies are kept as a browser keeps them; redirects are followed by hand."""

    world: "World"
    upn: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> httpx.Response:
        """GET a page below the tab's address, or a whole address of it."""
        return self._send("GET", path, headers)

    def post(self, path: str, fields: Mapping[str, str] | None = None, **headers: str) -> httpx.Response:
        """POST a form as it is given."""
        return self._send("POST", path, headers, data=dict(fields or {}))

    def send(self, path: str, page: httpx.Response, **fields: str) -> httpx.Response:
        """POST a form with the hidden fields that `page` carries."""
        return self.post(path, {**dict(HIDDEN.findall(page.text)), **fields})

    def sign_in(self, upn: str, path: str = "/") -> httpx.Response:
        """The whole code flow as a browser goes it, by the emulator's pages; the answer that opens the session."""
        self.upn = upn
        return self.get(self.world.answer_to(self.get(f"/sign-in/start?next={path}"), upn))

    def _send(self, method: str, path: str, headers: Mapping[str, str], **more: Any) -> httpx.Response:
        address = path if path.startswith("http") else f"{URL}{path}"

        async def sending() -> httpx.Response:
            through = httpx.ASGITransport(app=self.world.host.application)
            async with httpx.AsyncClient(transport=through, base_url=URL, cookies=self.cookies) as client:
                named = {name.replace("_", "-"): value for name, value in headers.items()}
                return await client.request(method, address, headers=named, **more)

        answer = asyncio.run(sending())
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        if "Max-Age=0" in answer.headers.get("set-cookie", ""):
            self.cookies.clear()
        return answer


@dataclass
class World:
    """The service with its tab, and the tenant that signs people in."""

    secure: SecureEmulator
    service: Service
    host: LaptopHost
    people: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def desk(self) -> Desk:
        """Short ways to do to a task what a test needs."""
        return Desk(self.service.store.engine, clock_of(self.service), self.service.force)

    def person(self, name: str, *roles: str, units: tuple[str, ...] = ()) -> str:
        """An account with these values of the roles claim, in the board groups of these units; its sign-in name."""
        upn = f"{name}@peakshire.example"
        seeded = self.secure.control("seed", {"people": [{"upn": upn, "display_name": name.capitalize()}]})
        self.people[upn], self.ids[upn] = name.capitalize(), seeded["users"][upn]
        self.secure.control(f"apps/{TAB_ID}/roles", {"user": upn, "roles": list(roles)})
        for unit in units:
            self._join(unit, upn)
        return upn

    def visitor(self, name: str, *roles: str, units: tuple[str, ...] = ()) -> Visitor:
        """Somebody new who is signed in."""
        found = Visitor(self)
        found.sign_in(self.person(name, *roles, units=units))
        return found

    def stranger(self) -> Visitor:
        """A browser with nobody signed in."""
        return Visitor(self)

    def answer_to(self, begun: httpx.Response, upn: str) -> str:
        """Where Entra sends the browser back to, once this person was chosen on its page."""
        with Browser(self.secure) as browser:
            browser.open(begun.headers["location"]).press(self.people[upn])
            return str(browser.page.headers["location"])

    @contextmanager
    def at(self, url: str, **settings: str) -> Iterator["World"]:
        """The same record served at another address, or with other settings."""
        changed = self.service.settings.model_copy(update={"tab_url": url, **settings})
        service = replace(self.service, settings=changed)
        running.use(service)
        try:
            yield World(self.secure, service, LaptopHost(service, function_app.app), self.people, self.ids)
        finally:
            running.use(self.service)

    def with_pages(self, *pages: Page) -> None:
        """From now on the tab has these pages besides its own."""
        running.use(self.service, make_tab(self.service, (*PAGES, *pages)))

    def sso_token(self, upn: str, scope: str = "access_as_user") -> str:
        """The token that Teams gets for the tab, by the code flow of Teams' own app."""
        with Browser(self.secure) as browser:
            query = {
                "client_id": TEAMS_ID,
                "response_type": "code",
                "redirect_uri": "http://localhost",
                "scope": f"api://{TAB_ID}/{scope}",
            }
            browser.open(f"{self.secure.endpoint}/authorize", **query).press(self.people[upn])
            code = browser.answer()["code"]
        form = {"client_id": TEAMS_ID, "redirect_uri": "http://localhost", "code": code, "scope": query["scope"]}
        return str(self.secure.ask_token(**form, grant_type="authorization_code").json()["access_token"])

    def _join(self, unit: str, upn: str) -> None:
        self.secure.control("members", {"group": self.made_group(unit), "upns": [upn]})

    def made_group(self, unit: str) -> str:
        """Makes the group of this unit's board; its nickname."""
        nickname = f"tasking-{unit.lower().replace('_', '-')}"
        made = self.secure.control("seed", {"groups": [{"mail_nickname": nickname}]})
        group_id = made["groups"][nickname]
        with self.service.store.open() as connection:
            notebook.provision(connection, "group", unit, group_id, {}, self.service.store.clock.now())
        return nickname


TEAMS_ID = "1fec8e78-bce4-4aaf-ab1b-5451cc387264"
"""The emulator's public app for people, here in the place of Teams' own."""


@contextmanager
def tab_world(secure: SecureEmulator, folder: Path, **settings: str) -> Iterator[World]:
    """A service whose tab signs people in at this emulator."""
    url = settings.pop("TASKING_TAB_URL", URL)
    secure.register(
        TAB_ID,
        display_name="Peakshire tasking tab",
        secrets=[TAB_SECRET],
        redirect_uris=[f"{url}/signed-in", f"{url}/sign-in"],
        identifier_uris=[f"api://{TAB_ID}"],
        scopes=["access_as_user", "other_things"],
        app_roles=[*AppRole, *(f"{role}.{unit}" for role in AppRole for unit in ("HP", "DD", "DIV_N", "PKS"))],
        group_membership_claims="All",
    )
    scopes = [f"api://{TAB_ID}/access_as_user", f"api://{TAB_ID}/other_things", "User.Read"]
    secure.register(TEAMS_ID, permissions={"delegated": scopes})
    told = {
        "TASKING_TAB_URL": url,
        "TASKING_TAB_AUTHORITY": secure.authority,
        "TASKING_TAB_CLIENT_ID": TAB_ID,
        "TASKING_TAB_CLIENT_SECRET": TAB_SECRET,
        "TASKING_TAB_CA_FILE": str(secure.ca),
        **settings,
    }
    with built_service(folder, **told) as service:
        yield World(secure, service, LaptopHost(service, function_app.app))


def path_of(answer: httpx.Response) -> str:
    """Where a redirect leads, below the tab's address."""
    return urlsplit(answer.headers["location"]).path.removeprefix("/api/tab")
