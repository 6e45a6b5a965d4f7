"""Puts a board right that people took apart: a lost bucket is made again, a label of config's gets its name back.

The service does not fight people: buckets keep the names they gave, and a label that they keep renaming is left alone.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from graph_client.errors import Conflict, Rejected, RetryLater
from graph_client.planner import Bucket, PlanDetails, PlannerClient
from planner_sync.board_building import (
    buckets_of_pillars,
    labels_that_differ,
    lost_pillars,
    make_buckets,
    one_worker,
)
from planner_sync.boards import BoardPlan, board_of_plan, details_noted, in_words, note_board
from store import notebook
from store.unit_of_work import Store
from tasking.force import TRIAGE, Force, Pillar

log = logging.getLogger(__name__)

MOST_MENDINGS = 3
"""So often within A_DAY one label gets its name back; after that people mean it."""

A_DAY = timedelta(days=1)
MOST_CLASHES = 3
FEWEST_TO_DOUBT = 2
SECOND_LOOK, STALE_DOUBT = timedelta(seconds=30), timedelta(hours=1)
"""When a board whose buckets were all gone is believed: still so after the one, and looked at within the other."""

# What is noted of a plan besides its buckets.
MENDED_LABELS, REFUSED_AT, DOUBTED_AT = "labels mended at", "buckets when refused", "buckets doubted at"


@dataclass(frozen=True, slots=True)
class Damage:
    """What a board lacks: codes of pillars without their bucket, and label slots with the names they should have."""

    lost_pillars: tuple[str, ...]
    labels: Mapping[str, str]

    def __bool__(self) -> bool:
        """Whether anything is to be put right."""
        return bool(self.lost_pillars or self.labels)


def damage(
    board: BoardPlan, buckets: Sequence[Bucket] | None, plan_details: PlanDetails | None, force: Force
) -> Damage:
    """Compares a board as it reads with config and with what was noted; None is what was not read, and not compared.

    A bucket that was only renamed is not lost.
    """
    live = {bucket.bucket_id for bucket in buckets or ()}
    lost = [code for code, each in force.pillars.items() if not (each.retired or _has_bucket(board, code, live))]
    labels = labels_that_differ(plan_details, force) if plan_details is not None else {}
    return Damage(tuple(lost) if buckets is not None else (), labels)


class Mend:
    """Mends boards. What it cannot mend, or had better not, it tells the operator."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force) -> None:
        self._store = store
        self._planner = planner
        self._force = force

    async def mend(self, board: BoardPlan) -> bool:
        """Mends one plan. True when anything was put right, be it by another worker since `board` was read.

        Raises GraphError as Graph has it, and RetryLater while another worker is at the same plan, or where its
        buckets are all gone at the first look.
        """
        with one_worker(self._store, f"board {board.plan_id}"):
            there = await self._planner.buckets(board.plan_id)
            self._doubt(board, there)
            await self._mend_buckets(self._noted(board), there)
            has_new_labels = await self._mend_labels(board)
            return has_new_labels or self._noted(board).bucket_of_pillar != board.bucket_of_pillar

    def _noted(self, board: BoardPlan) -> BoardPlan:
        with self._store.open() as connection:
            return board_of_plan(connection, board.unit, board.plan_id)

    def _doubt(self, board: BoardPlan, there: Sequence[Bucket]) -> None:
        """Raises RetryLater where all buckets are gone at once, unless an earlier look has said so too.

        Were they only missing from one answer, each would stand on the board twice afterwards.
        """
        at = self._store.clock.now()
        with self._store.open() as connection:
            now = board_of_plan(connection, board.unit, board.plan_id)
            ids = set(now.bucket_of_pillar.values())
            if len(ids) < FEWEST_TO_DOUBT or ids & {bucket.bucket_id for bucket in there}:
                return
            noted = details_noted(connection, now).get(DOUBTED_AT)
            since = at - datetime.fromisoformat(noted) if noted else STALE_DOUBT
            if SECOND_LOOK <= since < STALE_DOUBT:
                return
            if since >= STALE_DOUBT:
                note_board(connection, now, now.bucket_of_pillar, at, **{DOUBTED_AT: at.isoformat()})
        after = SECOND_LOOK.total_seconds()
        raise RetryLater("mend board", after_seconds=after, sentence="all its buckets read as gone: looking again")

    async def _mend_buckets(self, board: BoardPlan, there: Sequence[Bucket]) -> None:
        """Gives lost pillars their bucket again, and tells the operator, once, where Planner takes no more of them.

        Planner is asked again only when the board has fewer buckets than when it refused.
        """
        noted = board.bucket_of_pillar
        lost = lost_pillars(buckets_of_pillars(there, self._force, noted), self._force)
        with self._store.open() as connection:
            refused_at = details_noted(connection, board).get(REFUSED_AT)
        if lost and refused_at is not None and len(there) >= refused_at:
            return
        live = list(there)

        def settled(pillar: Pillar, bucket: Bucket, is_new: bool) -> None:
            if is_new:
                live.append(bucket)
            if noted.get(pillar.code) != bucket.bucket_id:
                self._note_bucket(board, pillar, bucket)

        try:
            await make_buckets(self._planner, board.plan_id, there, self._force, noted, settled)
        except Rejected as refused:
            if refused.limit is None:
                raise
            self._give_up(board, refused.limit, live)
        else:
            self._clear(f"{in_words(board)}: buckets")

    def _note_bucket(self, board: BoardPlan, pillar: Pillar, bucket: Bucket) -> None:
        """Notes and audits one bucket at once: whatever fails next, it is not made again."""
        with self._store.act("service", "planner", f"mend-{board.plan_id[:8]}") as uow:
            now = board_of_plan(uow.connection, board.unit, board.plan_id)
            was = now.bucket_of_pillar.get(pillar.code)
            buckets = {**now.bucket_of_pillar, pillar.code: bucket.bucket_id}
            note_board(uow.connection, now, buckets, uow.now(), **{REFUSED_AT: None, DOUBTED_AT: None})
            uow.audit("board mended", board.unit, {f"bucket of {pillar.code}": (was, bucket.bucket_id)})
        log.warning("a board was mended: it lacked a bucket", extra={"unit": board.unit})

    def _give_up(self, board: BoardPlan, limit: str, live: Sequence[Bucket]) -> None:
        """Forgets the buckets that cannot be made, so that their tasks go to Triage, and tells the operator."""
        with self._store.act("service", "planner", f"mend-{board.plan_id[:8]}") as uow:
            now = board_of_plan(uow.connection, board.unit, board.plan_id)
            lost = lost_pillars(buckets_of_pillars(live, self._force, now.bucket_of_pillar), self._force)
            gone = [code for pillar in lost if (code := pillar.code) in now.bucket_of_pillar and code != TRIAGE]
            kept = {code: bucket for code, bucket in now.bucket_of_pillar.items() if code not in gone}
            note_board(uow.connection, now, kept, uow.now(), **{REFUSED_AT: len(live)})
            if gone:
                uow.audit("board mended", board.unit, {f"bucket of {c}": (now.bucket_of_pillar[c], None) for c in gone})
            text = (
                f"The {in_words(board)} has as many buckets as Planner allows ({limit}), so the buckets of "
                f"{', '.join(pillar.code for pillar in lost)} cannot be made; their tasks go to {TRIAGE}. Delete a "
                "bucket there that nobody needs: the service then makes them."
            )
            notebook.raise_notice(uow.connection, f"{in_words(board)}: buckets", text, uow.now())
        log.error("a board cannot be mended", extra={"unit": board.unit})

    async def _mend_labels(self, board: BoardPlan) -> bool:
        """True when a label has its name again. Where people name labels at this moment they are read anew."""
        for _ in range(MOST_CLASHES):
            details = await self._planner.plan_details(board.plan_id)
            wanted = self._unless_fought_over(board, labels_that_differ(details, self._force))
            if not wanted:
                return False
            try:
                await self._planner.update_plan_details(board.plan_id, wanted, details.etag)
            except Conflict:
                continue
            self._note_labels(board, wanted)
            return True
        raise RetryLater("mend board", after_seconds=30, sentence="its labels keep changing")

    def _unless_fought_over(self, board: BoardPlan, differ: Mapping[str, str]) -> dict[str, str]:
        """Those labels that were not put right too often already. The operator is told of the others, once."""
        subject, at = f"{in_words(board)}: labels", self._store.clock.now()
        with self._store.open() as connection:
            now = board_of_plan(connection, board.unit, board.plan_id)
            mended = _mended_lately(details_noted(connection, now), at)
            fought = [slot for slot in differ if len(mended.get(slot, ())) >= MOST_MENDINGS]
            if fought:
                text = (
                    f"People keep renaming labels of the {in_words(board)} that mean something to the service "
                    f"({', '.join(map(self._code, fought))}). It has put them right {MOST_MENDINGS} times in a day and "
                    "now leaves them as they are until tomorrow. Agree on the names with the people of that board."
                )
                if notebook.raise_notice(connection, subject, text, at):
                    log.error("labels of a board are fought over", extra={"unit": board.unit})
            else:
                notebook.clear_notice(connection, subject, at)
        return {slot: name for slot, name in differ.items() if slot not in fought}

    def _note_labels(self, board: BoardPlan, named: Mapping[str, str]) -> None:
        with self._store.act("service", "planner", f"mend-{board.plan_id[:8]}") as uow:
            now = board_of_plan(uow.connection, board.unit, board.plan_id)
            mended = _mended_lately(details_noted(uow.connection, now), uow.now())
            for slot in named:
                mended[slot] = [*mended.get(slot, ()), uow.now().isoformat()]
            note_board(uow.connection, now, now.bucket_of_pillar, uow.now(), **{MENDED_LABELS: mended})
            uow.audit("board mended", board.unit, {"labels": (None, sorted(map(self._code, named)))})
        log.warning("a board was mended: labels had other names", extra={"unit": board.unit})

    def _clear(self, subject: str) -> None:
        with self._store.open() as connection:
            notebook.clear_notice(connection, subject, self._store.clock.now())

    def _code(self, slot: str) -> str:
        """The code of the label that config puts in a slot such as "category5"."""
        label = self._force.label_at(int(slot.removeprefix("category")))
        return label.code if label else slot


def _has_bucket(board: BoardPlan, pillar: str, live: Collection[str]) -> bool:
    return board.bucket_of_pillar.get(pillar) in live


def _mended_lately(details: Mapping[str, Any], now: datetime) -> dict[str, list[str]]:
    """By label slot, when it was put right in the last day."""
    noted: Mapping[str, Sequence[str]] = details.get(MENDED_LABELS) or {}
    lately = {slot: [at for at in times if now - datetime.fromisoformat(at) < A_DAY] for slot, times in noted.items()}
    return {slot: times for slot, times in lately.items() if times}
