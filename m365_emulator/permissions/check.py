"""May this token make this call? Looks the route up in the permission tables and refuses as its workload would."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from m365_emulator.control.faults import workload_of
from m365_emulator.odata import GraphFault
from m365_emulator.sign_in.tokens import Caller

BY_SITE = re.compile(r"^/(sites|drives|groups/[^/]+/(drive|sites))(/|$)", re.IGNORECASE)
ME = re.compile(r"^/(me|users/me-token-to-replace)(/|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Access:
    """Permissions that let some operations through, as space-separated names; '' is 'not supported'."""

    operations: tuple[str, ...]
    delegated: str
    application: str


class PermissionCheck:
    """The accepted permissions of every operation, keyed like 'GET /planner/tasks/{id}'."""

    def __init__(self, accesses: Iterable[Access]) -> None:
        self._delegated: dict[str, frozenset[str]] = {}
        self._application: dict[str, frozenset[str]] = {}
        for access in accesses:
            for operation in access.operations:
                self._delegated[operation] = frozenset(access.delegated.split())
                self._application[operation] = frozenset(access.application.split())

    def operations(self) -> list[str]:
        """Every operation of the table."""
        return sorted(self._delegated)

    def accepted(self, operation: str, *, app_only: bool) -> frozenset[str]:
        """The permissions any one of which suffices; KeyError for an operation not in the table."""
        return (self._application if app_only else self._delegated)[operation]

    def require(self, caller: Caller, operation: str, path: str, by_site: Callable[[], bool]) -> None:
        """Raise the workload's 403 unless the caller holds an accepted permission; 400 for an app on /me.

        `by_site` says whether Sites.Selected, where the caller holds it, opens the site of the path.
        """
        if caller.is_app_only and ME.match(path):
            raise GraphFault(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
        accepted = self.accepted(operation, app_only=caller.is_app_only)
        if caller.permissions & accepted:
            return
        if "Sites.Selected" in caller.permissions and BY_SITE.match(path) and by_site():
            return
        raise denied(path, caller, accepted)


def planner_denied() -> GraphFault:
    """Planner's 403 for lack of rights; its empty code tells it apart from a service limit."""
    return GraphFault(403, "", "You do not have the required permissions to access this item.")


def denied(path: str, caller: Caller, accepted: frozenset[str] = frozenset()) -> GraphFault:
    """The 403 that the workload of `path` gives: each has its own code and text."""
    workload = workload_of(path)
    if workload == "planner":
        return planner_denied()
    if workload == "files":
        return GraphFault(403, "accessDenied", "Access denied")
    if workload == "teams":
        kind = "role" if caller.is_app_only else "scope"
        wanted, held = ", ".join(sorted(accepted)), ", ".join(sorted(caller.permissions))
        message = (
            f"Missing {kind} permissions on the request. API requires one of '{wanted}'. "
            f"{kind.capitalize()}s on the request '{held}'."
        )
        return GraphFault(403, "Forbidden", message)
    return GraphFault(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
