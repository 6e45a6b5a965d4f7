"""Event to card to channel: which card an event makes, and whose channel it is for. One event makes one post.

Up goes to the level that is asked; what is only proposed, and what comes back, to the level that asked; a decision to
the unit that made it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from escalation import brief_cards, canary, cards, digest, interim
from escalation.brief_cards import PackFacts
from escalation.card_parts import Card, CardLinks, Mark
from escalation.cards import CardFacts
from escalation.handing_over import HandOver, Outgoing
from escalation.posters import Poster
from escalation.posters.post_failed import PostFailed
from store import cycles, decisions, meetings, notebook, packs, planner_links, strategies, tasks
from store.outbox import Delivery
from store.planner_links import LinkState
from store.unit_of_work import Store
from tasking.cadence import keeping_of
from tasking.climbing import unit_that_answers
from tasking.decision import Decision, DecisionType
from tasking.errors import RuleBroken
from tasking.escalation import UNDECIDED, Escalation, EscalationStatus
from tasking.events import (
    CanaryDue,
    CycleClosed,
    DecisionRecorded,
    DigestDue,
    EscalationChased,
    EscalationOverrun,
    EscalationProposed,
    InterimReviewDue,
    PackFrozen,
    StrategyPublished,
    TaskChased,
    TaskEscalated,
    TaskReturned,
)
from tasking.force import Force, TaskingMeeting
from tasking.handling import channel_of_its_own
from tasking.standing import may_be_on, own_board
from tasking.task import Classification, Task

COMES_BACK = frozenset(
    {
        DecisionType.ESCALATION_DECLINE,
        DecisionType.ESCALATION_RETURN,
        DecisionType.ESCALATION_WITHDRAW,
        DecisionType.DE_ESCALATE,
    }
)
"""Decisions that also say TaskReturned, so that both cards are never for one channel."""


FIRST_CARDS = frozenset({"proposed", "escalated"})
"""Kinds of card that begin a thread in their channel."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Templates of what buttons open, with {plan_id} and {task_id}, {reference} or {pack_id}. Empty: no button."""

    task: str
    board: str
    record: str = ""
    pack: str = ""


