"""A page of the tab, and one visit to it: who comes, what they may, and how the page answers."""

import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from store.tasks import read_task_by_reference
from store.unit_of_work import SqlUnitOfWork
from tasking import rights
from tasking.errors import UnknownTask
from tasking.force import Force
from tasking.rights import AppRole, Person, Right
from tasking.task import Classification, Task
from tasking.viewing import Viewer
from web.deep_links import deep_link
from web.forms import Form
from web.rendering import render
from web.sessions import SignedIn
from web.tab import SOURCE, Tab


class NotAllowed(Exception):
    """The person is known and may not do this. The text is a sentence for them."""


@dataclass(slots=True)
class Visit:
    """One request of somebody who is signed in and has the page's right. `form` is there for a POST."""

    tab: Tab
    request: Request
    session: SignedIn
    given: Form | None = None
    correlation_id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def person(self) -> Person:
        """Who comes."""
        return self.session.person

    @property
    def force(self) -> Force:
        """The force's config."""
        return self.tab.force

    @property
    def form(self) -> Form:
        """What was sent. Only for pages that take a POST."""
        assert self.given is not None
        return self.given

    @property
    def now(self) -> datetime:
        """The time, UTC."""
        return self.tab.now()

    def may(self, right: Right) -> bool:
        """Whether the person has this right for anything: for links and parts of a page."""
        return rights.may(self.person, right)

    def may_on(self, right: Right, task: Task) -> bool:
        """Whether the person has this right for this task."""
        return rights.may_on(self.person, right, self.force, task)

    def units(self, right: Right) -> frozenset[str]:
        """Codes of the units whose tasks this right reaches."""
        return rights.units_for(self.person, right, self.force)

    def viewer(self, right: Right) -> Viewer:
        """The person as the queries of `reporting` take them: what they may see where this right reaches.

        Somebody who is a partner and nothing else sees partners' business alone.
        """
        is_partner = set(self.person.roles) - {AppRole.RESTRICTED} == {AppRole.PARTNER}
        ids = frozenset({self.person.upn, self.person.user_id})
        return Viewer(self.units(right), rights.sees_restricted(self.person), is_partner, ids)

    def sees(self, task: Task) -> bool:
        """Whether the task may be shown, listed, found or counted for this person."""
        return self.may_on(Right.SEE_TASKS, task)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction to read in."""
        with self.tab.store.open() as connection:
            yield connection

    @contextmanager
    def acting(self) -> Iterator[SqlUnitOfWork]:
        """A transaction in which the person acts by the form that they sent: it has its effect once, however often it
        comes. Raises store.web_sessions.AlreadySent the second time."""
        with self.tab.store.act(self.person.upn, SOURCE, self.correlation_id) as uow:
            self.form.once(uow)
            yield uow

    def looked_at(self, object_ref: str) -> None:
        """Audits that the person looks at this: a task's reference, or a list's name. Call it first."""
        self.tab.store.consulted(self.person.upn, SOURCE, object_ref, correlation_id=self.correlation_id)

    def took_out(self, object_ref: str) -> None:
        """Audits that the person takes this out as a file. Call it before it goes."""
        self.tab.store.disclosed(self.person.upn, SOURCE, object_ref, correlation_id=self.correlation_id)

    def task(self, reference: str, right: Right = Right.SEE_TASKS) -> Task:
        """The task with this reference, its view audited. Raises UnknownTask, in the same words, where there is none
        and where the person may not see it; NotAllowed where they see it and lack `right`."""
        found = self.task_unseen(reference, right)
        self.looked_at(found.reference)
        return found

    def task_unseen(self, reference: str, right: Right) -> Task:
        """The same, for a page that does not show the task and audits by itself what it shows of it."""
        with self.reading() as connection:
            try:
                found: Task | None = read_task_by_reference(connection, reference)
            except UnknownTask:
                found = None
        if found is None or not self.sees(found):
            raise UnknownTask("There is no task with this reference that you may see.")
        if not self.may_on(right, found):
            raise NotAllowed(f"You may look at {found.reference}, but this is not yours to do.")
        return found

    def link_to(self, path: str) -> str:
        """The whole address of a page of the tab, to be passed on: it opens in Teams where settings name the app."""
        told = self.tab.settings
        return deep_link(told.teams_app_id, told.url, path) if told.teams_app_id else f"{told.url}{path}"

    def page(self, template: str, *, mark: Classification | str = "", status: int = 200, **values: object) -> Response:
        """The page. `mark` is the highest handling mark of what it shows; OFFICIAL where nothing is said."""
        return render(self.tab, self.request, template, values, session=self.session, mark=mark, status=status)

    def again(self, template: str, *, mark: Classification | str = "", **values: object) -> Response:
        """The form again with its faults and what was typed: status 422. The template gets `faults` and `typed`."""
        told = {"faults": self.form.faults, "typed": self.form.shown, **values}
        return self.page(template, mark=mark, status=422, **told)

    def go(self, path: str, said: str = "") -> Response:
        """After a POST: off to a page of the tab, such as /tasks/T-1001. `said` is a code of rendering.SAID."""
        query = f"?said={said}" if said else ""
        return RedirectResponse(f"{self.tab.settings.path}{path}{query}", 303)


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """One line of the table of pages. `path` is below the tab's address; `right` is what a visitor needs to have.

    `nav` puts it into the navigation of everybody who has the right; `words` says there and on "My work" what it is.
    """

    path: str
    right: Right
    handler: Handler
    methods: tuple[str, ...] = ("GET",)
    nav: str = ""
    words: str = ""


def choices(codes: Mapping[str, str]) -> list[dict[str, str]]:
    """Codes and their words, as the macros of a form take them."""
    return [{"value": code, "text": words} for code, words in codes.items()]
