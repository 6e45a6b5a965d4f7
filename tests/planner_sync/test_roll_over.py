"""A plan that is full goes on in the next one: once, whoever finds it full, and the full one is still known."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from graph_client.errors import Rejected, RetryLater
from graph_client.planner import NewTask
from planner_sync.boards import BoardPlan, all_boards, board_of_plan
from planner_sync.limits import PLAN_FULL
from planner_sync.roll_over import RollOver
from store import tables
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


def roll_over(force: SmallForce, **changes: Any) -> RollOver:
    service = force.service
    return RollOver(service.store, service.graph.planner, replace(service.force, **changes))


def plans(force: SmallForce) -> list[str]:
    """Titles of the plans of Northfell's group, oldest first."""
    found = force.emulator.tenant.planner.plans_of_group(force.board().group_id)
    return [parts.plan.wire()["title"] for parts in found]


def bucket_names(force: SmallForce, board: BoardPlan) -> list[str]:
    buckets = [bucket.wire() for bucket in force.emulator.tenant.planner.buckets_of_plan(board.plan_id)]
    return [wire["name"] for wire in sorted(buckets, key=lambda wire: wire["orderHint"])]


def boards(force: SmallForce) -> list[tuple[str, int, bool]]:
    with force.service.store.open() as connection:
        return [(each.plan_id, each.number, each.is_current) for each in all_boards(connection) if each.unit == "HP"]


async def test_a_full_plan_goes_on_in_the_next_and_the_old_one_is_still_known(force: SmallForce) -> None:
    old, title = force.board(), plans(force)[0]
    new = await roll_over(force).next_plan(old)
    assert plans(force) == [title, f"{title} (2)"]
    assert (new.unit, new.number, new.is_current, new.group_id) == ("HP", 2, True, old.group_id)
    assert force.board() == new
    assert boards(force) == [(new.plan_id, 2, True), (old.plan_id, 1, False)]
    with force.service.store.open() as connection:
        assert board_of_plan(connection, "HP", old.plan_id) == replace(old, is_current=False)


@pytest.mark.parametrize("limit", ["planner_max_tasks", "planner_max_active_tasks"])
async def test_what_planner_refuses_on_a_full_plan_it_takes_on_the_next(force: SmallForce, limit: str) -> None:
    await force.task_on_board()
    old, planner = force.board(), force.service.graph.planner
    force.switch(**{limit: 1})
    with pytest.raises(Rejected) as refused:
        await planner.create_task(NewTask(old.plan_id, old.bucket_of_pillar["ROADS"], "One more"))
    assert refused.value.limit in PLAN_FULL
    new = await roll_over(force).next_plan(old)
    made = await planner.create_task(NewTask(new.plan_id, new.bucket_of_pillar["ROADS"], "One more"))
    assert made.plan_id == new.plan_id


async def test_the_next_plan_has_the_pillars_in_configs_order_and_the_labels(force: SmallForce) -> None:
    config = force.service.force
    new = await roll_over(force).next_plan(force.board())
    wanted = [pillar.label for pillar in config.pillars.values() if not pillar.retired]
    assert bucket_names(force, new) == wanted
    on_board = {bucket.id: bucket.wire()["name"] for bucket in force.emulator.tenant.planner.buckets.values()}
    assert {code: on_board[bucket] for code, bucket in new.bucket_of_pillar.items()} == {
        code: pillar.label for code, pillar in config.pillars.items() if not pillar.retired
    }
    assert new.pillar_of_bucket == {bucket: code for code, bucket in new.bucket_of_pillar.items()}
    labels = force.emulator.tenant.planner.plans[new.plan_id].details.wire()["categoryDescriptions"]
    assert {slot: name for slot, name in labels.items() if name} == {
        f"category{label.slot}": label.name for label in config.labels.values()
    }


async def test_a_retired_pillar_has_no_bucket_on_the_next_plan(force: SmallForce) -> None:
    pillars = dict(force.service.force.pillars)
    pillars["ROADS"] = replace(pillars["ROADS"], retired=True)
    new = await roll_over(force, pillars=pillars).next_plan(force.board())
    assert "ROADS" not in new.bucket_of_pillar
    assert pillars["ROADS"].label not in bucket_names(force, new)


