"""What a client finds out before and after sign-in: discovery, keys, who the person is, and the way out."""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from m365_emulator.control.orders import tenant_of
from m365_emulator.odata import Json
from m365_emulator.pages.frame import show
from m365_emulator.recording import base_url
from m365_emulator.sign_in.authorize import SESSION_COOKIE
from m365_emulator.sign_in.faults import EntraFault
from m365_emulator.sign_in.grants import check_tenant, form_fields, refused
from m365_emulator.sign_in.tokens import TokenRefused, pairwise
from m365_emulator.tenant import Tenant

DOCUMENT_HEADERS = {"Cache-Control": "max-age=86400, private"}
CLAIMS = (
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "nonce",
    "preferred_username",
    "name",
    "tid",
    "ver",
    "roles",
    "email",
    "oid",
)
ANY_TENANT = ("common", "organizations")


async def discovery(request: Request) -> Response:
    """GET /{tenant}/v2.0/.well-known/openid-configuration, naming the address at which it was asked for."""
    tenant, name = tenant_of(request), request.path_params["tenant"]
    try:
        check_tenant(tenant, name)
    except EntraFault as fault:
        return refused(request, fault, {})
    segment = name.lower() if name.lower() in ANY_TENANT else tenant.tenant_id
    return JSONResponse(discovery_document(base_url(request), segment, tenant), headers=DOCUMENT_HEADERS)


def discovery_document(base: str, segment: str, tenant: Tenant) -> Json:
    """OpenID Connect discovery; for 'common' the issuer is a template with {tenantid}, as Entra writes it."""
    at = f"{base}/{segment}/oauth2/v2.0"
    issuer = f"{base}/{{tenantid}}/v2.0" if segment in ANY_TENANT else tenant.tokens.issuer_at(base)
    return {
        "token_endpoint": f"{at}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/{segment}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "code_challenge_methods_supported": ["S256"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{base}/oidc/userinfo",
        "authorization_endpoint": f"{at}/authorize",
        "device_authorization_endpoint": f"{at}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": False,
        "end_session_endpoint": f"{at}/logout",
        "claims_supported": list(CLAIMS),
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }


async def keys(request: Request) -> Response:
    """GET /{tenant}/discovery/v2.0/keys: the public keys that verify tokens, the newest last."""
    tenant = tenant_of(request)
    try:
        check_tenant(tenant, request.path_params["tenant"])
    except EntraFault as fault:
        return refused(request, fault, {})
    issuer = tenant.tokens.issuer_at(base_url(request))
    return JSONResponse(tenant.tokens.keys.jwks(issuer), headers=DOCUMENT_HEADERS)


async def instances(request: Request) -> Response:
    """GET /common/discovery/instance: the host at which MSAL asked is its own cloud."""
    tenant, base = tenant_of(request), base_url(request)
    host = request.url.netloc
    found = f"{base}/{tenant.tenant_id}/v2.0/.well-known/openid-configuration"
    metadata = [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}]
    body = {"tenant_discovery_endpoint": found, "api-version": "1.1", "metadata": metadata}
    return JSONResponse(body, headers=DOCUMENT_HEADERS)


async def userinfo(request: Request) -> Response:
    """GET or POST /oidc/userinfo with a person's Graph token that has openid in its scopes."""
    tenant = tenant_of(request)
    try:
        caller = tenant.tokens.read(request.headers.get("authorization"))
        if caller.user_id is None or "openid" not in caller.permissions:
            raise TokenRefused("The token needs the scope openid and a person behind it.")
        user = tenant.directory.user(caller.user_id)
        if user is None:
            raise TokenRefused("The person of the token is not in the directory.")
    except TokenRefused as refusal:
        body = {"error": {"code": "InvalidAuthenticationToken", "message": str(refusal)}}
        headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        return JSONResponse(body, status_code=401, headers=headers)
    claims = {"sub": pairwise(caller.app_id, user.id)}
    if "profile" in caller.permissions:
        claims |= {"name": user.display_name}
    if "email" in caller.permissions:
        claims |= {"email": user.upn}
    return JSONResponse(claims)


async def logout(request: Request) -> Response:
    """GET or POST /{tenant}/oauth2/v2.0/logout: end the session; go back only to an address of a known app."""
    tenant = tenant_of(request)
    fields = dict(request.query_params) | (await form_fields(request) if request.method == "POST" else {})
    tenant.sign_in.sessions.pop(request.cookies.get(SESSION_COOKIE, ""), None)
    address = fields.get("post_logout_redirect_uri", "")
    answer: Response
    if address and any(app.registers(address) for app in tenant.apps.by_id.values()):
        mark = "&" if "?" in address else "?"
        answer = RedirectResponse(address + (f"{mark}state={fields['state']}" if "state" in fields else ""), 302)
    else:
        answer = show(request, "sign_in_told.html", {"title": "You signed out", "text": "You can close this page."})
    answer.delete_cookie(SESSION_COOKIE)
    return answer
