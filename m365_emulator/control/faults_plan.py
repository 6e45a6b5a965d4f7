"""A plan of faults as one document: steps by method, path and count, taken from the top, and latency for every request.
A call suffers at most one step: the first that matches it and is not used up. `"then": {}` lets calls through.
Steps with a `probability` share one draw for each call, so that the chances of those that match it add up.
"""

import hashlib
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
    """What befalls a call: a refusal with a status, a lost answer, a cut before anything is done, a wait, or nothing.
    Seconds are real time.
    """

    status: int = 0
    code: str = "generalException"
    message: str = "An error on order."
    retry_after: str = ""
    seconds: float = 1.0
    """What Retry-After says."""
    lose: str = ""
    reset: bool = False
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


@dataclass(slots=True)
class Step:
    """Calls that the step is for, how many of them are still to come (in `aim`), and what befalls them."""

    aim: Aim
    then: Then
    told: Json
    """The step as it was ordered."""
    probability: float = 1.0
    struck: int = 0


@dataclass(frozen=True, slots=True)
class Struck:
    """What the plan does to one call."""

    wait: float = 0.0
    refusal: GraphFault | None = None
    lost_as: str | None = None
    is_cut: bool = False
    """The connection dies with nothing done."""


UNHARMED = Struck()


@dataclass(slots=True)
class Plan:
    """The steps on order and the latency of every request.

    Chance is one draw for each call that a step of chance is for, told by the seed and the number of the draw: the
    same calls in the same order suffer the same.
    """

    steps: list[Step] = field(default_factory=list)
    latency: Then = field(default_factory=Then)
    seed: int = 0
    drawn: int = 0

    def strike(self, method: str, path: str) -> Struck:
        """What befalls this call; its step has one time less to go."""
        drawn, passed = None, 0.0
        for step in self.steps:
            if not step.aim.fits(method, path):
                continue
            if step.probability < 1:
                drawn = self._draw() if drawn is None else drawn
                passed += step.probability
                if drawn >= passed:
                    continue
            step.aim.strike()
            step.struck += 1
            then = step.then
            return Struck(then.wait(), then.refusal(path), then.lose or None, then.reset)
        return UNHARMED

    def order(self, steps: list[Step], seed: int) -> None:
        """These steps in the place of any before, and chance from its beginning."""
        self.steps, self.seed, self.drawn = steps, seed, 0

    def clear(self) -> None:
        """No step and no latency any more."""
        self.order([], 0)
        self.latency = Then()

    def as_json(self) -> Json:
        """The steps with what is left of each and how often it struck; the seed where chance is in it."""
        rows = [step.told | {"left": step.aim.times, "struck": step.struck} for step in self.steps]
        by_chance = any(step.probability < 1 for step in self.steps)
        return {"steps": rows} | ({"seed": self.seed, "drawn": self.drawn} if by_chance else {})

    def _draw(self) -> float:
        """The next number from 0 to below 1."""
        self.drawn += 1
        digest = hashlib.blake2b(f"{self.seed}/{self.drawn}".encode(), digest_size=7).digest()
        return int.from_bytes(digest) / 2**56


def plan_of(document: Any) -> tuple[list[Step], int]:
    """The steps and the seed of a plan from JSON; ValueError names the field at fault."""
    steps = document.get("steps") if isinstance(document, dict) else None
    if not isinstance(steps, list):
        raise ValueError("'steps' has to be a list")
    seed = document.get("seed", 0)
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError("'seed' is a whole number")
    return [_step(f"steps[{at}]", step) for at, step in enumerate(steps)], seed


def _step(at: str, step: Any) -> Step:
    if not isinstance(step, dict):
        raise ValueError(f"{at} has to be an object")
    unknown = set(step) - {"match", "count", "probability", "then", "left", "struck"}
    if unknown:
        raise ValueError(f"{at}: unknown {min(unknown)!r}; known are match, count, probability, then")
    match, count = step.get("match") or {}, step.get("count", 1)
    if not isinstance(match, dict) or set(match) - {"method", "path", "workload"}:
        raise ValueError(f"{at}.match is an object of method, path, workload")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise ValueError(f"{at}.count is a whole number from 1, or null for every call")
    chance = step.get("probability", 1)
    if not _is_amount(chance) or chance > 1:
        raise ValueError(f"{at}.probability is a number from 0 to 1")
    try:
        path = re.compile(str(match["path"]), re.IGNORECASE) if match.get("path") else None
    except re.error as fault:
        raise ValueError(f"{at}.match.path is no regular expression: {fault}") from fault
    told = {"match": match, "count": count, "then": step.get("then") or {}}
    told |= {"probability": chance} if "probability" in step else {}
    aim = Aim(match.get("method"), path, match.get("workload"), count)
    return Step(aim, then_of(f"{at}.then", told["then"]), told, chance)


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


def _is_amount(value: Any) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and value >= 0


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "status": lambda value: isinstance(value, int) and 400 <= value <= 599,
    "code": lambda value: isinstance(value, str),
    "message": lambda value: isinstance(value, str),
    "retry_after": lambda value: value in RETRY_AFTER_FORMS,
    "seconds": _is_amount,
    "lose": lambda value: value in LOSSES,
    "reset": lambda value: isinstance(value, bool),
    "delay_seconds": _is_amount,
    "jitter_seconds": _is_amount,
}
