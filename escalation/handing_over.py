"""One card on its way out: looked at for personal data, marked before it goes, handed over once, and noted after.

Before a card is sent the outbox notes that it may have got through; a repeat says so on the card.
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from escalation.personal_data import gated
from escalation.posters.post_failed import PostFailed
from escalation.posters.poster import Poster
from store import channel_health, notebook, outbox
from store.outbox import Delivery
from store.unit_of_work import Store
from tasking.force import Force

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A card, the code of the channel it is for, and what it is about. `kind` is a word for the list of posts.

    `follows_up` puts it into the thread of the escalation's first card there, where the poster can. `is_check` is the
    daily channel check.
    """

    card: Mapping[str, Any]
    channel: str
    kind: str
    task_id: str = ""
    escalation_id: str | None = None
    follows_up: bool = False
    is_check: bool = False


class HandOver:
    """The way out for every card."""

    def __init__(self, store: Store, force: Force, poster: Poster) -> None:
        self._store = store
        self._poster = poster
        self._known = tuple(names_of(force))

    def is_done(self, delivery: Delivery) -> bool:
        """Whether this delivery has handed its card over already."""
        with self._store.open() as connection:
            return notebook.post_of(connection, delivery.outbox_id) is not None

    async def post(self, outgoing: Outgoing, delivery: Delivery) -> None:
        """Hands the card over and notes it. Raises PostFailed, after noting how the channel did."""
        card, reply_to = self._looked_at(outgoing), None
        with self._store.open() as connection:
            if outgoing.follows_up and outgoing.escalation_id:
                reply_to = notebook.thread_of(connection, outgoing.escalation_id, outgoing.channel)
            outbox.mark_in_doubt(connection, delivery.outbox_id)
        try:
            message_id = await self._poster.post(card, outgoing.channel, reply_to)
        except PostFailed as failed:
            self._note_failure(outgoing, delivery, failed)
            raise
        self._note(outgoing, delivery, message_id)
        log.info("card handed over", extra={"channel": outgoing.channel, "kind": outgoing.kind})

    def _looked_at(self, outgoing: Outgoing) -> Mapping[str, Any]:
        card, kinds = gated(outgoing.card, self._known)
        if kinds:
            told = (
                f"A card ({outgoing.kind}) for {outgoing.channel} seemed to hold personal data ({', '.join(kinds)}). "
                "That part was left out. No card should hold any: look at the names in force.yaml first."
            )
            with self._store.open() as connection:
                notebook.raise_notice(connection, f"personal data: {outgoing.kind}", told, self._store.clock.now())
            log.error("personal data kept off a card", extra={"kind": outgoing.kind, "found": list(kinds)})
        return card

    def _note(self, outgoing: Outgoing, delivery: Delivery, message_id: str | None) -> None:
        now = self._store.clock.now()
        with self._store.open() as connection:
            notebook.note_post(
                connection,
                outbox_id=delivery.outbox_id,
                channel=outgoing.channel,
                kind=outgoing.kind,
                task_id=outgoing.task_id,
                escalation_id=outgoing.escalation_id,
                message_id=message_id,
                sent_again=delivery.in_doubt,
                posted_at=now,
            )
            channel_health.handed_over(connection, outgoing.channel, now, is_check=outgoing.is_check)
            notebook.clear_notice(connection, _subject(outgoing), now)

    def _note_failure(self, outgoing: Outgoing, delivery: Delivery, failed: PostFailed) -> None:
        now = self._store.clock.now()
        with self._store.open() as connection:
            channel_health.failed(connection, outgoing.channel, now, str(failed))
            if failed.tells or (outgoing.is_check and failed.is_final):
                notebook.raise_notice(connection, _subject(outgoing), f"Cards do not get through. {failed}", now)
            if not failed.uncertain and not delivery.in_doubt:
                outbox.mark_not_sent(connection, delivery.outbox_id)


def names_of(force: Force) -> Iterator[str]:
    """Every name of config that a card may show: none of them is a person's."""
    yield force.name
    for unit in force.units.values():
        yield unit.name
    for pillar in force.pillars.values():
        yield pillar.label
    for level in force.levels:
        yield from (level.name, *level.duty_roles, level.action_manager_role, level.tasking_officer_role)
    for meeting in force.meetings:
        yield from (meeting.name, meeting.chair_role, *meeting.deputy_roles, meeting.channel)
        yield from (meeting.action_manager_role, meeting.tasking_officer_role)


def _subject(outgoing: Outgoing) -> str:
    return f"channel {outgoing.channel}"
