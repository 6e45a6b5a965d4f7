"""/roles: who does what by role, with the names that APP has for the roles. No people."""

from starlette.responses import Response

from reporting.roles import roles
from reporting.strategy import strategy_at
from tasking.rights import Right
from web.visit import Page, Visit

NOBODY_NAMED = "nobody is named in the set-up"


async def roles_page(visit: Visit) -> Response:
    """One line for each role of each meeting, level and priority, in the order of config."""
    with visit.reading() as connection:
        strategy = strategy_at(connection, visit.now)
    rows = [(row.where, row.unit, row.app_role, row.role or NOBODY_NAMED) for row in roles(visit.force, strategy)]
    visit.looked_at("roles")
    return visit.page("roles.html", rows=rows, has_strategy=strategy is not None)


PAGES = (Page("/roles", Right.SEE_MEETINGS, roles_page, nav="Roles", words="Who chairs, manages and decides, by role"),)
