"""Boards that people take apart are put right, in one go and without fighting anybody."""

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import RowMapping, select

from graph_client.errors import RetryLater
from graph_client.planner import Bucket, PlanDetails
from planner_sync.boards import BoardPlan, board_of_plan
from planner_sync.mend import Damage, Mend, damage
from planner_sync.roll_over import RollOver
from store import leases, tables
from tasking.force import TRIAGE
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio


def mend_of(force: SmallForce, retired: Collection[str] = ()) -> Mend:
    service = force.service
    pillars = {code: replace(pillar, retired=code in retired) for code, pillar in service.force.pillars.items()}
    return Mend(service.store, service.graph.planner, replace(service.force, pillars=pillars))


def by_hand(force: SmallForce, method: str, path: str, **fields: Any) -> None:
    """Somebody of Northfell changes or deletes a part of the board."""
    with force.emulator.client(force.emulator.person_token("amy@peakshire.example")) as client:
        etag = client.get(path).raise_for_status().json()["@odata.etag"]
        client.request(method, path, headers={"If-Match": etag}, json=fields or None).raise_for_status()


def delete_bucket(force: SmallForce, bucket_id: str) -> None:
    by_hand(force, "DELETE", f"/planner/buckets/{bucket_id}")


def rename_label(force: SmallForce, code: str, name: str | None) -> None:
    names = {force.category(code): name}
    by_hand(force, "PATCH", f"/planner/plans/{force.board().plan_id}/details", categoryDescriptions=names)


def label(force: SmallForce, slot: str) -> str | None:
    plan = force.emulator.tenant.planner.plans[force.board().plan_id]
    found: str | None = plan.details.wire()["categoryDescriptions"][slot]
    return found


def names(force: SmallForce, board: BoardPlan | None = None) -> list[str]:
    """The buckets of a board as people see them, in order."""
    buckets = force.emulator.tenant.planner.buckets_of_plan((board or force.board()).plan_id)
    return [each["name"] for each in sorted((b.wire() for b in buckets), key=lambda wire: wire["orderHint"])]


def audited(force: SmallForce) -> list[RowMapping]:
    with force.service.store.open() as connection:
        rows = connection.execute(select(tables.audit_log)).mappings().all()
    return [row for row in rows if row["action"] == "board mended"]


async def test_a_board_in_order_is_left_alone(force: SmallForce) -> None:
    force.watch()
    assert not await mend_of(force).mend(force.board())
    assert [len(force.calls(method)) for method in ("POST", "PATCH", "DELETE")] == [0, 0, 0]
    assert audited(force) == []


@pytest.mark.parametrize("pillar", [TRIAGE, "ROADS", "RURAL"])
async def test_a_bucket_that_was_deleted_is_made_again_where_it_stood(force: SmallForce, pillar: str) -> None:
    before, in_order = force.board(), names(force)
    delete_bucket(force, before.bucket_of_pillar[pillar])
    assert await mend_of(force).mend(before)
    assert names(force) == in_order
    after = force.board()
    changed = {code for code, bucket in after.bucket_of_pillar.items() if before.bucket_of_pillar[code] != bucket}
    assert changed == {pillar}
    assert after.bucket_of_pillar[pillar] in force.emulator.tenant.planner.buckets
    assert not await mend_of(force).mend(after)


async def test_a_bucket_made_again_stands_right_behind_that_of_the_pillar_before_it(force: SmallForce) -> None:
    board, in_order, planner = force.board(), names(force), force.emulator.tenant.planner
    first, second = (planner.buckets[board.bucket_of_pillar[code]].wire() for code in list(board.bucket_of_pillar)[:2])
    for name in ("Ours", "Ours too"):
        own = force.amy.new_bucket(board.plan_id, name)
        hint = f"{first['orderHint']} {second['orderHint']}!"
        by_hand(force, "PATCH", f"/planner/buckets/{own}", orderHint=hint)
    delete_bucket(force, second["id"])
    assert await mend_of(force).mend(board)
    after = names(force)
    assert after[:2] == in_order[:2]
    assert set(after[2:4]) == {"Ours", "Ours too"}
    assert after[4:] == in_order[2:]


