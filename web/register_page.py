"""/register: every decision of a period, searched and narrowed, in pages, and as a file for a spreadsheet."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from starlette.responses import Response

from reporting.register import RegisterRow, mark_of, register, register_csv
from tasking.clocks import local_day, utc_of
from tasking.decision import DecisionType
from tasking.recording import WORDS
from tasking.rights import Right, sees_restricted
from web.visit import Page, Visit, choices

DAYS, MOST_DAYS = 28, 366
ON_A_PAGE = 25
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for. `since` and `until` are London days, both counted in. `fault` says what was not understood."""

    since: date
    until: date
    unit: str
    kind: str
    text: str
    fault: str = ""

    @property
    def query(self) -> str:
        """The same as it stands in an address."""
        told = {"since": self.since, "until": self.until, "unit": self.unit, "type": self.kind, "text": self.text}
        return urlencode({name: value for name, value in told.items() if value})


async def register_page(visit: Visit) -> Response:
    """The page: the newest first."""
    wanted = _wanted(visit)
    units = _units(visit, Right.SEE_REGISTER)
    rows = tuple(reversed(_rows(visit, wanted, Right.SEE_REGISTER)))
    visit.looked_at("decision register")
    pages = max(1, -(-len(rows) // ON_A_PAGE))
    told = visit.request.query_params.get("page", "1")
    page = min(pages, max(1, int(told) if told.isascii() and told.isdigit() and len(told) < 7 else 1))
    shown = rows[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    return visit.page(
        "register.html",
        mark=mark_of(shown),
        wanted=wanted,
        rows=shown,
        number=len(rows),
        page=page,
        pages=pages,
        units=choices(units),
        kinds=choices({kind.value: WORDS[kind].capitalize() for kind in DecisionType}),
        may_export=visit.may(Right.EXPORT_REGISTER),
    )


async def register_file(visit: Visit) -> Response:
    """The same rows, oldest first, as .csv: the mark on the first line."""
    wanted = _wanted(visit)
    rows = _rows(visit, wanted, Right.EXPORT_REGISTER)
    visit.took_out("decision register")
    name = f"decision-register_{wanted.since}_{wanted.until}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(register_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


def _units(visit: Visit, right: Right) -> dict[str, str]:
    """The units whose decisions the person may see, in the order of config."""
    reached = visit.units(right)
    return {code: unit.name for code, unit in visit.force.units.items() if code in reached}


def _rows(visit: Visit, wanted: Wanted, right: Right) -> tuple[RegisterRow, ...]:
    units = _units(visit, right)
    only = [wanted.unit] if wanted.unit in units else sorted(units)
    types = [DecisionType(wanted.kind)] if wanted.kind in set(DecisionType) else None
    since, until = _start(wanted.since), _start(wanted.until + timedelta(days=1))
    restricted = sees_restricted(visit.person)
    with visit.reading() as connection:
        return register(
            connection, visit.force, since, until, only, types, wanted.text, restricted, leave_out=not restricted
        )


def _wanted(visit: Visit) -> Wanted:
    """What the address asks for. A period that cannot be is left aside, with a sentence."""
    query = visit.request.query_params
    today = local_day(visit.now)
    text = query.get("text", "").strip()[:LONGEST_SEARCH]
    fault = ""
    try:
        until = date.fromisoformat(query.get("until") or today.isoformat())
        since = date.fromisoformat(query.get("since") or (until - timedelta(days=DAYS)).isoformat())
        if (
            not timedelta(0) <= until - since <= timedelta(days=MOST_DAYS)
            or not 2000 <= since.year <= until.year < 2200
        ):
            raise ValueError
    except (ValueError, OverflowError):
        since, until = today - timedelta(days=DAYS), today
        fault = f"Give a first and a last day, at most {MOST_DAYS} days apart. The last {DAYS} days are shown."
    return Wanted(since, until, query.get("unit", ""), query.get("type", ""), text, fault)


def _start(day: date) -> datetime:
    return utc_of(datetime.combine(day, time()))


PAGES = (
    Page("/register", Right.SEE_REGISTER, register_page, nav="Register", words="Every decision, to search and export"),
    Page("/register.csv", Right.EXPORT_REGISTER, register_file),
)
