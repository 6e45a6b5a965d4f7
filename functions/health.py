"""GET /api/health: is the record there, does anything wait too long, is the operator needed. Asks nothing of Graph."""

from importlib.metadata import version

import azure.functions as func
from sqlalchemy.exc import SQLAlchemyError

from functions.answers import answer
from reporting.operations import operations
from service.running import running
from store.database import OldSchema

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 when all is well or only degraded, 503 when the database cannot be asked. No personal data."""
    try:
        service = running()
        with service.store.open() as connection:
            now = operations(connection, service.store.clock.now())
    except (SQLAlchemyError, OldSchema, OSError) as error:
        database = "not at this version" if isinstance(error, OldSchema) else "unreachable"
        return answer(503, {"status": "down", "database": database, "version": version("tasking")})
    facts = {
        "status": "degraded" if now.is_degraded else "ok",
        "database": "ok",
        "outbox_waiting": now.outbox_waiting,
        "outbox_oldest_seconds": now.outbox_oldest_seconds,
        "dead_letters": now.dead_letters,
        "responses_held": now.responses_held,
        "notices": list(now.troubles),
        "version": version("tasking"),
    }
    return answer(200, facts)
