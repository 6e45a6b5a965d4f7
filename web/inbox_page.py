"""/inbox: what nobody looks after, kind by kind, each entry with its reason and the way to its task."""

from urllib.parse import urlencode

from starlette.responses import Response

from reporting.inbox import KINDS, InboxEntry
from reporting.inbox_page import inbox_page
from reporting.wording import highest
from tasking.rights import Right
from web.visit import Page, Visit, choices

FIRST_OF_A_KIND = 10
"""How many of each kind stand on the page of all kinds."""
ON_A_PAGE = 50
NO_TASK = frozenset({"HELD", "REJECTED"})
"""Kinds that are responses of which no task was made: there is nothing to open."""


async def inbox(visit: Visit) -> Response:
    """All kinds, the first of each; with `?kind=` the whole list of one, in pages."""
    query = visit.request.query_params
    names = _units(visit)
    unit = query.get("unit", "") if query.get("unit", "") in names else ""
    kind = query.get("kind", "") if query.get("kind", "") in KINDS else ""
    with visit.reading() as connection:
        found = inbox_page(connection, visit.force, visit.viewer(Right.SEE_INBOX), visit.now, unit or None, kind)
    visit.looked_at("tasking inbox")
    pages = max(1, -(-len(found.entries) // ON_A_PAGE))
    page = page_asked(visit, pages)
    shown = _of_one_kind(found.entries, page) if kind else _first_of_each(found.entries)
    return visit.page(
        "inbox.html",
        mark=highest(entry.classification for entry in shown),
        groups=[(each, [entry for entry in shown if entry.kind == each.kind]) for each in found.kinds],
        total=sum(each.number for each in found.kinds),
        kinds=found.kinds,
        kind=kind,
        unit=unit,
        units=choices(names),
        page=page,
        pages=pages if kind else 1,
        query=urlencode({name: value for name, value in (("kind", kind), ("unit", unit)) if value}),
        no_task=NO_TASK,
        may_score=visit.may(Right.REASSESS),
    )


def page_asked(visit: Visit, pages: int) -> int:
    """The number of the page that the address asks for, from 1 to `pages`; nonsense is the first."""
    told = visit.request.query_params.get("page", "1")
    return min(pages, max(1, int(told) if told.isascii() and told.isdigit() and len(told) < 7 else 1))


def _units(visit: Visit) -> dict[str, str]:
    reached = visit.units(Right.SEE_INBOX)
    return {code: unit.name for code, unit in visit.force.units.items() if code in reached}


def _of_one_kind(entries: tuple[InboxEntry, ...], page: int) -> list[InboxEntry]:
    return list(entries[(page - 1) * ON_A_PAGE : page * ON_A_PAGE])


def _first_of_each(entries: tuple[InboxEntry, ...]) -> list[InboxEntry]:
    return [entry for kind in KINDS for entry in [each for each in entries if each.kind == kind][:FIRST_OF_A_KIND]]


PAGES = (Page("/inbox", Right.SEE_INBOX, inbox, nav="Inbox", words="What nobody looks after yet, and why"),)