async def test_two_workers_that_find_a_plan_full_make_one_new_plan(force: SmallForce) -> None:
    old = force.board()
    outcomes = await asyncio.gather(*(roll_over(force).next_plan(old) for _ in range(2)), return_exceptions=True)
    (made,) = (outcome for outcome in outcomes if isinstance(outcome, BoardPlan))
    (late,) = (outcome for outcome in outcomes if isinstance(outcome, RetryLater))
    assert late.after_seconds is not None
    assert late.after_seconds <= 10
    force.watch()
    assert await roll_over(force).next_plan(old) == made
    assert len(plans(force)) == 2
    assert force.calls("POST") == force.calls("GET") == [], "whoever comes late has nothing to ask"


async def test_a_third_plan_follows_the_second(force: SmallForce) -> None:
    first, title = force.board(), plans(force)[0]
    second = await roll_over(force).next_plan(first)
    third = await roll_over(force).next_plan(second)
    assert plans(force) == [title, f"{title} (2)", f"{title} (3)"]
    assert (third.plan_id, 3, True) in boards(force)
    assert {plan_id for plan_id, _, current in boards(force) if not current} == {first.plan_id, second.plan_id}
    assert await roll_over(force).next_plan(first) == third


async def test_the_force_names_the_next_plan(force: SmallForce) -> None:
    await roll_over(force, next_plan_title="{number}. {title}").next_plan(force.board())
    assert plans(force)[1] == f"2. {plans(force)[0]}"


@pytest.mark.parametrize("lost_as", ["disconnect", "504"])
@pytest.mark.parametrize("path", ["/planner/plans$", "/planner/buckets$"])
async def test_a_lost_answer_makes_neither_a_second_plan_nor_a_second_bucket(
    force: SmallForce, lost_as: str, path: str
) -> None:
    old = force.board()
    force.fault("lose_next_answer", method="POST", path=path, **{"as": lost_as})
    with pytest.raises(RetryLater):
        await roll_over(force).next_plan(old)
    assert force.board() == old, "nothing is noted before all of it is there"
    new = await roll_over(force).next_plan(old)
    assert len(plans(force)) == 2
    assert bucket_names(force, new) == bucket_names(force, old)


async def test_a_plan_that_is_not_known_everywhere_at_once_is_waited_for(force: SmallForce) -> None:
    old = force.board()
    for path in ("/buckets$", "/details$"):
        force.fault("fail_next", method="GET", path=f"/planner/plans/.*{path}", status=404, code="", times=1)
    new = await roll_over(force).next_plan(old)
    assert bucket_names(force, new) == bucket_names(force, old)


async def test_a_group_with_too_many_plans_is_told_to_the_operator_and_the_board_stays_as_it_is(
    force: SmallForce,
) -> None:
    old = force.board()
    force.switch(planner_max_plans_per_group=1)
    for _ in range(2):
        with pytest.raises(Rejected) as refused:
            await roll_over(force).next_plan(old)
        assert refused.value.limit == "MaximumPlannerPlans"
    assert force.board() == old
    (notice,) = force.notices("board of HP: full")
    assert "MaximumPlannerPlans" in notice["text"]
    assert notice["cleared_at"] is None
    force.switch(planner_max_plans_per_group=400)
    await roll_over(force).next_plan(old)
    assert force.notices("board of HP: full")[0]["cleared_at"] is not None


async def test_a_plan_of_another_board_is_never_taken_for_the_next_one(force: SmallForce) -> None:
    """Config may let two boards share a group, and name their plans so that one's second is the other's first."""
    northfell, first = force.board(), plans(force)[0]
    config = force.service.force
    board = replace(config.boards["DD"], plan_title=f"{first} (2)", group_nickname=config.boards["HP"].group_nickname)
    with force.emulator.client() as client:
        made = client.post(
            "/planner/plans",
            json={"container": {"containerId": northfell.group_id, "type": "group"}, "title": board.plan_title},
        ).json()
    with force.service.store.open() as connection:
        connection.execute(
            tables.provisioned.update()
            .where(tables.provisioned.c.kind == "plan", tables.provisioned.c.key == "DD")
            .values(graph_id=made["id"])
        )
    new = await roll_over(force).next_plan(northfell)
    assert new.plan_id != made["id"]


async def test_the_audit_keeps_which_plan_followed_which(force: SmallForce) -> None:
    old = force.board()
    new = await roll_over(force).next_plan(old)
    with force.service.store.open() as connection:
        query = select(tables.audit_log).where(tables.audit_log.c.action == "board rolled over")
        (row,) = connection.execute(query).mappings().all()
    assert (row["object_ref"], row["actor"]) == ("HP", "service")
    assert row["changes"] == {"plan": [old.plan_id, new.plan_id], "number": [1, 2]}
    assert force.open_notices() == [], "a plan that is full is nothing to worry about"
