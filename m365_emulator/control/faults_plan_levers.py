"""/_emulator/faults: the plan as one document, what is left of it, and the latency of every call."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.faults_plan import Then, plan_of
from m365_emulator.control.levers import ControlFault, body_of, number, tenant_of


async def plan(request: Request) -> Response:
    """POST faults/plan {steps, seed?}: this plan from now on, in the place of any before; GET faults/plan: what is left
    of it and how often each step struck.
    """
    tenant = tenant_of(request)
    if request.method == "POST":
        try:
            tenant.fault_plan.order(*plan_of(await body_of(request)))
        except ValueError as fault:
            raise ControlFault(str(fault)) from fault
    return JSONResponse(tenant.fault_plan.as_json())


async def latency(request: Request) -> Response:
    """POST faults/latency {fixed_ms, jitter_ms}: hold every request below /v1.0 for so long (real time), a batch once;
    0 is none.
    """
    tenant, body = tenant_of(request), await body_of(request)
    fixed, jitter = number(body, "fixed_ms", 0), number(body, "jitter_ms", 0)
    if min(fixed, jitter) < 0:
        raise ControlFault("fixed_ms and jitter_ms are not below 0")
    tenant.fault_plan.latency = Then(delay_seconds=fixed / 1000, jitter_seconds=jitter / 1000)
    return JSONResponse({"fixed_ms": fixed, "jitter_ms": jitter})


FAULT_PLAN_ROUTES = (
    Route("/_emulator/faults/plan", plan, methods=["GET", "POST"]),
    Route("/_emulator/faults/latency", latency, methods=["POST"]),
)
