"""/today: the day's list on paper, for when nothing else is to be had: what is late, what is due, what else is open."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from reporting.board_dimensions import DIMENSIONS, look_of
from reporting.board_rows import BoardRow
from reporting.live_board import board_export
from reporting.wording import highest
from tasking.board_filter import BoardFilter
from tasking.clocks import local_day
from tasking.rights import Right
from web.board_query import NAMES, query_of, understood
from web.visit import Page, Visit

LATE, TODAY, OTHERS = "Past their due time", "Due today", "All others"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the list: its heading and its rows in the order of the board."""

    name: str
    rows: tuple[BoardRow, ...]


async def today(visit: Visit) -> Response:
    """The list, with the filter of the board that led here; audited as taken out, since it is made to be printed."""
    query = visit.request.query_params
    wanted, fault = understood(visit.force, {name: query.getlist(name) for name in NAMES})
    with visit.reading() as connection:
        rows = board_export(connection, visit.force, visit.viewer(Right.SEE_BOARD), wanted, visit.now)
    visit.took_out("daily list")
    return visit.page(
        "today.html",
        mark=highest(row.classification for row in rows),
        fault=fault,
        parts=_parts(visit, rows),
        number=len(rows),
        narrowed_by=_narrowed_by(visit, wanted),
        back=query_of(wanted),
    )


def _parts(visit: Visit, rows: Sequence[BoardRow]) -> tuple[Part, ...]:
    """Each row in one part. Days are those of the London calendar."""
    day = local_day(visit.now)
    found: dict[str, list[BoardRow]] = {name: [] for name in (LATE, TODAY, OTHERS)}
    for row in rows:
        is_due = row.due_at is not None and local_day(row.due_at) <= day
        found[LATE if row.is_overdue else TODAY if is_due else OTHERS].append(row)
    return tuple(Part(name, tuple(some)) for name, some in found.items())


def _narrowed_by(visit: Visit, wanted: BoardFilter) -> list[str]:
    """What the list was narrowed by, in words: paper has no address that would tell."""
    look, found = look_of(visit.force, visit.viewer(Right.SEE_BOARD), wanted, visit.now), []
    for dimension in DIMENSIONS:
        words = dict(dimension.offered(look))
        if told := [words.get(value, value) for value in sorted(dimension.chosen(wanted))]:
            found.append(", ".join(told) if told == [dimension.name] else f"{dimension.name}: {', '.join(told)}")
    return found


PAGES = (Page("/today", Right.SEE_BOARD, today),)
