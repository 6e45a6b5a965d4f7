"""A plan of faults as one document: steps by method, path and count, taken from the top, and latency for every request.
A call suffers at most one step: the first that matches it and is not used up. `"then": {}` lets calls through.
Steps with a `probability` share one draw for each call, so that the chances of those that match it add up.
"""

import hashlib
import random
from dataclasses import dataclass, field

from m365_emulator.control.faults import Aim, Throttle, throttled
from m365_emulator.odata import GraphFault, Json


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