async def test_several_lost_buckets_and_labels_are_put_right_in_one_go(force: SmallForce) -> None:
    board, in_order = force.board(), names(force)
    for pillar in ("ROADS", "RURAL"):
        delete_bucket(force, board.bucket_of_pillar[pillar])
    rename_label(force, "ESCALATED", "Party")
    assert await mend_of(force).mend(board)
    assert names(force) == in_order
    assert label(force, force.category("ESCALATED")) == "Escalated"


async def test_a_bucket_that_people_renamed_stays_as_they_named_it(force: SmallForce) -> None:
    board = force.board()
    by_hand(force, "PATCH", f"/planner/buckets/{board.bucket_of_pillar['ROADS']}", name="Traffic")
    assert not await mend_of(force).mend(board)
    assert "Traffic" in names(force)
    assert force.board() == board


@pytest.mark.parametrize("name", ["Party", None, ""])
async def test_a_label_that_people_renamed_or_cleared_is_named_again_and_their_own_stay(
    force: SmallForce, name: str | None
) -> None:
    rename_label(force, "ESCALATED", name)
    used = {force.category(code) for code in force.service.force.labels}
    own = next(slot for slot in (f"category{number}" for number in range(1, 26)) if slot not in used)
    plan = f"/planner/plans/{force.board().plan_id}/details"
    by_hand(force, "PATCH", plan, categoryDescriptions={own: "Football"})
    assert await mend_of(force).mend(force.board())
    assert label(force, force.category("ESCALATED")) == "Escalated"
    assert label(force, own) == "Football"


@pytest.mark.parametrize("lost_as", ["disconnect", "504"])
async def test_a_lost_answer_makes_no_second_bucket(force: SmallForce, lost_as: str) -> None:
    board, in_order = force.board(), names(force)
    delete_bucket(force, board.bucket_of_pillar["ROADS"])
    force.fault("lose_next_answer", method="POST", path="/planner/buckets$", **{"as": lost_as})
    with pytest.raises(RetryLater):
        await mend_of(force).mend(board)
    assert await mend_of(force).mend(board)
    assert names(force) == in_order
    assert force.board().bucket_of_pillar["ROADS"] in force.emulator.tenant.planner.buckets


async def test_a_lost_answer_to_naming_labels_does_not_count_as_a_fight(force: SmallForce) -> None:
    rename_label(force, "ESCALATED", "Party")
    force.fault("lose_next_answer", method="PATCH", path="/details$", **{"as": "504"})
    with pytest.raises(RetryLater):
        await mend_of(force).mend(force.board())
    assert not await mend_of(force).mend(force.board()), "it had got through"
    assert label(force, force.category("ESCALATED")) == "Escalated"


async def test_of_two_workers_one_mends_and_the_other_comes_back_in_seconds(force: SmallForce) -> None:
    board, in_order = force.board(), names(force)
    delete_bucket(force, board.bucket_of_pillar["ROADS"])
    outcomes = await asyncio.gather(*(mend_of(force).mend(board) for _ in range(2)), return_exceptions=True)
    assert True in outcomes
    (late,) = (outcome for outcome in outcomes if isinstance(outcome, RetryLater))
    assert late.after_seconds is not None
    assert late.after_seconds <= 10
    force.watch()
    assert await mend_of(force).mend(board), "it was put right since this worker read the board"
    assert force.calls("POST") == []
    assert names(force) == in_order


async def test_a_worker_that_died_mending_holds_the_others_up_for_minutes_only(force: SmallForce) -> None:
    board = force.board()
    delete_bucket(force, board.bucket_of_pillar["ROADS"])
    with force.service.store.open() as connection:
        assert leases.take(connection, f"board {board.plan_id}", force.clock.now(), timedelta(minutes=2))
    with pytest.raises(RetryLater):
        await mend_of(force).mend(board)
    force.later(minutes=3)
    assert await mend_of(force).mend(board)


