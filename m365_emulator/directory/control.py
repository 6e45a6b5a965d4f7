"""/_emulator/people: an account is disabled, enabled or removed, as an administrator of the directory does it."""

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.levers import person_of
from m365_emulator.control.orders import Order, takes, tenant_of


class AccountOrder(Order):
    """How an account stands."""

    enabled: bool = Field(description="false: the account is disabled")


@takes(AccountOrder)
async def change_person(request: Request, order: AccountOrder) -> Response:
    """POST people/{person}: accountEnabled, true or false."""
    user = person_of(tenant_of(request), request.path_params["person"])
    user.enabled = order.enabled
    return JSONResponse({"id": user.id, "upn": user.upn, "enabled": user.enabled})


async def drop_person(request: Request) -> Response:
    """DELETE people/{person}: the account is gone from the directory and from all groups, while assignments and stamps
    keep its id.
    """
    tenant = tenant_of(request)
    tenant.directory.drop_user(person_of(tenant, request.path_params["person"]).id)
    return Response(status_code=204)


PEOPLE_CONTROL_ROUTES = (
    Route("/_emulator/people/{person}", change_person, methods=["POST"]),
    Route("/_emulator/people/{person}", drop_person, methods=["DELETE"]),
)
