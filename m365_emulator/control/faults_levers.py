"""/_emulator/faults: single faults, the plan as one document and what is left of it, and the latency of every call."""

import re
import time
from typing import Literal

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from m365_emulator.control.faults import Aim, Delay, Failure, LostAnswer, Throttle
from m365_emulator.control.faults_plan import Step, Then
from m365_emulator.control.orders import Amount, Order, Pattern, RefusalStatus, Text, Times, takes, tenant_of
from m365_emulator.odata import Json

RetryAfter = Literal["whole", "fractional", "date", "none"]
Loss = Literal["disconnect", "504"]


class Match(Order):
    """Which calls."""

    method: Text | None = Field(None, description="an HTTP verb; any without it")
    path: Pattern | None = Field(None, description="a regular expression found in the path below /v1.0; any without it")
    workload: Literal["planner", "teams", "files", "directory"] | None = Field(None, description="whose calls")

    def aim(self, times: int | None, until: float | None = None) -> Aim:
        """These calls, so many times, until a moment of time.monotonic(); None is without end."""
        path = re.compile(self.path, re.IGNORECASE) if self.path else None
        return Aim(self.method, path, self.workload, times, until)


class FaultOrder(Match):
    """Which calls, how many of them, and for how long."""

    times: Times | None = Field(None, description="how many calls; one, or all for so many seconds, without it")
    seconds: Amount | None = Field(None, description="seconds of real time")

    def order_aim(self) -> Aim:
        """The calls that this order is for."""
        until = None if self.seconds is None else time.monotonic() + self.seconds
        return self.aim(self.times or (1 if until is None else None), until)


class ThrottleOrder(FaultOrder):
    """Answer 429."""

    retry_after: RetryAfter = Field("whole", description="the form of the header")
    value: Amount = Field(1, description="seconds that Retry-After says")


class FailureOrder(FaultOrder):
    """Refuse."""

    status: RefusalStatus = Field(500, description="the HTTP status")
    code: str = Field("generalException", description="the error's code")
    message: str = Field("An error on order.", description="the error's text")


class LossOrder(FaultOrder):
    """Lose the answer."""

    as_: Loss = Field("disconnect", alias="as", description="how the answer is lost")


class DelayOrder(Match):
    """Hold calls."""

    times: Times = Field(1, description="how many calls")
    seconds: Amount = Field(1, description="how long, in seconds of real time")


class ThenOrder(Order):
    """What befalls a call: a refusal, a lost answer, a cut before anything is done, a wait, or nothing."""

    status: RefusalStatus | None = Field(None, description="the HTTP status of a refusal")
    code: str = "generalException"
    message: str = "An error on order."
    retry_after: RetryAfter = Field("none", description="the form of the header")
    seconds: Amount = Field(1, description="seconds that Retry-After says")
    lose: Loss | None = None
    reset: bool = False
    delay_seconds: Amount = 0
    jitter_seconds: Amount = 0

    def then(self) -> Then:
        """The same for the plan."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return Then(**{name: value for name, value in given.items() if value is not None})


class StepOrder(Order):
    """One step of a plan."""

    match: Match = Match()
    count: Times | None = Field(1, description="how many calls; null for every one")
    probability: float = Field(1, ge=0, le=1, description="probabilities of steps for the same call add up")
    then: ThenOrder = ThenOrder()
    left: int | None = Field(None, description="what GET tells of it, and is passed over")
    struck: int | None = Field(None, description="what GET tells of it, and is passed over")

    def step(self) -> Step:
        """The same for the plan."""
        told: Json = {"match": self.match.model_dump(exclude_unset=True), "count": self.count}
        told["then"] = self.then.model_dump(exclude_unset=True)
        if "probability" in self.model_fields_set:
            told["probability"] = self.probability
        return Step(self.match.aim(self.count), self.then.then(), told, self.probability)


class PlanOrder(Order):
    """The whole plan."""

    steps: list[StepOrder] = Field(
        description="a call suffers the first step that matches and is not used up; the request that carries a batch "
        "has to be named by a path such as '[$]batch'"
    )
    seed: int = Field(0, description="chance is the same for the same seed and the same order of calls")
    drawn: int | None = Field(None, description="what GET tells of it, and is passed over")


class LatencyOrder(Order):
    """How long requests are held."""

    fixed_ms: Amount = Field(0, description="milliseconds for every request; a batch is one")
    jitter_ms: Amount = Field(0, description="up to so many milliseconds more, at random")


@takes(ThrottleOrder)
async def throttle(request: Request, order: ThrottleOrder) -> Response:
    """POST faults/throttle: answer 429."""
    tenant_of(request).faults.throttles.append(Throttle(order.order_aim(), order.retry_after, order.value))
    return Response(status_code=204)


@takes(FailureOrder)
async def fail_next(request: Request, order: FailureOrder) -> Response:
    """POST faults/fail_next: refuse with nothing done."""
    failure = Failure(order.order_aim(), order.status, order.code, order.message)
    tenant_of(request).faults.failures.append(failure)
    return Response(status_code=204)


@takes(LossOrder)
async def lose_next_answer(request: Request, order: LossOrder) -> Response:
    """POST faults/lose_next_answer: do the work, lose the answer."""
    tenant_of(request).faults.lost_answers.append(LostAnswer(order.order_aim(), order.as_))
    return Response(status_code=204)


@takes(DelayOrder)
async def delay(request: Request, order: DelayOrder) -> Response:
    """POST faults/delay: hold calls for so long (real time)."""
    tenant_of(request).faults.delays.append(Delay(order.aim(order.times), order.seconds))
    return Response(status_code=204)


async def clear_faults(request: Request) -> Response:
    """DELETE faults: none are on order any more, neither single ones nor a plan, and there is no latency."""
    tenant_of(request).faults.clear()
    tenant_of(request).fault_plan.clear()
    return Response(status_code=204)


async def plan(request: Request) -> Response:
    """GET faults/plan: what is left of it and how often each step struck."""
    return JSONResponse(tenant_of(request).fault_plan.as_json())


@takes(PlanOrder)
async def order_plan(request: Request, order: PlanOrder) -> Response:
    """POST faults/plan: this plan from now on, in the place of any before."""
    tenant = tenant_of(request)
    tenant.fault_plan.order([step.step() for step in order.steps], order.seed)
    return JSONResponse(tenant.fault_plan.as_json())


@takes(LatencyOrder)
async def latency(request: Request, order: LatencyOrder) -> Response:
    """POST faults/latency: hold every request below /v1.0 for so long (real time), a batch once; 0 is none."""
    held = Then(delay_seconds=order.fixed_ms / 1000, jitter_seconds=order.jitter_ms / 1000)
    tenant_of(request).fault_plan.latency = held
    return JSONResponse({"fixed_ms": order.fixed_ms, "jitter_ms": order.jitter_ms})


FAULT_ROUTES = (
    Route("/_emulator/faults/throttle", throttle, methods=["POST"]),
    Route("/_emulator/faults/fail_next", fail_next, methods=["POST"]),
    Route("/_emulator/faults/lose_next_answer", lose_next_answer, methods=["POST"]),
    Route("/_emulator/faults/delay", delay, methods=["POST"]),
    Route("/_emulator/faults", clear_faults, methods=["DELETE"]),
    Route("/_emulator/faults/plan", plan, methods=["GET"]),
    Route("/_emulator/faults/plan", order_plan, methods=["POST"]),
    Route("/_emulator/faults/latency", latency, methods=["POST"]),
)
