"""/_emulator/seed/all: the whole of a seed document, as --seed reads it from a file."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.orders import ControlFault, takes
from m365_emulator.control.seed_file import SeedFault, plant_seed
from m365_emulator.control.seed_orders import Seed
from m365_emulator.recording import graph_of


@takes(Seed)
async def seed_all(request: Request, order: Seed) -> Response:
    """POST seed/all: plant a seed document in this tenant"""
    try:
        return JSONResponse(plant_seed(graph_of(request), order), 201)
    except SeedFault as fault:
        raise ControlFault(str(fault)) from fault


SEED_ROUTES = (Route("/_emulator/seed/all", seed_all, methods=["POST"]),)
