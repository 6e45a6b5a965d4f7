"""TABLE: every address of sign-in, and App Service's managed identity, which needs no sign-in at all."""

import hmac
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.levers import tenant_of
from m365_emulator.sign_in.authorize import authorize, login
from m365_emulator.sign_in.device import ask_code, device_step, start_device
from m365_emulator.sign_in.discovery import discovery, instances, keys, logout, userinfo
from m365_emulator.sign_in.grants import token
from m365_emulator.sign_in.tokens import GRAPH_AUDIENCE, MANAGED_IDENTITY_SECONDS


async def managed_identity(request: Request) -> Response:
    """GET /msi/token as App Service serves it (azure-docs app-service overview-managed-identity.md)."""
    tenant, query = tenant_of(request), request.query_params
    secret = request.headers.get("x-identity-header", "")
    if not hmac.compare_digest(secret.encode(), tenant.options.identity_header.encode()):
        return _identity_fault(401, "The X-IDENTITY-HEADER is missing or wrong.")
    if query.get("api-version") != "2019-08-01":
        return _identity_fault(400, f"Unsupported api-version {query.get('api-version')!r}.")
    resource = query.get("resource", "")
    if resource.rstrip("/") != GRAPH_AUDIENCE:
        return _identity_fault(400, f"No resource {resource!r} in this tenant.")
    app_id = query.get("client_id", tenant.options.app_id)
    if app_id not in tenant.consent.granted:
        return _identity_fault(400, f"No user-assigned identity {app_id!r}.")
    return JSONResponse(
        {
            "access_token": tenant.app_token(app_id, MANAGED_IDENTITY_SECONDS),
            "expires_on": str(int(time.time()) + MANAGED_IDENTITY_SECONDS),
            "resource": resource,
            "token_type": "Bearer",
            "client_id": app_id,
        }
    )


def _identity_fault(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message}, status_code=status)


_BOTH = ["GET", "POST"]
SIGN_IN_ROUTES = (
    Route("/msi/token", managed_identity, methods=["GET"]),
    Route("/common/discovery/instance", instances, methods=["GET"]),
    Route("/{tenant}/v2.0/.well-known/openid-configuration", discovery, methods=["GET"]),
    Route("/{tenant}/discovery/v2.0/keys", keys, methods=["GET"]),
    Route("/{tenant}/oauth2/v2.0/authorize", authorize, methods=_BOTH),
    Route("/{tenant}/login", login, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/devicecode", start_device, methods=["POST"]),
    Route("/{tenant}/oauth2/v2.0/logout", logout, methods=_BOTH),
    Route("/devicelogin", ask_code, methods=["GET"]),
    Route("/devicelogin", device_step, methods=["POST"]),
    Route("/oidc/userinfo", userinfo, methods=_BOTH),
)
