"""GET /api/health: is the record there, does anything wait too long, is the operator needed. Asks nothing of Graph."""

from importlib.metadata import version

import azure.functions as func
from sqlalchemy.exc import SQLAlchemyError

from functions.answers import answer
from service.running import running
from store import notebook, outbox
from store.database import OldSchema

TOO_LONG_SECONDS = 3600
"""A promise this old is not kept by itself any more, or very slowly: somebody should look."""

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when all is well or only degraded, 503 when the database cannot be asked. No personal data."""
    try:
        service = running()
        with service.store.open() as connection:
            oldest, waiting = outbox.oldest_waiting(connection), outbox.waiting(connection)
            dead, notices = len(outbox.dead_letters(connection)), notebook.open_notices(connection)
    except (SQLAlchemyError, OldSchema, OSError) as error:
        database = "not at this version" if isinstance(error, OldSchema) else "unreachable"
        return answer(503, {"status": "down", "database": database, "version": version("tasking")})
    age = round((service.store.clock.now() - oldest).total_seconds()) if oldest else 0
    facts = {
        "status": "degraded" if notices or dead or age > TOO_LONG_SECONDS else "ok",
        "database": "ok",
        "outbox_waiting": waiting,
        "outbox_oldest_seconds": age,
        "dead_letters": dead,
        "notices": [notice["subject"] for notice in notices],
        "version": version("tasking"),
    }
    return answer(200, facts)
