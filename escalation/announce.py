"""Event to card to channel. Before a card is sent the outbox notes that it may have got through; a repeat says so."""

import logging
from collections.abc import Callable
from typing import Any

from escalation import cards
from escalation.cards import CardFacts, CardLinks
from escalation.posters import Poster
from escalation.posters.teams_workflow import PostFailed
from store import notebook, outbox, planner_links, tasks
from store.outbox import Delivery
from store.planner_links import LinkState
from store.unit_of_work import Store
from tasking.errors import RuleBroken
from tasking.events import TaskEscalated, TaskReturned
from tasking.force import Force

log = logging.getLogger(__name__)

CardBuilder = Callable[[Force, CardFacts], dict[str, Any]]


class Announce:
    """Tells the channel that has to know. `task_url` and `board_url` have {plan_id} and {task_id} to fill in."""

    def __init__(self, store: Store, force: Force, poster: Poster, task_url: str, board_url: str) -> None:
        self._store = store
        self._force = force
        self._poster = poster
        self._task_url = task_url
        self._board_url = board_url

    async def escalated(self, event: TaskEscalated, delivery: Delivery) -> None:
        """Posts the escalation to the chair's channel of the higher level."""
        await self._post(event.escalation_id, delivery, "escalated", cards.escalated_card)

    async def returned(self, event: TaskReturned, delivery: Delivery) -> None:
        """Posts the return to the channel of the level that sent the task up."""
        await self._post(event.escalation_id, delivery, "returned", cards.returned_card)

    async def _post(self, escalation_id: str, delivery: Delivery, kind: str, build: CardBuilder) -> None:
        """Raises PostFailed. Does nothing when this delivery has handed its card over already."""
        with self._store.open() as connection:
            if notebook.post_of(connection, delivery.outbox_id) is not None:
                return
            escalation = tasks.read_escalation(connection, escalation_id)
        unit = escalation.to_unit if kind == "escalated" else escalation.from_unit
        meeting = self._force.meeting_of(unit)
        if meeting is None:
            raise RuleBroken(f"No meeting in config belongs to {unit}, so nobody can be told there.")
        card = build(self._force, self._facts(escalation_id, unit, delivery))
        with self._store.open() as connection:
            outbox.mark_in_doubt(connection, delivery.outbox_id)
        await self._hand_over(card, meeting.code, delivery)
        with self._store.open() as connection:
            notebook.note_post(
                connection,
                outbox_id=delivery.outbox_id,
                channel=meeting.code,
                kind=kind,
                task_id=escalation.task_id,
                sent_again=delivery.in_doubt,
                posted_at=self._store.clock.now(),
            )
        log.info("card handed over", extra={"channel": meeting.code, "kind": kind})

    async def _hand_over(self, card: dict[str, Any], channel: str, delivery: Delivery) -> None:
        try:
            await self._poster.post(card, channel)
        except PostFailed as failed:
            if not failed.uncertain and not delivery.in_doubt:
                with self._store.open() as connection:
                    outbox.mark_not_sent(connection, delivery.outbox_id)
            raise

    def _facts(self, escalation_id: str, unit: str, delivery: Delivery) -> CardFacts:
        with self._store.open() as connection:
            escalation = tasks.read_escalation(connection, escalation_id)
            task = tasks.read_task(connection, escalation.task_id)
            boards = notebook.provisioned_rows(connection, "plan")
            links = [planner_links.current(connection, task.task_id, place) for place in (unit, task.unit)]
        board = self._board_url.format(plan_id=boards[unit]["graph_id"]) if unit in boards else None
        shown = next((link for link in links if link is not None and link.state is LinkState.ACTIVE), None)
        task_url = None
        if shown is not None:
            task_url = self._task_url.format(plan_id=shown.plan_id, task_id=shown.planner_task_id)
        card_links = CardLinks(task_url, board)
        return CardFacts(task, escalation, card_links, self._store.clock.now(), delivery.in_doubt)
