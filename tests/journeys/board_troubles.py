"""What goes wrong while the service works: calls refused or lost, lists that lag, a power cut, people who come between.

Faults are the emulator's own plan of faults. Lists lag no longer than the service is built to bear.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import event

from m365_emulator.control.faults import Faults
from m365_emulator.control.faults_plan import Plan
from m365_emulator.tenant import Tenant
from service.wiring import Service
from tests.planner_sync.small_force import SETTLE_SECONDS

Json = dict[str, Any]

TASK = {"method": "PATCH", "path": r"/planner/tasks/[^/]+(/details)?$"}
NEW_TASK = {"method": "POST", "path": r"/planner/tasks$"}
BUCKETS_AND_LABELS = {"path": r"/planner/buckets$|/planner/plans/[^/]+/details$"}
READS = {"method": "GET", "path": r"/planner/"}
ANYTHING = {"workload": "planner"}

FAULTS: Mapping[str, tuple[Json, Json]] = {
    "change done, connection cut": (TASK, {"lose": "disconnect"}),
    "change done, gateway timed out": (TASK, {"lose": "504"}),
    "change not done, connection cut": (TASK, {"reset": True}),
    "change clashes": (TASK, {"status": 409, "code": ""}),
    "change has an etag that is none": (TASK, {"status": 412, "code": ""}),
    "change not done, 503": (TASK, {"status": 503, "code": "serviceNotAvailable"}),
    "task made, connection cut": (NEW_TASK, {"lose": "disconnect"}),
    "task made, gateway timed out": (NEW_TASK, {"lose": "504"}),
    "task not made, connection cut": (NEW_TASK, {"reset": True}),
    "task not made, 503": (NEW_TASK, {"status": 503, "code": "serviceNotAvailable"}),
    "board mended, connection cut": (BUCKETS_AND_LABELS, {"lose": "disconnect"}),
    "board not mended, clash": (BUCKETS_AND_LABELS, {"status": 409, "code": ""}),
    "read, and gateway timed out": (READS, {"lose": "504"}),
    "throttled for a second": (ANYTHING, {"status": 429, "retry_after": "whole", "seconds": 1}),
    "throttled for a part of a second": (ANYTHING, {"status": 429, "retry_after": "fractional", "seconds": 0.4}),
    "unavailable for a second": (ANYTHING, {"status": 503, "retry_after": "whole", "seconds": 1}),
}

LONGEST_LAGS: Mapping[str, float] = {
    "planner_stale_list_seconds": SETTLE_SECONDS - 2,
    "planner_stale_changes_seconds": 9 * 60,
    "planner_stale_deletes_seconds": 9 * 60,
    "planner_details_404_ms": 60,
}
"""Seconds of the service's own clock for which each switch may be on: what `settle_seconds` and LIST_MAY_LAG allow."""

FOR_EVER = 3_600_000
LONG_AGO_SECONDS = 7200.0


class PowerCut(BaseException):
    """Not an Exception: nothing may catch it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of FAULTS: strikes `times` calls after letting `past` of its kind by."""

    name: str
    past: int
    times: int

    def steps(self) -> list[Json]:
        """The entry as steps of the emulator's plan."""
        match, then = FAULTS[self.name]
        let_by = [{"match": match, "count": self.past, "then": {}}] if self.past else []
        return [*let_by, {"match": match, "count": self.times, "then": then}]


def faults_of(names: Sequence[str]) -> st.SearchStrategy[tuple[Fault, ...]]:
    """One to three of these, to be ordered together."""
    one = st.builds(Fault, st.sampled_from(names), st.sampled_from([0, 0, 1, 2]), st.integers(1, 3))
    return st.lists(one, min_size=1, max_size=3).map(tuple)


def plan_of(faults: Sequence[Fault]) -> Json:
    """The faults as the emulator's document."""
    return {"steps": [step for fault in faults for step in fault.steps()]}


class Lag:
    """Lists and details of new things that lag behind, until the service's clock says that Planner has caught up."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._left: dict[str, float] = {}

    def begin(self, switch: str) -> None:
        """From here on this lags. What was there before is old, and everybody knows of it."""
        if not self._left:
            for parts in self._tenant.planner.tasks.values():
                parts.born -= LONG_AGO_SECONDS
                parts.task.earlier = ()
            self._tenant.planner.gone.clear()
        if switch not in self._left:
            self._left[switch] = LONGEST_LAGS[switch]
            self._tenant.switches.set(switch, FOR_EVER)

    def time_passes(self, seconds: float) -> None:
        """Called before the service's clock is set ahead."""
        self._left = {switch: left - seconds for switch, left in self._left.items()}
        if any(left <= 0 for left in self._left.values()):
            self.end()

    def end(self) -> None:
        """Planner has caught up with everything."""
        for switch in LONGEST_LAGS:
            self._tenant.switches.set(switch, 0)
        self._left = {}


@contextmanager
def undisturbed(tenant: Tenant) -> Iterator[None]:
    """Faults on order are meant for the service, not for people."""
    held = (tenant.faults, tenant.fault_plan, tenant.switches.planner_details_404_ms)
    tenant.faults, tenant.fault_plan, tenant.switches.planner_details_404_ms = Faults(), Plan(), 0
    try:
        yield
    finally:
        tenant.faults, tenant.fault_plan, tenant.switches.planner_details_404_ms = held


class Steps:
    """Counts each step by which one service reaches out of its process, and lets something happen at one of them.

    A step is a transaction begun or about to be committed, a request about to go to Graph, or its answer come back.
    """

    def __init__(self, service: Service) -> None:
        self.is_dead = False
        self._cut_in: int | None = None
        self._between: tuple[int, Callable[[], Awaitable[None]]] | None = None
        for name in ("begin", "commit"):
            event.listen(service.store.engine, name, self._at_database, insert=True)
        wire = service.graph.transport._wire
        send = wire.send_raw

        async def watched(*given: Any, **more: Any) -> Any:
            await self._at_graph()
            answer = await send(*given, **more)
            await self._at_graph()
            return answer

        wire.send_raw = watched  # type: ignore[method-assign]

    def cut_power_in(self, steps: int) -> None:
        """Kills the service at that step; whatever it tries from then on comes to nothing."""
        self._cut_in = steps

    def interrupt_in(self, steps: int, do: Callable[[], Awaitable[None]]) -> None:
        """Has something happen at that step towards Graph. No transaction is open there."""
        self._between = (steps, do)

    def all_clear(self) -> None:
        """Whatever has not happened yet does not happen any more."""
        self._cut_in, self._between = None, None

    def _at_database(self, connection: object) -> None:
        self._step()

    async def _at_graph(self) -> None:
        self._step()
        if self._between is not None:
            steps, do = self._between
            self._between = (steps - 1, do) if steps > 0 else None
            if steps <= 0:
                await do()

    def _step(self) -> None:
        if self._cut_in is not None:
            self._cut_in -= 1
            self.is_dead = self.is_dead or self._cut_in <= 0
        if self.is_dead:
            raise PowerCut
