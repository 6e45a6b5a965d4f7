"""Applies the escalation policy to every open task. What a rule or the clock wants is done in its own commit."""

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from store import meetings
from store.cases import read_case, read_cases
from store.unit_of_work import Store
from tasking import chasing, climbing
from tasking.errors import RuleBroken, StaleTask
from tasking.escalation_policy import EscalationPolicy, Proposal, due_chases, overtaken, propose
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.task import Task
from tasking.triggers import Case

log = logging.getLogger(__name__)

LONGEST_SOURCE = 40


@dataclass(frozen=True, slots=True)
class Act:
    """One thing to do to one task. `name` says what it is, once in a sweep; `actor` in whose name it is done."""

    name: str
    actor: str
    do: Callable[[UnitOfWork], object]


Plan = Callable[[Case, datetime, frozenset[str]], Iterator[Act]]


class Sweep:
    """The policy at work."""

    def __init__(self, store: Store, force: Force, policy: EscalationPolicy) -> None:
        self._store = store
        self._force = force
        self._policy = policy
        repeat = policy.rule("REPEAT")
        self._repeats_within: timedelta | None = repeat.within if repeat else None

    def run(self) -> int:
        """Does what the policy and the clock say must be done now; returns how many things were done."""
        now, cases, cancelled = self._read_all()
        return sum(self._settle(case, now, cancelled, self._acts) for case in cases)

    def look_at(self, task_id: str) -> int:
        """Applies the rules to one task now, so that a high-risk one need not wait for the clock."""
        now = self._store.clock.now()
        with self._store.open() as connection:
            case = read_case(connection, task_id, now, self._repeats_within)
            cancelled = meetings.cancelled(connection)
        return self._settle(case, now, cancelled, self._climbs)

    def proposals(self) -> list[tuple[Task, Proposal]]:
        """What the policy would send up now, writing nothing."""
        now, cases, cancelled = self._read_all()
        found = ((case.task, propose(self._policy, self._force, case, now, cancelled)) for case in cases)
        return [(task, proposal) for task, proposal in found if proposal is not None]

    def _read_all(self) -> tuple[datetime, list[Case], frozenset[str]]:
        now = self._store.clock.now()
        with self._store.open() as connection:
            return now, read_cases(connection, now, self._repeats_within), meetings.cancelled(connection)

    def _settle(self, case: Case, now: datetime, cancelled: frozenset[str], planned: Plan) -> int:
        """Does one thing after another, each on the task as the one before left it; returns how many were done."""
        done, tried = 0, set[str]()
        while act := next((each for each in planned(case, now, cancelled) if each.name not in tried), None):
            tried.add(act.name)
            if self._do(case.task, act):
                done += 1
                with self._store.open() as connection:
                    left = read_case(connection, case.task.task_id, now, None)
                case = replace(left, earlier=case.earlier)
        return done

    def _acts(self, case: Case, now: datetime, cancelled: frozenset[str]) -> Iterator[Act]:
        """What waits first, then who has to be told, then what climbs, then what may come down."""
        yield from self._late(case, now, cancelled)
        yield from self._chases(case, now)
        yield from self._climbs(case, now, cancelled)
        if found := chasing.due_return(case):
            yield Act("RETURN", f"rule:{found[1].trigger}", lambda uow: chasing.propose_return(uow, *found))

    def _late(self, case: Case, now: datetime, cancelled: frozenset[str]) -> Iterator[Act]:
        for late in chasing.due_steps(self._force, case, now, cancelled):
            take = partial(chasing.take_step, force=self._force, late=late)
            yield Act(f"{late.step} {late.escalation.escalation_id}", f"rule:{late.step}", take)

    def _chases(self, case: Case, now: datetime) -> Iterator[Act]:
        task_id, due = case.task.task_id, chasing.is_re_thrive_due(case, now)
        for chase in due_chases(self._policy, case, now):
            tell = partial(chasing.chase_task, task_id=task_id, chase=chase)
            yield Act(f"CHASE {chase.key}", f"rule:{chase.trigger}", tell)
        if due is not case.task.re_thrive_due:
            yield Act("RE_THRIVE", "rule:RE_THRIVE_DUE", partial(chasing.mark_re_thrive, task_id=task_id, due=due))

    def _climbs(self, case: Case, now: datetime, cancelled: frozenset[str]) -> Iterator[Act]:
        proposal = propose(self._policy, self._force, case, now, cancelled)
        if proposal is None:
            return
        idle = overtaken(case, proposal)

        def climb(uow: UnitOfWork) -> None:
            if idle is not None:
                climbing.withdraw_escalation(uow, uow.task(case.task.task_id), idle)
            climbing.propose_to_climb(uow, self._force, case.task.task_id, proposal)

        yield Act("ESCALATE", f"rule:{proposal.trigger}", climb)

    def _do(self, task: Task, act: Act) -> bool:
        """False when somebody changed the task meanwhile, or its rules stand against it: the next sweep looks again."""
        source = f"policy {self._policy.version}"[:LONGEST_SOURCE]
        try:
            with self._store.act(act.actor, source, secrets.token_hex(8)) as uow:
                if uow.task(task.task_id).version != task.version:
                    raise StaleTask(f"{task.reference} has changed since the policy looked at it.")
                act.do(uow)
        except (StaleTask, RuleBroken) as changed:
            log.info("left for the next sweep: %s", type(changed).__name__)
            return False
        log.info("swept", extra={"reference": task.reference, "trigger": act.actor.removeprefix("rule:")})
        return True
