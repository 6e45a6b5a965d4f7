"""A plan of faults as one document: steps by method, path and count, taken from the top, and latency for every call.
A call suffers at most one step: the first that matches it and is not used up. `"then": {}` lets calls through.
"""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from m365_emulator.control.faults import Aim, Throttle, throttled
from m365_emulator.odata import GraphFault, Json

LOSSES = ("disconnect", "504")
RETRY_AFTER_FORMS = ("whole", "fractional", "date", "none")


@dataclass(frozen=True, slots=True)
class Then:
    """What befalls a call: a refusal with a status, a lost answer, a wait, or nothing. Seconds are real time."""

    status: int = 0
    code: str = "generalException"
    message: str = "An error on order."
    retry_after: str = ""
    seconds: float = 1.0
    """What Retry-After says."""
    lose: str = ""
    delay_seconds: float = 0.0
    jitter_seconds: float = 0.0

    def wait(self) -> float:
        """Seconds to hold the call: the fixed part and a random share of the jitter."""
        return self.delay_seconds + random.uniform(0, self.jitter_seconds)  # noqa: S311 - jitter is no secret

    def refusal(self, path: str) -> GraphFault | None:
        """The refusal for a call on this path, if the step refuses."""
        if not self.status:
            return None
        headers = Throttle(Aim(), self.retry_after, self.seconds).headers() if self.retry_after else {}
        if self.status == 429:
            return throttled(path, headers or {"Retry-After": "1"})
        return GraphFault(self.status, self.code, self.message, headers=headers)


@dataclass(frozen=True, slots=True)
class Step:
    """Calls that the step is for, how many of them are still to come (in `aim`), and what befalls them."""

    aim: Aim
    then: Then
    told: Json
    """The step as it was ordered."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What the plan and the latency do to one call."""

    wait: float = 0.0
    refusal: GraphFault | None = None
    lost_as: str | None = None


@dataclass(slots=True)
class Plan:
    """The steps on order and the latency of every call."""

    steps: list[Step] = field(default_factory=list)
    latency: Then = field(default_factory=Then)

    def strike(self, method: str, path: str) -> Struck:
        """What befalls this call; its step has one time less to go."""
        wait = self.latency.wait()
        step = next((step for step in self.steps if step.aim.strikes(method, path)), None)
        if step is None:
            return Struck(wait)
        return Struck(wait + step.then.wait(), step.then.refusal(path), step.then.lose or None)

    def clear(self) -> None:
        """No step and no latency any more."""
        self.steps.clear()
        self.latency = Then()

    def as_json(self) -> list[Json]:
        """The steps with what is left of each."""
        return [step.told | {"left": step.aim.times} for step in self.steps]


def plan_of(document: Any) -> list[Step]:
    """The steps of a document {steps: [{match: {method, path, workload}, count, then: {...}}]}.

    ValueError names the step and what is wrong with it.
    """
    steps = document.get("steps") if isinstance(document, dict) else None
    if not isinstance(steps, list):
        raise ValueError("'steps' has to be a list")
    return [_step(f"steps[{at}]", step) for at, step in enumerate(steps)]


def _step(at: str, step: Any) -> Step:
    if not isinstance(step, dict):
        raise ValueError(f"{at} has to be an object")
    unknown = set(step) - {"match", "count", "then", "left"}
    if unknown:
        raise ValueError(f"{at}: unknown {min(unknown)!r}; known are match, count, then")
    match, count = step.get("match") or {}, step.get("count", 1)
    if not isinstance(match, dict) or set(match) - {"method", "path", "workload"}:
        raise ValueError(f"{at}.match is an object of method, path, workload")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise ValueError(f"{at}.count is a whole number from 1, or null for every call")
    try:
        path = re.compile(str(match["path"]), re.IGNORECASE) if match.get("path") else None
    except re.error as fault:
        raise ValueError(f"{at}.match.path is no regular expression: {fault}") from fault
    told = {"match": match, "count": count, "then": step.get("then") or {}}
    return Step(Aim(match.get("method"), path, match.get("workload"), count), then_of(f"{at}.then", told["then"]), told)


def then_of(at: str, given: Any) -> Then:
    """What befalls a call, from JSON; ValueError names the field at fault."""
    if not isinstance(given, dict):
        raise ValueError(f"{at} has to be an object")
    for name, value in given.items():
        check = _CHECKS.get(name)
        if check is None:
            raise ValueError(f"{at}: unknown {name!r}; known are {', '.join(_CHECKS)}")
        if not check(value):
            raise ValueError(f"{at}.{name} cannot be {value!r}")
    return Then(**given)


def _is_seconds(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and value >= 0


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "status": lambda value: isinstance(value, int) and 400 <= value <= 599,
    "code": lambda value: isinstance(value, str),
    "message": lambda value: isinstance(value, str),
    "retry_after": lambda value: value in RETRY_AFTER_FORMS,
    "seconds": _is_seconds,
    "lose": lambda value: value in LOSSES,
    "delay_seconds": _is_seconds,
    "jitter_seconds": _is_seconds,
}
