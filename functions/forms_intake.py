"""POST /api/forms/{form}/responses: a Logic App, or any flow that may post, hands over one response."""

import logging

import azure.functions as func
from sqlalchemy.exc import SQLAlchemyError

from forms_ingest.replies import Reply
from forms_ingest.response_body import BadBody, parse_body
from functions.answers import answer, problem
from service.running import running

log = logging.getLogger(__name__)

DOOR = "http"
LONGEST_ITEM = 80

blueprint = func.Blueprint()


@blueprint.function_name("post_response")
@blueprint.route(route="forms/{form}/responses", methods=["POST"], auth_level=func.AuthLevel.FUNCTION)
async def post_response(req: func.HttpRequest) -> func.HttpResponse:
    """202 with our reference once the response is safe, and what became of it: `status` is taken, triage with what
    was not clear as `warnings`, or received where its effect is still to come. The same answer for the same response.

    200 where a stop-question was answered: nothing is kept, and the message says where to turn.
    404, 413, 422 or 400 with a problem document that names every fault; with a reference where the response is kept
    although nothing could be made of it. 503 while nothing can be kept.
    """
    service = running()
    slug = req.route_params.get("form", "")
    form = service.forms.get(slug)
    if form is None:
        known = sorted(service.forms)
        return problem(
            404, "Unknown form", [f"There is no form with this name. Known: {', '.join(known)}."], forms=known
        )
    item = req.headers.get("x-ms-workflow-run-id") or req.headers.get("x-request-id") or service.store.new_delivery_id()
    try:
        row = service.receiver.receive(parse_body(form, req.get_body(), DOOR, item[:LONGEST_ITEM]))
    except BadBody as bad:
        return problem(bad.status, "This is not a response of the form", bad.faults)
    except SQLAlchemyError as error:  # its text holds the answers, so it must not reach the host's log
        log.error("response could not be kept", extra={"door": DOOR, "error": type(error).__name__})
        return problem(503, "The response could not be kept", ["Nothing was kept. Send the same response again later."])
    return _answer(service.receiver.reply_to(await service.ingest.take_at_once(row)))


def _answer(reply: Reply) -> func.HttpResponse:
    if reply.status == "rejected":
        title = "Nothing could be made of the response"
        return problem(422, title, reply.faults, detail=reply.message, reference=reply.reference)
    told = {"reference": reply.reference, "message": reply.message, "warnings": list(reply.faults)}
    return answer(200 if reply.status == "stopped" else 202, {"status": reply.status, **told})
