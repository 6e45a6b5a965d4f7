"""Who a verified token is about: name, roles, and the units whose board groups the person is in."""

from collections.abc import Mapping
from typing import Any

from store import notebook
from tasking.audit import AuditKind
from tasking.rights import Person, grants_in
from web.tab import SOURCE, Tab
from web.tokens import TokenRefused

TOO_MANY = (
    "Your account is in more groups than a token can name. Ask the administrator to give you roles with a unit's "
    "code and to leave groups out of the token."
)
NO_ROLE = "You have no role in tasking yet. Ask who gives out roles in your force."


def person_in(tab: Tab, claims: Mapping[str, Any]) -> Person:
    """The person. Raises TokenRefused, audited, where no role was given to them or their groups cannot be known."""
    upn = str(claims.get("preferred_username") or claims["oid"]).casefold()
    if "groups" in claims.get("_claim_names", {}) or claims.get("hasgroups"):
        raise _refused(tab, upn, claims, TOO_MANY)
    roles, groups = (_texts(claims.get(name)) for name in ("roles", "groups"))
    grants = grants_in(roles, tab.force)
    if not grants:
        raise _refused(tab, upn, claims, NO_ROLE)
    with tab.store.open() as connection:
        noted = notebook.provisioned_rows(connection, "group")
    units = frozenset(unit for unit, row in noted.items() if row["graph_id"] in groups and unit in tab.force.units)
    return Person(str(claims["oid"]), upn, str(claims.get("name") or upn), grants, units)


def _texts(told: object) -> list[str]:
    """A claim that is a list of texts; nothing for whatever else it may be."""
    return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []


def _refused(tab: Tab, upn: str, claims: Mapping[str, Any], words: str) -> TokenRefused:
    with tab.store.act(upn, SOURCE, tab.store.new_delivery_id()) as uow:
        uow.audit("sign-in refused", str(claims["oid"])[:80], {}, AuditKind.SIGN_IN)
    return TokenRefused(words)
