"""Whatever people decide, in whatever order: no orphan, no lost reference, no decision without rationale, no level
skipped, and what the boards should show follows from the record."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store import audit_log, chain
from store.database import open_database
from store.tables import decisions
from tasking import climbing
from tasking.decision import DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import ESCALATION_MAY_BECOME, STANDING, UNDECIDED, EscalationStatus
from tests.peakshire import HOUR, SetClock, a_proposal, tables_in
from tests.tasking.deciding_force import DecidingDesk, deciding_force

LADDER = ("HP", "DIV_N", "PKS")
ROLES = ("Owner", "Duty Sergeant", "Duty Inspector", "Duty Chief Inspector", "Duty Superintendent", "Analyst")
GIVEN: dict[str, Any] = {
    "text": "As discussed",
    "conditions": "Ask again after two more.",
    "residual_risk": "Some.",
    "receiver": "sgt@peakshire.example",
    "resources": "A patrol",
    "trigger": "BEYOND_RESOURCES",
    "band": "PRIORITY",
    "hours": 4,
    "due_at": datetime(2027, 1, 1, tzinfo=UTC),
    "review_at": datetime(2027, 1, 1, tzinfo=UTC),
}
ENDING = {DecisionType.NO_TASKING}
"""Left out: it ends the story."""


class Deciding(RuleBasedStateMachine):
    """One task, anybody, any decision; refusals change nothing."""

    @initialize()
    def raised(self) -> None:
        self.tables = tables_in(open_database("sqlite://"))
        self.desk = DecidingDesk(self.tables.__enter__(), SetClock(), deciding_force())
        self.first = self.desk.on_board(self.desk.raised(), owner_ids=("owner-1",))
        self.steps = 0
        self.refusals: list[str] = []
        self.changed_by_refusal = False

    def teardown(self) -> None:
        if hasattr(self, "tables"):
            self.tables.__exit__(None, None, None)

    @rule(agreed=st.booleans())
    def a_rule_wants_it_up(self, agreed: bool) -> None:
        self.steps += 1
        task = self.desk.now(self.first)
        if task.top_unit == "PKS":
            return
        goal = LADDER[LADDER.index(task.top_unit) + 1]
        proposal = a_proposal(task.top_unit, goal, fact=str(self.steps), needs_endorsement=not agreed)
        self._tried(lambda: self.desk.escalated(task, proposal))

    @rule(
        decision=st.sampled_from([each for each in DecisionType if each not in ENDING]),
        role=st.sampled_from(ROLES),
        at_meeting=st.booleans(),
        rationale=st.sampled_from(["Proportionate.", "Proportionate.", " "]),
        unit=st.sampled_from(["", "", *LADDER]),
    )
    def somebody_decides(self, decision: DecisionType, role: str, at_meeting: bool, rationale: str, unit: str) -> None:
        task = self.desk.now(self.first)
        meeting = f"{task.top_unit}_DAILY 2026-11-02" if at_meeting else ""
        given = {**GIVEN, "meeting_ref": meeting, "rationale": rationale, "unit": unit}
        self._tried(lambda: self.desk.decide(task, decision, role, **given))

    @rule(progress=st.sampled_from([50, 100]))
    def people_work_on_the_board(self, progress: int) -> None:
        self.desk.on_board(self.first, progress=progress)

    @rule()
    def nobody_answers(self) -> None:
        self.desk.clock.advance(HOUR)
        open_ones = [each for each in self.desk.escalations(self.first) if each.awaits_decision]
        if open_ones:
            with self.desk.act("rule:chase") as uow:
                climbing.chase(uow, self.desk.force, open_ones[-1])

    def _tried(self, what: Any) -> None:
        before = self._picture()
        try:
            what()
        except RuleBroken as refused:
            self.refusals.append(str(refused))
            self.changed_by_refusal = self.changed_by_refusal or self._picture() != before

    def _picture(self) -> tuple[Any, ...]:
        task = self.desk.now(self.first)
        return task, tuple(self.desk.escalations(task)), self.desk.decisions(task)

    @invariant()
    def the_record_is_one_and_nobody_is_orphaned(self) -> None:
        if not hasattr(self, "desk"):
            return
        task = self.desk.now(self.first)
        assert (task.reference, task.unit, task.owner_ids) == (self.first.reference, "HP", ("owner-1",))
        assert task.stands_on == LADDER[: len(task.stands_on)], "no level is skipped"

    @invariant()
    def boards_follow_from_the_escalations(self) -> None:
        if not hasattr(self, "desk"):
            return
        task, steps = self.desk.now(self.first), self.desk.escalations(self.first)
        standing = [each.to_unit for each in steps if each.status in STANDING]
        assert list(task.stands_on) == ["HP", *standing]
        assert task.decision_needed == any(each.status in UNDECIDED for each in steps)
        assert all(each.status in EscalationStatus and each.status in ESCALATION_MAY_BECOME for each in steps)

    @invariant()
    def what_is_refused_changes_nothing_and_says_what_to_mend(self) -> None:
        assert not getattr(self, "changed_by_refusal", False)
        assert all(words.endswith(".") for words in getattr(self, "refusals", ()))

    @invariant()
    def every_decision_has_its_rationale_and_a_reference_of_its_own(self) -> None:
        if not hasattr(self, "desk"):
            return
        made = self.desk.decisions(self.first)
        assert all(each.rationale.strip() and each.decided_by for each in made)
        references = [each.decision_ref for each in made]
        numbers = [int(each.rsplit("-", 1)[1]) for each in references]
        assert sorted(numbers) == list(range(1, len(numbers) + 1)), "none is lost, none given twice"

    @invariant()
    def the_log_is_whole(self) -> None:
        if not hasattr(self, "desk"):
            return
        with self.desk.store.open() as connection:
            assert audit_log.first_broken_row(connection) is None
            assert chain.first_break(connection, decisions) is None

    @rule()
    def nobody_of_its_own_unit_agrees(self) -> None:
        self.desk.clock.advance(HOUR)
        proposed = [each for each in self.desk.escalations(self.first) if each.status is EscalationStatus.PROPOSED]
        if proposed:
            with self.desk.act("rule:chase") as uow:
                climbing.chase(uow, self.desk.force, proposed[-1])

    @invariant()
    def what_is_proposed_is_one_and_can_be_agreed_to_where_the_task_stands(self) -> None:
        if not hasattr(self, "desk"):
            return
        steps = self.desk.escalations(self.first)
        proposed = [each.from_unit for each in steps if each.status is EscalationStatus.PROPOSED]
        assert proposed in ([], [self.desk.now(self.first).top_unit])

    @invariant()
    def what_was_taken_on_was_decided(self) -> None:
        if not hasattr(self, "desk"):
            return
        made = {each.decision_ref for each in self.desk.decisions(self.first)}
        taken_on = [each for each in self.desk.escalations(self.first) if each.status is EscalationStatus.ACCEPTED]
        assert all(each.decision_ref in made and each.decided_by for each in taken_on)


TestDeciding = Deciding.TestCase
TestDeciding.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
