"""TABLE: every address of sign-in, and App Service's managed identity, which needs no sign-in at all."""

import hmac
import time

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.orders import tenant_of
from m365_emulator.sign_in.authorize import authorize, login
from m365_emulator.sign_in.device import ask_code, device_step, start_device
from m365_emulator.sign_in.discovery import discovery, instances, keys, logout, userinfo
from m365_emulator.sign_in.grants import token
from m365_emulator.sign_in.tokens import GRAPH_AUDIENCE, MANAGED_IDENTITY_SECONDS
from m365_emulator.words import Assumed, Family


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
FAMILY = Family(
    "Sign-in",
    modelled=(
        "HTTPS: MSAL takes no http authority. `--https-port PORT` serves the same app on `https://localhost:PORT` too, "
        "under an authority made at first start in `--tls-dir` (default: below the user's cache). The authority can "
        "vouch for localhost and loopback addresses only. Trust its `ca.pem`: `verify=`/`connection_verify=` for msal "
        "and azure-identity, `SSL_CERT_FILE` for httpx, `REQUESTS_CA_BUNDLE` for requests, `NODE_EXTRA_CA_CERTS` for "
        "Node. The second ready line names address, authority and file.",
        'Libraries: msal with `authority="https://localhost:PORT/TENANT", instance_discovery=False`; azure-identity '
        'with `authority="https://localhost:PORT", disable_instance_discovery=True`. Over http the managed identity '
        "needs nothing but its two variables.",
        "Apps: `POST /_emulator/apps` registers one: secrets, certificates, redirect addresses, exposed scopes, app "
        "roles, permissions. From the start there are the service's app `7d1f6a0e-52b1-4c55-9c07-3f6a1f1b2a10` with "
        "the secret `peakshire-service-secret`, the public app for people `1fec8e78-bce4-4aaf-ab1b-5451cc387264`, and "
        "two public ids that developer tools use by default. An app's proof is really checked.",
        "People choose who they are on a page; there is no password. `prompt`, `login_hint`, `state`, `nonce`, "
        "`response_mode`, PKCE and consent work as in Entra; a browser keeps its session until logout.",
        "Grants: authorization code, refresh token, client credentials, on-behalf-of, device code. Refusals carry "
        "`error`, `error_description` with the AADSTS number, `error_codes`, `timestamp`, `trace_id`, "
        "`correlation_id`; the numbers are Entra's, the sentences ours.",
        "Tokens for Graph have the version 1.0 issuer (`sts.windows.net`), as Graph's have; id tokens and tokens for "
        "the tenant's own apps have the version 2.0 issuer of the address at which they were asked for. "
        "`POST /_emulator/sign_in/rotate_key` changes the key, `sign_in/revoke` ends a person's sessions and refresh "
        "tokens.",
        "Browsers: Graph, discovery, keys, token and device addresses answer pages of any origin (CORS), so "
        "single-page apps work; the control area never does. `Strict-Transport-Security` is sent with age 0, so that "
        "a browser does not hold everything on localhost to https.",
        "Codes, device codes and refresh tokens age by the tenant's clock, tokens and polling intervals by the real "
        "one. Consent is read when a token is issued: a change shows in the next token.",
    ),
    assumed=(
        Assumed("A refresh token that was already replaced", "stays good", ("sign_in_refresh_reuse",)),
        Assumed("PKCE challenge in plain", "refused", ("sign_in_pkce_plain",)),
        Assumed(
            "A device that polls too fast",
            "`slow_down`, AADSTS90055, the interval grows by 5 s",
            ("sign_in_device_interval",),
        ),
        Assumed("Scopes of a token", "those asked for and consented to; with `.default` all consented"),
        Assumed("What is a Graph scope", "whatever is written like one; only a wrong form is refused"),
        Assumed("Who may consent", "everybody, to everything", ("sign_in_person_consent",)),
    ),
    refused=(
        "Passwords and second factors, conditional access and claims challenges, guests and other tenants, implicit "
        "access tokens, certificate-bound and proof-of-possession tokens, federation, single sign-out of other apps "
        "(front channel).",
    ),
)
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
