"""POST /api/boards/{unit}/pull: a page or a person wants a board read now, and not when its time comes."""

import azure.functions as func

from functions.answers import answer, problem
from planner_sync.boards import all_boards
from planner_sync.polling import Polling
from service.running import running

blueprint = func.Blueprint()


@blueprint.function_name("pull_board")
@blueprint.route(route="boards/{unit}/pull", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
async def pull_board(req: func.HttpRequest) -> func.HttpResponse:
    """202 with how many plans the unit's board has: the next tick of `pull-boards` reads them whole. The body is not
    looked at. 404 with a problem document that names the units that have a board."""
    service = running()
    unit = req.route_params.get("unit", "")
    plans = Polling(service.store).ask(unit, service.store.clock.now())
    if plans == 0:
        with service.store.open() as connection:
            known = sorted({board.unit for board in all_boards(connection)})
        words = f"Known: {', '.join(known)}." if known else "No board has been made yet: run `tasking provision`."
        return problem(404, "Unknown board", [f"There is no board of this unit. {words}"], units=known)
    return answer(202, {"status": "asked for", "unit": unit, "plans": plans})
