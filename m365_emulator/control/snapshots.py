"""Snapshots of the whole tenant: taken and restored by name, and carried to a file or another emulator as JSON.
The traffic, the signing keys and the snapshots themselves are not part of one; flows under way are not either.
"""

import json
import re

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.clock import timestamp
from m365_emulator.control.orders import ControlFault, tenant_of
from m365_emulator.control.snapshot_codec import Reader, SnapshotFault, Writer
from m365_emulator.tenant import Tenant

FORM = "m365_emulator snapshot 1"
NOT_KEPT = frozenset({"traffic"})
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def kept_parts() -> list[str]:
    """The names of the tenant's parts that a snapshot holds: all that a reset makes anew, but for the traffic."""
    return [name for name in Tenant.__annotations__ if name not in NOT_KEPT]


def taken(tenant: Tenant) -> str:
    """The tenant's state now, as JSON text. Raises SnapshotFault for something that cannot be kept."""
    state = Writer().write({name: getattr(tenant, name) for name in kept_parts()})
    document = {"form": FORM, "tenant_id": tenant.tenant_id, "at": timestamp(tenant.clock.now()), "state": state}
    return json.dumps(document, separators=(",", ":"))


def restore(tenant: Tenant, text: str) -> None:
    """Put the state of a snapshot in the place of the tenant's own: all of it or, with SnapshotFault, none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as fault:
        raise SnapshotFault("this is no JSON") from fault
    if not isinstance(document, dict) or document.get("form") != FORM:
        raise SnapshotFault(f"this is no document of the form {FORM!r}")
    state = Reader().read(document.get("state"))
    missing = set(kept_parts()) - set(state if isinstance(state, dict) else ())
    if missing:
        raise SnapshotFault(
            f"the snapshot has no {', '.join(sorted(missing))}: another version of the emulator took it"
        )
    for name in kept_parts():
        if type(state[name]) is not type(getattr(tenant, name)):
            raise SnapshotFault(f"the snapshot's {name} is of another kind")
    for name in kept_parts():
        setattr(tenant, name, state[name])


async def listed(request: Request) -> Response:
    """GET snapshots: their names and sizes in bytes"""
    held = tenant_of(request).snapshots
    return JSONResponse({"snapshots": [{"name": name, "bytes": len(text)} for name, text in held.items()]})


async def one(request: Request) -> Response:
    """POST snapshots/{name}: take one; GET: its document; PUT: hand such a document in; DELETE: forget it"""
    tenant, name = tenant_of(request), request.path_params["name"]
    if not NAME.fullmatch(name):
        raise ControlFault("a name has letters, digits, '.', '-' and '_' only")
    if request.method == "POST":
        try:
            tenant.snapshots[name] = taken(tenant)
        except SnapshotFault as fault:
            raise ControlFault(str(fault)) from fault
        return JSONResponse({"name": name, "bytes": len(tenant.snapshots[name])}, 201)
    if request.method == "PUT":
        tenant.snapshots[name] = (await request.body()).decode("utf-8", errors="replace")
        return Response(status_code=204)
    text = _named(tenant, name)
    if request.method == "DELETE":
        del tenant.snapshots[name]
        return Response(status_code=204)
    return Response(text, media_type="application/json")


async def restored(request: Request) -> Response:
    """POST snapshots/{name}/restore: everything is again as it was then"""
    tenant = tenant_of(request)
    try:
        restore(tenant, _named(tenant, request.path_params["name"]))
    except SnapshotFault as fault:
        raise ControlFault(str(fault)) from fault
    return Response(status_code=204)


def _named(tenant: Tenant, name: str) -> str:
    if name not in tenant.snapshots:
        raise ControlFault(f"no snapshot {name!r}")
    return tenant.snapshots[name]


SNAPSHOT_ROUTES = (
    Route("/_emulator/snapshots", listed, methods=["GET"]),
    Route("/_emulator/snapshots/{name}/restore", restored, methods=["POST"]),
    Route("/_emulator/snapshots/{name}", one, methods=["GET", "POST", "PUT", "DELETE"]),
)
