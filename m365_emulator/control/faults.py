"""Faults that the control area orders: throttling, a failure, a lost answer, a delay. Batch parts suffer them too."""

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from m365_emulator.odata import GraphFault

BATCH = "/$batch"
"""The path of the envelope. Faults without a path are for calls, alone or in a batch, not for what carries them."""

_WORKLOADS = (
    (re.compile(r"/planner(/|$)", re.IGNORECASE), "planner"),
    (re.compile(r"^/teams(/|$)|^/groups/[^/]+/team$", re.IGNORECASE), "teams"),
    (re.compile(r"^/(sites|drives)(/|$)|^/groups/[^/]+/(drive|sites)(/|$)", re.IGNORECASE), "files"),
)


def workload_of(path: str) -> str:
    """'planner', 'teams', 'files' or 'directory' for a path below /v1.0."""
    return next((name for pattern, name in _WORKLOADS if pattern.search(path)), "directory")


@dataclass(slots=True)
class Aim:
    """Which calls a fault strikes and how often: None is any; `until` is time.monotonic()."""

    method: str | None = None
    path: re.Pattern[str] | None = None
    workload: str | None = None
    times: int | None = 1
    until: float | None = field(default=None, metadata={"monotonic": True})

    def strikes(self, method: str, path: str) -> bool:
        """True, and one time less, when the fault strikes this call."""
        if not self.fits(method, path):
            return False
        self.strike()
        return True

    def fits(self, method: str, path: str) -> bool:
        """True when it is for this call and not spent. The envelope of a batch has to be named by its path."""
        if self.is_spent or (self.method or method).upper() != method:
            return False
        if self.workload and self.workload != workload_of(path):
            return False
        if self.path is None:
            return path != BATCH
        return self.path.search(path) is not None

    def strike(self) -> None:
        """One time less."""
        if self.times is not None:
            self.times -= 1

    @property
    def is_spent(self) -> bool:
        """True once it has struck as often, or lasted as long, as it was ordered to."""
        return (self.times is not None and self.times <= 0) or (
            self.until is not None and time.monotonic() >= self.until
        )


@dataclass(slots=True)
class Throttle:
    """Answer 429; `retry_after` is 'whole', 'fractional', 'date' or 'none', `value` its seconds."""

    aim: Aim
    retry_after: str = "whole"
    value: float = 1.0

    def headers(self) -> dict[str, str]:
        """The Retry-After header in the ordered form."""
        forms = {
            "whole": str(max(0, round(self.value))),
            "fractional": f"{self.value:.3f}",
            "date": format_datetime(datetime.now(UTC) + timedelta(seconds=self.value), usegmt=True),
        }
        return {"Retry-After": forms[self.retry_after]} if self.retry_after in forms else {}


@dataclass(slots=True)
class Failure:
    """Refuse a call outright, with nothing done."""

    aim: Aim
    status: int
    code: str
    message: str


@dataclass(slots=True)
class LostAnswer:
    """Do the work and lose the answer: 'disconnect' cuts the connection, '504' answers a gateway timeout."""

    aim: Aim
    lost_as: str


@dataclass(slots=True)
class Delay:
    """Hold a call for so many seconds of real time before it is looked at."""

    aim: Aim
    seconds: float


@dataclass(slots=True)
class Faults:
    """All faults on order, in the order they were ordered."""

    throttles: list[Throttle] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    lost_answers: list[LostAnswer] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)

    def clear(self) -> None:
        """Forget all of them."""
        for orders in (self.throttles, self.failures, self.lost_answers, self.delays):
            orders.clear()

    def delay_of(self, method: str, path: str) -> float:
        """Seconds to hold this call."""
        return sum(d.seconds for d in self.delays if d.aim.strikes(method, path))

    def raise_if_struck(self, method: str, path: str) -> None:
        """Raise the GraphFault of the first throttle or failure that strikes this call."""
        for throttle in self.throttles:
            if throttle.aim.strikes(method, path):
                raise throttled(path, throttle.headers())
        for failure in self.failures:
            if failure.aim.strikes(method, path):
                raise GraphFault(failure.status, failure.code, failure.message)

    def loss_of(self, method: str, path: str) -> str | None:
        """How the answer of this successful call is to be lost, if it is."""
        return next((lost.lost_as for lost in self.lost_answers if lost.aim.strikes(method, path)), None)


def throttled(path: str, headers: dict[str, str]) -> GraphFault:
    """The 429 of the workload that a path belongs to (concepts/throttling.md; SharePoint has its own form)."""
    if workload_of(path) == "files":
        return GraphFault(
            429,
            "activityLimitReached",
            "The request has been throttled",
            inner={"code": "throttledRequest"},
            headers=headers,
        )
    inner = {"code": "429", "message": "Please retry after", "status": "429"}
    return GraphFault(429, "TooManyRequests", "Please retry again later.", inner=inner, headers=headers)
