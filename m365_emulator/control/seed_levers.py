"""/_emulator/seed/all: the whole of a seed document, as --seed reads it from a file."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.levers import ControlFault, body_of
from m365_emulator.control.seed_file import SeedFault, plant
from m365_emulator.recording import graph_of


async def seed_all(request: Request) -> Response:
    """POST seed/all {people, groups, plans, lists, forms, webhooks}: plant a seed document in this tenant"""
    try:
        return JSONResponse(plant(graph_of(request), await body_of(request)), 201)
    except SeedFault as fault:
        raise ControlFault(str(fault)) from fault


SEED_ROUTES = (Route("/_emulator/seed/all", seed_all, methods=["POST"]),)