async def test_a_board_where_mending_failed_is_free_for_the_next_try(force: SmallForce) -> None:
    board = force.board()
    delete_bucket(force, board.bucket_of_pillar["ROADS"])
    force.fault("fail_next", method="POST", path="/planner/buckets$", status=503, times=1)
    with pytest.raises(RetryLater):
        await mend_of(force).mend(board)
    assert await mend_of(force).mend(board)


async def test_a_retired_pillar_gets_no_new_bucket(force: SmallForce) -> None:
    board = force.board()
    for pillar in ("ROADS", "RURAL"):
        delete_bucket(force, board.bucket_of_pillar[pillar])
    assert await mend_of(force, retired={"ROADS"}).mend(board)
    after = force.board().bucket_of_pillar
    assert after["RURAL"] != board.bucket_of_pillar["RURAL"]
    assert after["ROADS"] == board.bucket_of_pillar["ROADS"]
    assert force.service.force.pillars["ROADS"].label not in names(force)


async def test_a_board_that_takes_no_more_buckets_is_told_once_and_not_asked_again(force: SmallForce) -> None:
    board = force.board()
    delete_bucket(force, board.bucket_of_pillar["ROADS"])
    own = force.amy.new_bucket(board.plan_id, "Ours")
    force.switch(planner_max_buckets=len(names(force)))
    assert await mend_of(force).mend(board), "its tasks have a place again"
    assert "ROADS" not in force.board().bucket_of_pillar, "they go to Triage"
    force.watch()
    for _ in range(3):
        assert not await mend_of(force).mend(force.board())
    assert force.calls("POST") == []
    (notice,) = force.notices("board of HP: buckets")
    assert "MaximumBucketsInProject" in notice["text"]
    assert "ROADS" in notice["text"]
    delete_bucket(force, own)
    assert await mend_of(force).mend(force.board())
    assert force.service.force.pillars["ROADS"].label in names(force)
    assert force.notices("board of HP: buckets")[0]["cleared_at"] is not None
    force.switch(planner_max_buckets=200)
    for number in range(3):
        force.amy.new_bucket(board.plan_id, f"Ours {number}")
    delete_bucket(force, force.board().bucket_of_pillar["ROADS"])
    assert await mend_of(force).mend(force.board()), "that it was full once is over"


async def test_what_fits_is_mended_before_the_board_is_full(force: SmallForce) -> None:
    board = force.board()
    for pillar in ("ROADS", "RURAL"):
        delete_bucket(force, board.bucket_of_pillar[pillar])
    force.switch(planner_max_buckets=len(names(force)) + 1)
    assert await mend_of(force).mend(board)
    (notice,) = force.notices("board of HP: buckets")
    missing = {"ROADS", "RURAL"} - force.board().bucket_of_pillar.keys()
    assert len(missing) == 1
    assert missing.pop() in notice["text"]


async def test_a_label_that_people_keep_renaming_is_left_to_them_and_the_operator_is_told_once(
    force: SmallForce,
) -> None:
    mend, slot = mend_of(force), force.category("ESCALATED")
    for number in range(3):
        rename_label(force, "ESCALATED", f"Party {number}")
        assert await mend.mend(force.board())
    rename_label(force, "ESCALATED", "Party for ever")
    for _ in range(2):
        assert not await mend.mend(force.board())
    assert label(force, slot) == "Party for ever"
    (notice,) = force.notices("board of HP: labels")
    assert "ESCALATED" in notice["text"]
    assert "Party" not in notice["text"]
    rename_label(force, "RETURNED", "Back")
    assert await mend.mend(force.board()), "the others are put right as before"
    assert label(force, slot) == "Party for ever"
    force.later(hours=25)
    assert await mend.mend(force.board())
    assert label(force, slot) == "Escalated"
    assert force.notices("board of HP: labels")[0]["cleared_at"] is not None


