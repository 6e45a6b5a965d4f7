"""GET /api/health: is the record there, does anything wait too long, is the operator needed. Asks nothing of Graph."""

from importlib.metadata import version

import azure.functions as func
from sqlalchemy.exc import SQLAlchemyError

from functions.answers import answer
from service.running import running
from store import notebook, outbox

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when all is well or only degraded, 503 when the database cannot be asked. No personal data."""
    service = running()
    now = service.store.clock.now()
    try:
        with service.store.open() as connection:
            oldest, waiting = outbox.oldest_waiting(connection), outbox.waiting(connection)
            dead, notices = len(outbox.dead_letters(connection)), notebook.open_notices(connection)
    except SQLAlchemyError:
        return answer(503, {"status": "down", "database": "unreachable", "version": version("tasking")})
    age = round((now - oldest).total_seconds()) if oldest else 0
    facts = {
        "status": "degraded" if notices or dead else "ok",
        "database": "ok",
        "outbox_waiting": waiting,
        "outbox_oldest_seconds": age,
        "dead_letters": dead,
        "notices": [notice["subject"] for notice in notices],
        "version": version("tasking"),
    }
    return answer(200, facts)
