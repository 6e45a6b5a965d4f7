"""The two places where an app gets a token: App Service's managed identity and Entra's token endpoint."""

import hmac
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control import tenant_of
from m365_emulator.tokens import CLIENT_CREDENTIAL_SECONDS, GRAPH_AUDIENCE, MANAGED_IDENTITY_SECONDS

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


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


async def client_credentials(request: Request) -> Response:
    """POST /{tenant}/oauth2/v2.0/token with a form: a token for an app, with whatever was consented to it."""
    tenant, form = tenant_of(request), await request.form()
    fields = {name: str(value) for name, value in form.items()}
    if fields.get("grant_type") != "client_credentials":
        return _oauth_fault(400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
    if not fields.get("client_id"):
        return _oauth_fault(400, "invalid_request", "AADSTS900144: The request body must contain 'client_id'.")
    proven = fields.get("client_secret") or (
        fields.get("client_assertion") and fields.get("client_assertion_type") == _ASSERTION
    )
    if not proven:
        return _oauth_fault(401, "invalid_client", "AADSTS7000218: A client_secret or client_assertion is required.")
    if fields.get("scope") != f"{GRAPH_AUDIENCE}/.default":
        return _oauth_fault(400, "invalid_scope", "AADSTS70011: The scope has to be a resource with /.default.")
    token = tenant.app_token(fields["client_id"], CLIENT_CREDENTIAL_SECONDS)
    return JSONResponse({"token_type": "Bearer", "expires_in": CLIENT_CREDENTIAL_SECONDS, "access_token": token})


def _identity_fault(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "message": message}, status_code=status)


def _oauth_fault(status: int, error: str, text: str) -> Response:
    return JSONResponse({"error": error, "error_description": text}, status_code=status)


SIGN_IN_ROUTES = (
    Route("/msi/token", managed_identity, methods=["GET"]),
    Route("/{tenant}/oauth2/v2.0/token", client_credentials, methods=["POST"]),
)
