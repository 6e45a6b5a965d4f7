"""/roles: who does what by role, with the names that APP has for the roles. No people."""

from itertools import groupby

from starlette.responses import Response

from reporting.roles import roles
from reporting.strategy import strategy_at
from tasking.rights import Right
from web.visit import Page, Visit

NOBODY_NAMED = "nobody is named in the set-up"


async def roles_page(visit: Visit) -> Response:
    """One table for each meeting, level and priority, in the order of config."""
    with visit.reading() as connection:
        strategy = strategy_at(connection, visit.now)
    found = groupby(roles(visit.force, strategy), key=lambda row: (row.where, row.unit))
    groups = [(_heading(*place), [(row.app_role, row.role or NOBODY_NAMED) for row in rows]) for place, rows in found]
    visit.looked_at("roles")
    return visit.page("roles.html", groups=groups, has_strategy=strategy is not None)


def _heading(where: str, unit: str) -> str:
    return f"{where}, {unit}" if unit else where


PAGES = (Page("/roles", Right.SEE_MEETINGS, roles_page, nav="Roles", words="Who chairs, manages and decides, by role"),)
