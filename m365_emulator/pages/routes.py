"""Pages for a person: the start page, the levers in words, static files. Forms, boards and channels have their own
modules.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from m365_emulator.control.openapi import levers
from m365_emulator.control.orders import tenant_of
from m365_emulator.pages.board_view import board_summary
from m365_emulator.pages.boards import BOARD_ROUTES
from m365_emulator.pages.channels import CHANNEL_ROUTES, channel_links
from m365_emulator.pages.forms import FORM_ROUTES
from m365_emulator.pages.frame import HERE, act_as, not_here, show
from m365_emulator.pages.traffic import TRAFFIC_ROUTES

RENDERER_FILES = {
    "adaptivecards.js": ("adaptivecards/dist/adaptivecards.min.js", "adaptivecards/dist/adaptivecards.js"),
    "markdown-it.js": ("markdown-it/dist/markdown-it.min.js", "markdown-it/dist/markdown-it.js"),
}


async def index(request: Request) -> Response:
    """GET /: where everything is."""
    tenant = tenant_of(request)
    boards = [board_summary(tenant, parts) for parts in tenant.planner.plans.values()]
    told = [link for link in channel_links(tenant) if link["posts"]]
    values = {"forms": tenant.forms.forms.values(), "boards": boards, "channels": told}
    return show(request, "index.html", values)


async def control_words(request: Request) -> Response:
    """GET /control: every lever in words, from the same table as the OpenAPI document."""
    return show(request, "control.html", {"levers": levers(request.app.routes)})


async def renderer_file(request: Request) -> Response:
    """GET /static/renderer/{name}: a file of the official Adaptive Cards renderer, where it is installed."""
    wanted = RENDERER_FILES.get(request.path_params["name"], ())
    for name in wanted:
        path = HERE / "renderer" / "node_modules" / name
        if path.is_file():
            return FileResponse(path, media_type="text/javascript")
    return not_here(request, "The Adaptive Cards renderer is not installed.")


PAGE_ROUTES = (
    Route("/", index),
    Route("/control", control_words),
    Route("/acting-as", act_as, methods=["POST"]),
    *FORM_ROUTES,
    *BOARD_ROUTES,
    *CHANNEL_ROUTES,
    *TRAFFIC_ROUTES,
    Route("/static/renderer/{name}", renderer_file),
    Mount("/static", StaticFiles(directory=HERE / "static")),
)
