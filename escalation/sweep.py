"""Applies the escalation policy to every open task. A rule's proposal becomes an escalation in its own commit."""

import logging
import secrets

from sqlalchemy import Connection

from store import tasks
from store.unit_of_work import Store
from tasking import actions
from tasking.errors import RuleBroken, StaleTask
from tasking.escalation_policy import Case, EscalationPolicy, Proposal, propose
from tasking.force import Force
from tasking.task import Task

log = logging.getLogger(__name__)


class Sweep:
    """The policy at work."""

    def __init__(self, store: Store, force: Force, policy: EscalationPolicy) -> None:
        self._store = store
        self._force = force
        self._policy = policy

    def run(self) -> int:
        """Escalates what the policy says must climb now; returns how many tasks did."""
        return sum(self._escalate(task, proposal) for task, proposal in self.proposals())

    def look_at(self, task_id: str) -> int:
        """Applies the policy to one task now, so that a high-risk one need not wait for the clock."""
        now = self._store.clock.now()
        with self._store.open() as connection:
            case = _case(connection, tasks.read_task(connection, task_id))
        proposal = propose(self._policy, self._force, case, now)
        return self._escalate(case.task, proposal) if proposal is not None else 0

    def proposals(self) -> list[tuple[Task, Proposal]]:
        """What the policy would do now, writing nothing."""
        now = self._store.clock.now()
        with self._store.open() as connection:
            histories = tasks.read_histories(connection)
            cases = [Case(task, *histories.get(task.task_id, ((), ()))) for task in tasks.read_open_tasks(connection)]
        found = ((case.task, propose(self._policy, self._force, case, now)) for case in cases)
        return [(task, proposal) for task, proposal in found if proposal is not None]

    def _escalate(self, task: Task, proposal: Proposal) -> int:
        """1 when the task climbed; 0 when somebody changed it meanwhile: the next sweep looks again."""
        actor = f"rule:{proposal.trigger}"
        try:
            with self._store.act(actor, f"policy {proposal.policy_version}", secrets.token_hex(8)) as uow:
                if uow.task(task.task_id).version != task.version:
                    raise StaleTask(f"{task.reference} has changed since the policy looked at it.")
                actions.escalate(uow, self._force, task.task_id, proposal)
        except (StaleTask, RuleBroken) as changed:
            log.info("escalation left for the next sweep: %s", type(changed).__name__)
            return 0
        log.info("escalated", extra={"reference": task.reference, "trigger": proposal.trigger})
        return 1


def _case(connection: Connection, task: Task) -> Case:
    task_id = task.task_id
    return Case(task, tasks.read_assessments(connection, task_id), tasks.read_escalations(connection, task_id))
