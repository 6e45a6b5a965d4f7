"""Any sequence of going up, coming down, assessing and board work leaves one consistent record behind."""

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from store import audit_log
from store.tables import tasks as task_rows
from tasking.errors import RuleBroken
from tasking.escalation import AWAITING_DECISION, EscalationStatus
from tasking.task import Task
from tests.peakshire import BY_BAND, MINUTE, a_proposal, open_desk

LADDER = ("HP", "DIV_N", "PKS")


class Climbing(RuleBasedStateMachine):
    """One task; beside it a plain list of the boards it should stand on and of the owners it was given."""

    @initialize()
    def raised(self) -> None:
        self.opened = open_desk()
        self.desk = self.opened.__enter__()
        self.first = self.desk.raised()
        self.task = self.first
        self.boards = ["HP"]
        self.owners: tuple[str, ...] = ()
        self.steps = 0

    def teardown(self) -> None:
        if hasattr(self, "opened"):
            self.opened.__exit__(None, None, None)

    def tick(self) -> None:
        self.desk.clock.advance(MINUTE)
        self.steps += 1

    @precondition(lambda self: self.boards[-1] != "PKS")
    @rule(far=st.booleans(), asked=st.booleans())
    def goes_up(self, far: bool, asked: bool) -> None:
        self.tick()
        goal = "PKS" if far else LADDER[LADDER.index(self.boards[-1]) + 1]
        trigger = "ASKED_BY_LABEL" if asked else "OVERDUE"
        proposal = a_proposal(self.boards[-1], goal, trigger=trigger, fact=str(self.steps))
        self.task = self.desk.escalated(self.task, proposal)
        self.boards.append(goal)

    @rule()
    def cannot_go_where_it_stands(self) -> None:
        with pytest.raises(RuleBroken):
            self.desk.escalated(self.task, a_proposal(to_unit=self.boards[-1]))

    @rule()
    def comes_down(self) -> None:
        self.tick()
        if len(self.boards) == 1:
            with pytest.raises(RuleBroken):
                self.desk.returned(self.task)
            return
        self.task = self.desk.returned(self.task)
        self.boards.pop()

    @rule(owners=st.sampled_from([("owner-1",), ("owner-2", "owner-1"), ()]), on=st.sampled_from([0, -1]))
    def is_given_to(self, owners: tuple[str, ...], on: int) -> None:
        self.tick()
        self.task = self.desk.on_board(self.task, self.boards[on], owner_ids=owners)
        self.owners = owners

    @rule(assessment=st.sampled_from(list(BY_BAND.values())))
    def is_assessed_again(self, assessment: Any) -> None:
        self.tick()
        self.task = self.desk.reassessed(self.task, assessment)

    @invariant()
    def is_one_consistent_record(self) -> None:
        if not hasattr(self, "opened"):
            return
        task: Task = self.desk.now(self.task)
        assert task == self.task
        assert (task.reference, task.title, task.unit) == (self.first.reference, self.first.title, "HP")
        assert task.owner_ids == self.owners
        assert list(task.stands_on) == self.boards
        steps = self.desk.escalations(task)
        standing = [step for step in steps if step.is_standing]
        assert ["HP", *(step.to_unit for step in standing)] == self.boards
        assert [step.from_unit for step in standing] == self.boards[:-1]
        waiting = [step for step in standing if step.status in AWAITING_DECISION]
        assert task.decision_needed == bool(waiting)
        returned = [step for step in steps if step.status is EscalationStatus.RETURNED]
        assert all(step.conditions and step.return_reason and step.returned_at for step in returned)
        assert len(self.desk.rows(task_rows)) == 1
        with self.desk.store.open() as connection:
            assert audit_log.first_broken_row(connection) is None


TestClimbing = Climbing.TestCase
TestClimbing.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
