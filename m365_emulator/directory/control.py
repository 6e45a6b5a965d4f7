"""/_emulator/people: an account is disabled, enabled or removed, as an administrator of the directory does it."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.levers import ControlFault, body_of, person_of, tenant_of, wanted


async def person(request: Request) -> Response:
    """POST people/{person} {enabled}: accountEnabled, true or false; DELETE: the account is gone from the directory
    and from all groups, while assignments and stamps keep its id.
    """
    tenant = tenant_of(request)
    user = person_of(tenant, request.path_params["person"])
    if request.method == "DELETE":
        tenant.directory.drop_user(user.id)
        return Response(status_code=204)
    enabled = wanted(await body_of(request), "enabled")
    if not isinstance(enabled, bool):
        raise ControlFault("'enabled' is true or false")
    user.enabled = enabled
    return JSONResponse({"id": user.id, "upn": user.upn, "enabled": user.enabled})


PEOPLE_CONTROL_ROUTES = (Route("/_emulator/people/{person}", person, methods=["POST", "DELETE"]),)