async def test_a_label_put_right_now_and_then_is_no_fight(force: SmallForce) -> None:
    for number in range(6):
        rename_label(force, "ESCALATED", f"Party {number}")
        assert await mend_of(force).mend(force.board())
        force.later(hours=9)
    assert force.notices("labels") == []


async def test_labels_that_people_name_at_this_moment_are_read_anew(force: SmallForce) -> None:
    rename_label(force, "ESCALATED", "Party")
    force.fault("fail_next", method="PATCH", path="/details$", status=409, code="", times=1)
    assert await mend_of(force).mend(force.board())
    assert label(force, force.category("ESCALATED")) == "Escalated"
    rename_label(force, "ESCALATED", "Party")
    force.fault("fail_next", method="PATCH", path="/details$", status=412, code="", times=50)
    with pytest.raises(RetryLater):
        await mend_of(force).mend(force.board())


async def test_the_audit_says_what_was_mended_in_codes_and_never_in_peoples_words(force: SmallForce) -> None:
    before = force.board().bucket_of_pillar["ROADS"]
    delete_bucket(force, before)
    rename_label(force, "ESCALATED", "Party")
    await mend_of(force).mend(force.board())
    bucket, labels = audited(force)
    assert bucket["changes"] == {"bucket of ROADS": [before, force.board().bucket_of_pillar["ROADS"]]}
    assert labels["changes"] == {"labels": [None, ["ESCALATED"]]}
    assert {(row["actor"], row["source"], row["object_ref"]) for row in (bucket, labels)} == {
        ("service", "planner", "HP")
    }


async def test_buckets_all_gone_at_once_are_believed_at_the_second_look_only(force: SmallForce) -> None:
    board, in_order = force.board(), names(force)
    planner = force.emulator.tenant.planner
    hidden = {key: planner.buckets.pop(key) for key in board.bucket_of_pillar.values()}
    with pytest.raises(RetryLater):
        await mend_of(force).mend(board)
    planner.buckets.update(hidden)
    force.later(minutes=1)
    assert not await mend_of(force).mend(board), "only one answer had said so"
    assert names(force) == in_order
    force.later(hours=2)
    for bucket in board.bucket_of_pillar.values():
        delete_bucket(force, bucket)
    for _ in range(2):
        with pytest.raises(RetryLater):
            await mend_of(force).mend(board)
    force.later(minutes=1)
    assert await mend_of(force).mend(board)
    assert names(force) == in_order


async def test_an_earlier_plan_is_mended_and_the_plan_in_use_keeps_its_buckets(force: SmallForce) -> None:
    service, old, in_order = force.service, force.board(), names(force)
    current = await RollOver(service.store, service.graph.planner, service.force).next_plan(old)
    delete_bucket(force, old.bucket_of_pillar["ROADS"])
    assert await mend_of(force).mend(old)
    assert names(force, old) == in_order
    with service.store.open() as connection:
        earlier = board_of_plan(connection, "HP", old.plan_id)
    assert not earlier.is_current
    assert earlier.bucket_of_pillar["ROADS"] != old.bucket_of_pillar["ROADS"]
    assert force.board() == current


async def test_damage_is_what_is_lost_and_not_what_was_renamed(force: SmallForce) -> None:
    board, config = force.board(), force.service.force
    buckets = [Bucket(key, f"Ours {key}", board.plan_id, "", "") for key in board.pillar_of_bucket]
    right = {f"category{each.slot}": each.name for each in config.labels.values()}
    assert not damage(board, buckets, PlanDetails("", right), config)
    first = board.pillar_of_bucket[buckets[0].bucket_id]
    slot = force.category("ESCALATED")
    found = damage(board, buckets[1:], PlanDetails("", {**right, slot: "Party"}), config)
    assert found == Damage((first,), {slot: "Escalated"})
    assert not damage(board, None, None, config), "what was not read is not called lost"
    retired = replace(config, pillars={**config.pillars, first: replace(config.pillars[first], retired=True)})
    assert not damage(board, buckets[1:], None, retired), "a retired pillar may do without"