class Announce:
    """Tells the channel that has to know. Every handler raises PostFailed, or RuleBroken where nobody can be told.

    A delivery that has handed its card over already does nothing.
    """

    def __init__(
        self,
        store: Store,
        force: Force,
        poster: Poster,
        task_url: str,
        board_url: str,
        record_url: str = "",
        pack_url: str = "",
    ) -> None:
        self._store = store
        self._force = force
        self._out = HandOver(store, force, poster)
        self._addresses = Addresses(task_url, board_url, record_url, pack_url)

    async def proposed(self, event: EscalationProposed, delivery: Delivery) -> None:
        """Tells the sending unit that somebody of it has to agree. Nothing where somebody has answered meanwhile."""
        if self._out.is_done(delivery):
            return
        facts = self._facts(event.escalation_id, "from", delivery)
        if facts.escalation.status is EscalationStatus.PROPOSED:
            await self._tell_of(facts, cards.proposed_card(self._force, facts), "from", "proposed", delivery)

    async def escalated(self, event: TaskEscalated, delivery: Delivery) -> None:
        """Tells the higher level that it is asked."""
        if self._out.is_done(delivery):
            return
        facts = self._facts(event.escalation_id, "to", delivery)
        await self._tell_of(facts, cards.escalated_card(self._force, facts), "to", "escalated", delivery)

    async def passed_on(self, event: EscalationChased, delivery: Delivery) -> None:
        """Asks the next role, in the same channel. Nothing where somebody has decided meanwhile."""
        if self._out.is_done(delivery):
            return
        side = self._side_that_answers(event)
        facts = self._facts(event.escalation_id, side or "to", delivery)
        if side is not None:
            card = cards.passed_on_card(self._force, facts, int(event.hop))
            await self._tell_of(facts, card, side, "passed on", delivery)

    async def overrun(self, event: EscalationOverrun, delivery: Delivery) -> None:
        """Tells chair and action manager of the unit that has to answer. Nothing where somebody has meanwhile."""
        if self._out.is_done(delivery):
            return
        side = self._side_that_answers(event)
        facts = self._facts(event.escalation_id, side or "to", delivery)
        if side is not None:
            await self._tell_of(facts, cards.overrun_card(self._force, facts), side, "overrun", delivery)

    async def returned(self, event: TaskReturned, delivery: Delivery) -> None:
        """Tells the level that asked what became of it; of a request taken back, the level that was asked."""
        if self._out.is_done(delivery):
            return
        with self._store.open() as connection:
            side = told_of_return(tasks.read_escalation(connection, event.escalation_id))
        facts = self._facts(event.escalation_id, side, delivery)
        await self._tell_of(facts, cards.returned_card(self._force, facts), side, "returned", delivery)

    async def decided(self, event: DecisionRecorded, delivery: Delivery) -> None:
        """Tells the unit that decided. Nothing where the same channel is told of the return that follows from it."""
        if self._out.is_done(delivery):
            return
        with self._store.open() as connection:
            decision = decisions.read(connection, event.decision_id)
            task = tasks.read_task(connection, decision.task_id)
            step = tasks.read_escalation(connection, decision.escalation_id) if decision.escalation_id else None
            links = self._links(connection, task, decision.unit)
        channel = self._channel(decision.unit, task)
        if step is not None and self._is_told_by_return(decision, step, task, channel):
            return
        card = brief_cards.decided_card(
            self._force,
            task,
            decision,
            replace(links, record=self._record(task), record_words="Open record"),
            self._mark(task, delivery),
        )
        out = Outgoing(card, channel, "decided", task.task_id, decision.escalation_id, follows_up=True)
        await self._out.post(out, delivery)

    async def chased(self, event: TaskChased, delivery: Delivery) -> None:
        """Tells the task's own unit what is late about it, or the level where it stands what it has to know at once.

        Nothing where it is not open any more.
        """
        if self._out.is_done(delivery):
            return
        with self._store.open() as connection:
            task = tasks.read_task(connection, event.task_id)
            unit = event.unit or task.unit
            links = self._links(connection, task, unit)
        if task.is_open:
            mark = self._mark(task, delivery)
            card = brief_cards.chased_card(self._force, task, event.trigger, links, mark, unit)
            await self._out.post(Outgoing(card, self._channel(unit, task), "chased", task.task_id), delivery)

    async def pack_ready(self, event: PackFrozen, delivery: Delivery) -> None:
        """Tells the meeting's channel that its pack can be read."""
        if self._out.is_done(delivery):
            return
        with self._store.open() as connection:
            pack = packs.read(connection, event.pack_id)
            meeting = self._force.meeting(pack.code)
            board = self._board(connection, meeting.unit)
        address = self._addresses.pack.format(pack_id=pack.pack_id)
        counts = brief_cards.pack_counts(pack.document)
        facts = PackFacts(meeting, pack.meeting_ref, pack.as_at, counts)
        mark = Mark(classification_of(pack.document), self._now(), delivery.in_doubt)
        card = brief_cards.pack_card(self._force, facts, CardLinks(board=board, pack=address), mark)
        await self._out.post(Outgoing(card, self._force.channel_code(meeting), "pack ready"), delivery)

    async def strategy(self, event: StrategyPublished, delivery: Delivery) -> None:
        """Tells a unit's channel that a version of the control strategy is published."""
        if self._out.is_done(delivery):
            return
        with self._store.open() as connection:
            versions = {each.version: each for each in strategies.read_all(connection)}
            board = self._board(connection, event.unit)
        mark = Mark(Classification.OFFICIAL, self._now(), delivery.in_doubt)
        card = brief_cards.strategy_card(versions[int(event.version)], CardLinks(board=board), mark)
        await self._out.post(Outgoing(card, self._channel(event.unit), "control strategy"), delivery)

    async def digest(self, event: DigestDue, delivery: Delivery) -> None:
        """Posts what waits at a unit. Nothing where nothing waits, or a later digest is due already."""
        slot, now = digest.slot_named(event.slot), self._now()
        if self._out.is_done(delivery) or digest.latest_slot(now).at > slot.at:
            return
        with self._store.open() as connection:
            found = digest.digest_of(connection, self._force, event.unit, slot, now)
            board = self._board(connection, event.unit)
        if not found.is_empty:
            mark = Mark(found.classification, now, delivery.in_doubt)
            card = brief_cards.digest_card(self._force, found, event.slot, CardLinks(board=board), mark)
            await self._out.post(Outgoing(card, self._channel(event.unit), "digest"), delivery)

    async def cycle_closed(self, event: CycleClosed, delivery: Delivery) -> None:
        """Tells a unit's channel that a cycle has ended and how much carries over."""
        if self._out.is_done(delivery):
            return
        with self._store.open() as connection:
            report = cycles.read(connection, event.cycle).report
            board = self._board(connection, event.unit)
        mark = Mark(Classification.OFFICIAL, self._now(), delivery.in_doubt)
        counts = report.counts_of(digest.below(self._force, event.unit))
        card = brief_cards.cycle_card(self._force, report, event.unit, counts, CardLinks(board=board), mark)
        await self._out.post(Outgoing(card, self._channel(event.unit), "cycle report"), delivery)

    async def interim_review(self, event: InterimReviewDue, delivery: Delivery) -> None:
        """Reminds a rare meeting's channel of its review. Nothing where a meeting has been held meanwhile."""
        if self._out.is_done(delivery):
            return
        meeting, now = self._force.meeting(event.meeting), self._now()
        with self._store.open() as connection:
            keeping = keeping_of(self._force, meeting, meetings.known(connection), now)
            told = interim.interim_of(connection, self._force, keeping, now)
            board = self._board(connection, meeting.unit)
        if interim.is_due(keeping, now):
            mark = Mark(Classification.OFFICIAL, now, delivery.in_doubt)
            card = brief_cards.interim_card(self._force, told, CardLinks(board=board), mark)
            await self._out.post(Outgoing(card, self._force.channel_code(meeting), "interim review"), delivery)

    async def canary(self, event: CanaryDue, delivery: Delivery) -> None:
        """Tries a channel. What it finds for good is on the channel's health and told; tomorrow it is tried again."""
        if self._out.is_done(delivery) or canary.today(self._now()) != event.day:
            return
        mark = Mark(Classification.OFFICIAL, self._now(), delivery.in_doubt)
        card = brief_cards.check_card(self._force.meeting(event.channel), mark)
        try:
            await self._out.post(Outgoing(card, event.channel, "channel check", is_check=True), delivery)
        except PostFailed as failed:
            if not failed.is_final:
                raise

    async def _tell_of(self, facts: CardFacts, card: Card, side: str, kind: str, delivery: Delivery) -> None:
        step = facts.escalation
        follows_up = kind not in FIRST_CARDS
        channel = self._channel(_unit(step, side), facts.task)
        out = Outgoing(card, channel, kind, step.task_id, step.escalation_id, follows_up=follows_up)
        await self._out.post(out, delivery)

    def _facts(self, escalation_id: str, side: str, delivery: Delivery) -> CardFacts:
        with self._store.open() as connection:
            step = tasks.read_escalation(connection, escalation_id)
            task = tasks.read_task(connection, step.task_id)
            links = self._links(connection, task, _unit(step, side))
        if step.status in UNDECIDED:
            links = replace(links, record=self._record(task))
        return CardFacts(task, step, links, self._now(), delivery.in_doubt)

    def _side_that_answers(self, event: EscalationChased | EscalationOverrun) -> str | None:
        """Whose turn it still is, as when the event was said; None where somebody has answered since."""
        with self._store.open() as connection:
            step = tasks.read_escalation(connection, event.escalation_id)
        unit = unit_that_answers(step)
        if step.status not in UNDECIDED or unit != (event.unit or step.to_unit):
            return None
        return "to" if step.awaits_decision else "from"

    def _links(self, connection: Connection, task: Task, unit: str) -> CardLinks:
        """Where the task stands on the unit's board, else on its own; None where it is not there yet."""
        places = [each for each in (unit, own_board(self._force, task)) if may_be_on(self._force, task, each)]
        found = [planner_links.current(connection, task.task_id, place) for place in places]
        shown = next((link for link in found if link is not None and link.state is LinkState.ACTIVE), None)
        template = self._addresses.task
        address = template.format(plan_id=shown.plan_id, task_id=shown.planner_task_id) if shown else None
        return CardLinks(address, self._board(connection, places[0]))

    def _board(self, connection: Connection, unit: str) -> str | None:
        boards = notebook.provisioned_rows(connection, "plan")
        return self._addresses.board.format(plan_id=boards[unit]["graph_id"]) if unit in boards else None

    def _record(self, task: Task) -> str:
        return self._addresses.record.format(reference=task.reference)

    def _channel(self, unit: str, task: Task | None = None) -> str:
        """The channel of the unit's meeting, or the one that alone has the cards about this restricted task."""
        own = channel_of_its_own(self._force, task) if task else None
        return own or self._force.channel_code(self._meeting(unit))

    def _meeting(self, unit: str) -> TaskingMeeting:
        meeting = self._force.meeting_of(unit)
        if meeting is None:
            raise RuleBroken(f"No meeting in config belongs to {unit}, so nobody can be told there.")
        return meeting

    def _is_told_by_return(self, decision: Decision, step: Escalation, task: Task, channel: str) -> bool:
        follows = decision.decision_type in COMES_BACK and step.returned_at is not None
        return follows and self._channel(_unit(step, told_of_return(step)), task) == channel

    def _mark(self, task: Task, delivery: Delivery) -> Mark:
        return Mark(task.classification, self._now(), delivery.in_doubt)

    def _now(self) -> datetime:
        return self._store.clock.now()


def told_of_return(step: Escalation) -> str:
    """Whose channel hears that an escalation has ended: the senders', but of a withdrawal those who were asked."""
    return "to" if step.status is EscalationStatus.WITHDRAWN else "from"


def classification_of(document: Mapping[str, Any]) -> Classification:
    """The mark that a pack carries, OFFICIAL where it carries none."""
    try:
        return Classification(document.get("classification", Classification.OFFICIAL))
    except ValueError:
        return Classification.OFFICIAL_SENSITIVE


def _unit(step: Escalation, side: str) -> str:
    return step.to_unit if side == "to" else step.from_unit
