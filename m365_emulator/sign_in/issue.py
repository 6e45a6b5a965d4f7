"""What a person's sign-in gives an app: access token, id token, refresh token, and MSAL's client_info."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from m365_emulator.directory.state import User
from m365_emulator.odata import Json
from m365_emulator.sign_in.apps import AppRegistration
from m365_emulator.sign_in.faults import EntraFault
from m365_emulator.sign_in.scopes import Asked, granted_names, read_scopes
from m365_emulator.sign_in.signing_keys import base64url
from m365_emulator.sign_in.state import Grant
from m365_emulator.sign_in.tokens import pairwise
from m365_emulator.tenant import Tenant

MOST_GROUPS = 200
"""So many groups a JWT names at most."""


def active_user(tenant: Tenant, user_id: str) -> User:
    """The person, if the account is still there and enabled."""
    user = tenant.directory.user(user_id)
    if user is None:
        raise EntraFault(50034)
    if not user.enabled:
        raise EntraFault(50057)
    return user


def granted(tenant: Tenant, client: AppRegistration, user_id: str, asked: Asked) -> tuple[str, ...]:
    """The scopes that a token will carry; EntraFault 65001 where consent lacks."""
    return granted_names(asked, client, tenant.sign_in.consented(user_id, client.client_id))


def answer_for(tenant: Tenant, client: AppRegistration, grant: Grant, base_url: str, form: Mapping[str, str]) -> Json:
    """The token endpoint's answer for a person's grant."""
    user = active_user(tenant, grant.user_id)
    asked = read_scopes(grant.scope, tenant.apps, client)
    names = granted(tenant, client, user.id, asked)
    seconds = tenant.switches.sign_in_access_seconds
    answer: Json = {
        "token_type": "Bearer",
        "scope": asked.answered(names),
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": access_token(tenant, client, user, asked, names, base_url),
    }
    if "offline_access" in asked.words:
        life = timedelta(seconds=tenant.switches.sign_in_refresh_seconds)
        kept = replace(grant, nonce="", redirect_uri="", challenge="", challenge_method="")
        answer["refresh_token"] = tenant.sign_in.keep_refresh(kept, tenant.clock.now() + life)
    if "openid" in asked.words:
        answer["id_token"] = id_token(tenant, client, user, asked, grant.nonce, base_url)
    if form.get("client_info") in ("1", "2"):
        answer["client_info"] = base64url(json.dumps({"uid": user.id, "utid": tenant.tenant_id}).encode())
    return answer


def access_token(
    tenant: Tenant, client: AppRegistration, user: User, asked: Asked, names: tuple[str, ...], base_url: str
) -> str:
    """A token for Graph, or for the interface of one of the tenant's apps."""
    seconds = tenant.switches.sign_in_access_seconds
    if asked.app is None:
        scopes = [*names, *sorted(asked.words - {"offline_access"})]
        more = {"name": user.display_name, "upn": user.upn, "app_displayname": client.display_name}
        return tenant.tokens.person_token(client.client_id, user.id, scopes, seconds, more)
    claims = _person(tenant, asked.app, user) | {
        "scp": " ".join(names),
        "azp": client.client_id,
        "azpacr": _strength(client),
    }
    return tenant.tokens.token_for(base_url, asked.app.client_id, claims, seconds)


def id_token(tenant: Tenant, client: AppRegistration, user: User, asked: Asked, nonce: str, base_url: str) -> str:
    """Who signed in, for the app itself (entra-docs identity-platform/id-token-claims-reference.md)."""
    claims = _person(tenant, client, user)
    if nonce:
        claims["nonce"] = nonce
    if "email" in asked.words:
        claims["email"] = user.upn
    return tenant.tokens.token_for(base_url, client.client_id, claims, tenant.switches.sign_in_access_seconds)


def _person(tenant: Tenant, app: AppRegistration, user: User) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "oid": user.id,
        "sub": pairwise(app.client_id, user.id),
        "name": user.display_name,
        "preferred_username": user.upn,
    }
    roles = app.role_holders.get(user.id)
    claims |= {"roles": sorted(roles)} if roles else {}
    return claims | (_groups(tenant, user) if app.group_membership_claims == "All" else {})


def _groups(tenant: Tenant, user: User) -> dict[str, Any]:
    """The person's groups; more than a token may name are only said to be there
    (entra-docs identity-platform/access-token-claims-reference.md, groups overage claim)."""
    groups = [group.id for group in tenant.directory.groups.values() if user.id in group.member_ids]
    if len(groups) <= MOST_GROUPS:
        return {"groups": groups} if groups else {}
    source = f"https://graph.windows.net/{tenant.tenant_id}/users/{user.id}/getMemberObjects"
    return {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": source}}}


def _strength(client: AppRegistration) -> str:
    if client.public:
        return "0"
    return "2" if client.certificates and not client.secrets else "1"
