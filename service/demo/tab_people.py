"""The tab in the demo: its app registration in the emulator, and the app roles of Peakshire's people."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.demo.tenant import DemoTenant
from service.settings import TAB_PATH
from tasking.rights import AppRole

TAB_APP = "0d6f4c52-6f0e-4b7c-9a55-2e1c7f0b9d31"
TAB_SECRET = secrets.token_urlsafe(24)
"""Another for each run: it opens this demo's emulator."""

ROLES_OF_KIND: Mapping[str, Callable[[Sequence[str]], list[str]]] = {
    "admin": lambda units: [AppRole.REQUESTER, AppRole.OPERATOR],
    "manager": lambda units: [
        AppRole.REQUESTER,
        AppRole.RESTRICTED,
        *(f"{role}.{units[0]}" for role in (AppRole.CHAIR, AppRole.TASKING_OFFICER)),
    ],
    "officer": lambda units: [AppRole.REQUESTER, AppRole.OWNER],
    "auditor": lambda units: [AppRole.AUDITOR, AppRole.RESTRICTED],
    "analyst": lambda units: [AppRole.ANALYST],
    "partner": lambda units: [f"{AppRole.PARTNER}.{unit}" for unit in units],
}
"""Values of the roles claim by the kind of a person in config/demo/people.yaml. A manager's own unit comes first."""


def tab_environment(tenant: DemoTenant, address: str) -> dict[str, str]:
    """Settings of the tab at this address of the service, with the emulator as its Entra."""
    return {
        "TASKING_TAB_URL": f"{address}{TAB_PATH}",
        "TASKING_TAB_AUTHORITY": tenant.authority,
        "TASKING_TAB_CLIENT_ID": TAB_APP,
        "TASKING_TAB_CLIENT_SECRET": TAB_SECRET,
        "TASKING_TAB_CA_FILE": tenant.ca_file,
    }


async def open_tab(tenant: DemoTenant, address: str, people: list[dict[str, Any]]) -> None:
    """Registers the tab's app, as a force's administrator would in Entra, and gives its roles to people."""
    roles = {each["upn"]: ROLES_OF_KIND[each["kind"]](each["units"]) for each in people}
    declared = dict.fromkeys([*AppRole, *(role for held in roles.values() for role in held)])
    await tenant.control(
        "apps",
        {
            "client_id": TAB_APP,
            "display_name": "Peakshire tasking tab",
            "secrets": [TAB_SECRET],
            "redirect_uris": [f"{address}{TAB_PATH}{path}" for path in ("/signed-in", "/sign-in")],
            "scopes": ["access_as_user"],
            "app_roles": list(declared),
            "group_membership_claims": "All",
        },
    )
    for upn, held in roles.items():
        await tenant.control(f"apps/{TAB_APP}/roles", {"user": upn, "roles": held})
