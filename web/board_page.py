"""/board: every task that the person may see, narrowed and counted, kept fresh; and the views that they keep."""

import hashlib
from typing import Any

from sqlalchemy import Connection
from starlette.datastructures import QueryParams
from starlette.responses import JSONResponse, Response

from reporting.live_board import BoardPage, BoardSynced, board_page, board_token, boards_synced
from reporting.wording import highest
from store import saved_views
from tasking.board_filter import BoardFilter, check_filter
from tasking.errors import RuleBroken
from tasking.rights import Right
from tasking.saved_views import LONGEST_NAME, delete_view, save_view
from web import board_query
from web.board_query import NAMES, asked, query_of, understood
from web.visit import Page, Visit

NAMED = "live board"
LONGEST_KEY = 200
"""No place in the order is longer; a longer one in an address is left aside."""


async def board(visit: Visit) -> Response:
    """The board. `?after=` is the place in the order behind which the page begins."""
    wanted, fault = understood(visit.force, _fields(visit.request.query_params))
    return _page(visit, wanted, fault)


async def changes(visit: Visit) -> Response:
    """What changes whenever the list with this filter does, or a board falls behind or catches up. No task is in it."""
    wanted, _ = understood(visit.force, _fields(visit.request.query_params))
    viewer, now = visit.viewer(Right.SEE_BOARD), visit.now
    with visit.reading() as connection:
        token = board_token(connection, visit.force, viewer, wanted, now)
        synced = boards_synced(connection, visit.force, viewer, now)
    return JSONResponse({"token": _mark(token, synced)})


async def keep_view(visit: Visit) -> Response:
    """Keeps the filter that the page had under a name."""
    wanted = asked(visit.form.values)
    check_filter(visit.force, wanted)
    name = visit.form.text("name", "Name of the view", needed=True, most=LONGEST_NAME)
    if not visit.form.faults:
        try:
            with visit.acting() as uow:
                save_view(uow, visit.force, visit.person.user_id, name, wanted)
        except RuleBroken as error:
            visit.form.fault("name", str(error))
    if visit.form.faults:
        return _page(visit, wanted, "", is_again=True)
    return visit.go(f"/board?{query_of(wanted, said='kept')}")


async def drop_view(visit: Visit) -> Response:
    """Deletes a view of the person's own; the board stays as it was."""
    wanted, _ = understood(visit.force, visit.form.values)
    with visit.acting() as uow:
        delete_view(uow, visit.person.user_id, visit.request.path_params["view_id"])
    return visit.go(f"/board?{query_of(wanted, said='dropped')}")


def _page(visit: Visit, wanted: BoardFilter, fault: str, is_again: bool = False) -> Response:
    after = visit.request.query_params.get("after", "")[:LONGEST_KEY] or None
    with visit.reading() as connection:
        shown = board_page(connection, visit.force, visit.viewer(Right.SEE_BOARD), wanted, visit.now, after)
        values = _values(connection, visit, shown, wanted)
    visit.looked_at(NAMED)
    mark = highest(row.classification for row in shown.rows)
    values |= {"fault": fault, "after": after or ""}
    if is_again:
        return visit.again("board.html", mark=mark, **values)
    return visit.page("board.html", mark=mark, **values)


def _values(connection: Connection, visit: Visit, shown: BoardPage, wanted: BoardFilter) -> dict[str, Any]:
    times = [each.read_at for each in shown.synced if each.read_at]
    return {
        "board": shown,
        "wanted": wanted,
        "query": board_query,
        "token": _mark(shown.token, shown.synced),
        "late": [each for each in shown.synced if each.is_late],
        "oldest": min(times) if times and len(times) == len(shown.synced) else None,
        "chosen": [(facet, each) for facet in shown.facets for each in facet.values if each.is_chosen],
        "views": saved_views.of_owner(connection, visit.person.user_id),
    }


def _fields(query: QueryParams) -> dict[str, list[str]]:
    return {name: query.getlist(name) for name in NAMES}


def _mark(token: str, synced: tuple[BoardSynced, ...]) -> str:
    """One word for the list and for which boards are behind, with nothing in it to read."""
    late = ",".join(each.unit for each in synced if each.is_late)
    return hashlib.sha256(f"{token}|{late}".encode()).hexdigest()[:32]


PAGES = (
    Page("/board", Right.SEE_BOARD, board, nav="Live board", words="Every task of your units, narrowed and counted"),
    Page("/board/changes", Right.SEE_BOARD, changes),
    Page("/board/views", Right.SEE_BOARD, keep_view, methods=("POST",)),
    Page("/board/views/{view_id}/delete", Right.SEE_BOARD, drop_view, methods=("POST",)),
)
