"""GET /kept: what somebody had typed when their session ended. It is sent from here, once, or left."""

from starlette.responses import RedirectResponse, Response

from tasking.rights import Right
from web.forms import OWN_FIELDS
from web.visit import Page, Visit


async def kept(visit: Visit) -> Response:
    """The form as it was typed. It keeps its key, so that it cannot have a second effect."""
    found = visit.session.row.document.get("kept")
    if not found:
        return RedirectResponse(f"{visit.tab.settings.path}/", 303)
    fields = [(name, value) for name, values in found["values"].items() if name not in OWN_FIELDS for value in values]
    key = found["values"]["form_key"][0]
    return visit.page("kept.html", path=found["path"], fields=fields, kept_key=key)


PAGES = (Page("/kept", Right.SEE_MY_WORK, kept),)
