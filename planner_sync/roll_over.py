"""A plan that is full goes on in the board's next one. The full plan stays, and is read while tasks stand on it."""

import logging
from dataclasses import replace

from graph_client.errors import Rejected
from graph_client.planner import PlannerClient
from planner_sync.board_building import labels_that_differ, make_buckets, one_worker, patiently
from planner_sync.boards import BoardPlan, board_of, note_board, noted_plan_ids, plan_title
from store import notebook
from store.unit_of_work import Store
from tasking.force import Force

log = logging.getLogger(__name__)


class RollOver:
    """Makes the plan that follows a full one."""

    def __init__(self, store: Store, planner: PlannerClient, force: Force) -> None:
        self._store = store
        self._planner = planner
        self._force = force

    async def next_plan(self, board: BoardPlan) -> BoardPlan:
        """The plan that new tasks of the unit go to, given that Planner takes no more of them on `board`.

        That of another worker who was quicker, or of an earlier try whose answer was lost; else a new one.
        Raises GraphError as Graph has it, and RetryLater while another worker is at it. Where Planner refuses a new
        plan, or what belongs on it, the operator is told and Rejected goes on.
        """
        with one_worker(self._store, f"roll over {board.unit}"):
            with self._store.open() as connection:
                now = board_of(connection, board.unit)
            if now.plan_id != board.plan_id:
                return now
            try:
                return self._go_on(now, await self._built(replace(now, number=now.number + 1)))
            except Rejected as refused:
                self._tell(now, refused)
                raise

    async def _built(self, wanted: BoardPlan) -> BoardPlan:
        """The next plan with its buckets and labels. `wanted` is the board as it is now, with the next number."""
        plan_id = await self._found_or_made(wanted.group_id, plan_title(self._force, wanted.unit, wanted.number))
        there = await patiently(lambda: self._planner.buckets(plan_id))
        buckets = await make_buckets(self._planner, plan_id, there, self._force, {})
        details = await patiently(lambda: self._planner.plan_details(plan_id))
        if differ := labels_that_differ(details, self._force):
            await self._planner.update_plan_details(plan_id, differ, details.etag)
        pillars = {bucket: pillar for pillar, bucket in buckets.items()}
        return replace(wanted, plan_id=plan_id, bucket_of_pillar=buckets, pillar_of_bucket=pillars)

    async def _found_or_made(self, group_id: str, title: str) -> str:
        """The group's plan of this title that is no board's yet, as the answer to an earlier try may be lost; or a new
        one."""
        with self._store.open() as connection:
            noted = noted_plan_ids(connection)
        for plan in await self._planner.plans_of_group(group_id):
            if plan.title == title and plan.plan_id not in noted:
                return plan.plan_id
        return (await self._planner.create_plan(group_id, title)).plan_id

    def _go_on(self, full: BoardPlan, following: BoardPlan) -> BoardPlan:
        """Notes both plans in one commit; from here on new tasks go to the following one."""
        with self._store.act("service", "planner", f"roll-{full.plan_id[:8]}") as uow:
            now = board_of(uow.connection, full.unit)
            if now.plan_id != full.plan_id:
                return now
            note_board(uow.connection, replace(now, is_current=False), now.bucket_of_pillar, uow.now())
            note_board(uow.connection, following, following.bucket_of_pillar, uow.now())
            numbers = (now.number, following.number)
            uow.audit("board rolled over", now.unit, {"plan": (now.plan_id, following.plan_id), "number": numbers})
            notebook.clear_notice(uow.connection, _subject(now), uow.now())
        log.info("a plan is full: the board goes on in the next", extra={"unit": full.unit})
        return following

    def _tell(self, board: BoardPlan, refused: Rejected) -> None:
        text = (
            f"The plan of the board of {board.unit} is full, and Planner does not let the service make the next one "
            f"({refused.limit or refused}). New tasks of this board are kept but not shown. Where the group has too "
            "many plans, delete those that nobody needs; then run `tasking replay --all`."
        )
        with self._store.open() as connection:
            notebook.raise_notice(connection, _subject(board), text, self._store.clock.now())
        log.error("a full board cannot go on", extra={"unit": board.unit})


def _subject(board: BoardPlan) -> str:
    return f"board of {board.unit}: full"
