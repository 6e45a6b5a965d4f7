"""Applies the escalation policy to every open task. What a rule or the clock wants is done in its own commit."""

import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from store import meetings, notebook
from store.cases import read_case, read_cases
from store.unit_of_work import Store
from tasking import chasing, climbing
from tasking.errors import RuleBroken, StaleTask, TaskingError
from tasking.escalation_policy import Chase, EscalationPolicy, Proposal, due_chases, due_notices, overtaken, propose
from tasking.force import Force
from tasking.ports import UnitOfWork
from tasking.task import Task
from tasking.triggers import Case

log = logging.getLogger(__name__)

LONGEST_SOURCE = 40
CANNOT_BE_APPLIED = (LookupError, ValueError, TaskingError)
"""What the rules raise over a task that does not fit config any more, such as a unit that is gone."""
NOT_APPLIED = "rules of escalation: "
"""How the subject of a notice about such a task begins."""


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
        """Does what the policy and the clock say must be done now; returns how many things were done.

        A task that the rules cannot be applied to is told to the operator once, and holds up no other.
        """
        now, cases, cancelled = self._read_all()
        done = [self._settled(case, cancelled, now, self._acts) for case in cases]
        stuck = {_subject(case.task) for case, number in zip(cases, done, strict=True) if number is None}
        with self._store.open() as connection:
            for notice in notebook.open_notices(connection):
                if notice["subject"].startswith(NOT_APPLIED) and notice["subject"] not in stuck:
                    notebook.clear_notice(connection, notice["subject"], now)
        return sum(number or 0 for number in done)

    async def look_at(self, task_id: str) -> int:
        """Applies the rules to one task now, so that a high-risk one need not wait for the clock."""
        now = self._store.clock.now()

        def read(connection: Connection) -> tuple[Case, frozenset[str]]:
            return read_case(connection, task_id, now, self._repeats_within), meetings.cancelled(connection)

        return self._settled(*await self._store.together(read), now, self._at_once) or 0

    def proposals(self) -> list[tuple[Task, Proposal]]:
        """What the policy would send up now, writing nothing. Tasks that it cannot be applied to are left out."""
        now, cases, cancelled = self._read_all()
        found = ((case.task, self._proposal(case, now, cancelled)) for case in cases)
        return [(task, proposal) for task, proposal in found if proposal is not None]

    def _proposal(self, case: Case, now: datetime, cancelled: frozenset[str]) -> Proposal | None:
        try:
            return propose(self._policy, self._force, case, now, cancelled)
        except CANNOT_BE_APPLIED as trouble:
            log.error("rules cannot be applied", extra={"reference": case.task.reference, "error": _kind(trouble)})
            return None

    def _read_all(self) -> tuple[datetime, list[Case], frozenset[str]]:
        now = self._store.clock.now()
        with self._store.open() as connection:
            return now, read_cases(connection, now, self._repeats_within), meetings.cancelled(connection)

    def _settled(self, case: Case, cancelled: frozenset[str], now: datetime, planned: Plan) -> int | None:
        """As `_settle`; None where the rules cannot be applied to this task, of which the operator is told once."""
        try:
            return self._settle(case, now, cancelled, planned)
        except CANNOT_BE_APPLIED as trouble:
            reference, why = case.task.reference, f"{_kind(trouble)}: {trouble}"
            told = (
                f"The rules of escalation cannot be applied to {reference}, so it neither climbs nor is it chased "
                f"({why}). Look whether force.yaml still has every unit where the task stands."
            )
            with self._store.open() as connection:
                if notebook.raise_notice(connection, _subject(case.task), told, now):
                    log.error("rules cannot be applied", extra={"reference": reference, "error": _kind(trouble)})
            return None

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
        """What waits first, then who has to be told, then what climbs, then what may come down.

        Of a task that is done only what waits: nothing else may happen to it.
        """
        yield from self._late(case, now, cancelled)
        if not case.task.is_open:
            return
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
        yield from self._told(case, due_chases(self._policy, case, now))
        yield from self._told(case, due_notices(self._policy, self._force, case, now))
        if due is not case.task.re_thrive_due:
            yield Act("RE_THRIVE", "rule:RE_THRIVE_DUE", partial(chasing.mark_re_thrive, task_id=task_id, due=due))

    def _told(self, case: Case, found: Iterable[Chase]) -> Iterator[Act]:
        for chase in found:
            tell = partial(chasing.chase_task, task_id=case.task.task_id, chase=chase)
            yield Act(f"CHASE {chase.key}", f"rule:{chase.trigger}", tell)

    def _at_once(self, case: Case, now: datetime, cancelled: frozenset[str]) -> Iterator[Act]:
        """What cannot wait for the clock: whom a rule has told at once, and what climbs."""
        yield from self._told(case, due_notices(self._policy, self._force, case, now))
        yield from self._climbs(case, now, cancelled)

    def _climbs(self, case: Case, now: datetime, cancelled: frozenset[str]) -> Iterator[Act]:
        proposal = propose(self._policy, self._force, case, now, cancelled)
        if proposal is None:
            return
        idle = overtaken(case, proposal)

        def climb(uow: UnitOfWork) -> None:
            if idle is not None:
                climbing.withdraw_escalation(uow, *climbing.as_it_stands(uow, idle))
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


def _subject(task: Task) -> str:
    return f"{NOT_APPLIED}{task.reference}"


def _kind(trouble: Exception) -> str:
    return type(trouble).__name__
