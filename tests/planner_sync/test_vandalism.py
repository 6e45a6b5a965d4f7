"""What people do to a board is found in one poll, put right where it is ours, and never fought."""

from typing import Any

import pytest

from tasking.task import Status, Task
from tests.planner_sync.person import Wire
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio

WRITES = ("POST", "PATCH", "DELETE")


def titles(force: SmallForce, unit: str = "HP") -> list[str]:
    return sorted(shown["title"] for shown in force.on_board(unit))


def labels_of(force: SmallForce) -> dict[str, Any]:
    return dict(force.amy.read(f"/planner/plans/{force.board().plan_id}/details")["categoryDescriptions"])


def rename_label(force: SmallForce, code: str, name: str | None) -> None:
    names = {force.category(code): name}
    force.amy.patch(f"/planner/plans/{force.board().plan_id}/details", categoryDescriptions=names)


def bucket(force: SmallForce, pillar: str) -> str:
    return f"/planner/buckets/{force.board().bucket_of_pillar[pillar]}"


def buckets(force: SmallForce) -> dict[str, Wire]:
    listed = force.amy.read(f"/planner/plans/{force.board().plan_id}/buckets")["value"]
    return {each["name"]: each for each in listed}


async def ten_vandalisms(force: SmallForce) -> dict[str, Task]:
    """Does them all to Northfell's board; the tasks by what was done to them."""
    names = ("deleted", "moved", "lost bucket", "copied", "repeated", "owner", "block", "title", "label")
    tasks = {name: force.raise_task(title=f"Stop the {name}") for name in names}
    tasks["lost bucket"] = await force.task_on_board(title="In a bucket that goes", pillar="RURAL")
    await force.settle()
    on = {name: force.planner_id(task) for name, task in tasks.items()}
    amy = force.amy
    amy.delete(on["deleted"])
    amy.change(on["moved"], bucketId=force.board().bucket_of_pillar["ACQUISITIVE"])
    amy.patch(bucket(force, "ROADS"), name="Our roads")
    amy.remove(bucket(force, "RURAL"))
    rename_label(force, "BAND_IMMEDIATE", "Whatever")
    amy.make_task(force.board().plan_id, force.board().bucket_of_pillar["ROADS"], "Paint the gate")
    force.emulator.control(f"planner/tasks/{on['copied']}/copy", {"by": "amy@peakshire.example"})
    force.emulator.control(f"planner/tasks/{on['repeated']}/recurrence", {"type": "weekly"})
    amy.change(on["repeated"], percentComplete=100)
    amy.assign(on["owner"], force.user_ids["carl"])
    said = amy.details(on["block"])["description"].replace("· Risk", "· Danger") + "\nRing the warden first."
    amy.change_details(on["block"], description=said)
    amy.change(on["title"], title="Stop the lorries")
    amy.label(on["label"], force.slot("ESCALATED"))
    return tasks


@pytest.mark.parametrize("bucket_policy", ["delete", "orphan", "dangle"])
async def test_ten_vandalisms_are_found_in_one_poll_and_put_right(force: SmallForce, bucket_policy: str) -> None:
    force.switch(planner_delete_bucket=bucket_policy)
    tasks = await ten_vandalisms(force)
    await force.pull()
    await deliver_all(force)

    def shown(name: str) -> Wire:
        return force.shown(tasks[name])

    assert shown("deleted")["title"].startswith(tasks["deleted"].reference), "deleted: shown again"
    assert force.record(tasks["moved"]).pillar == "ACQUISITIVE", "moved: recorded"
    assert "Our roads" in buckets(force), "bucket renamed: stays as people named it"
    assert shown("title")["bucketId"] == buckets(force)["Our roads"]["id"]
    rural = force.service.force.pillars["RURAL"].label
    assert shown("lost bucket")["bucketId"] == buckets(force)[rural]["id"], "bucket deleted: made again"
    assert labels_of(force)[force.category("BAND_IMMEDIATE")] == "Immediate (tasking)", "label renamed: put right"
    by_hand = next(task for task in force.records() if task.title == "Paint the gate")
    assert f"{by_hand.reference} Paint the gate" in titles(force), "made by hand: has a reference"
    for name in ("copied", "repeated"):
        references = {each.reference for each in force.records() if each.title == tasks[name].title}
        assert len(references) == 2, f"{name}: told from the original"
        (copy,) = [each for each in force.records() if each.reference in references - {tasks[name].reference}]
        assert tasks[name].reference in force.remarks(copy)["origin"]
        assert f"{copy.reference} {copy.title}" in titles(force)
    assert force.record(tasks["repeated"]).status is Status.COMPLETED
    assert "not a member" in force.remarks(tasks["owner"])["owner: HP"], "owner: asked"
    assert "not a member" in shown("owner")["details"]["description"], "and asked on the board"
    described = shown("block")["details"]["description"]
    assert "· Risk" in described, "block: put right"
    assert "Danger" not in described
    assert described.index("Ring the warden first.") < described.index("--- kept by the service ---"), "words are kept"
    assert shown("title")["title"] == f"{tasks['title'].reference} Stop the lorries", "reference: put back"
    assert force.category("ESCALATED") not in shown("label")["appliedCategories"], "label: put right"
    assert force.outbox("DEAD") == []


@pytest.mark.parametrize("bucket_policy", ["delete", "orphan", "dangle"])
async def test_after_the_repairs_nothing_is_written_any_more(force: SmallForce, bucket_policy: str) -> None:
    force.switch(planner_delete_bucket=bucket_policy)
    await ten_vandalisms(force)
    await force.settle()
    await force.settle()
    force.watch()
    await force.settle()
    assert [call for method in WRITES for call in force.calls(method, "/planner/")] == [], "a repair fights a person"


async def deliver_all(force: SmallForce) -> None:
    """Everything that one poll has promised, without another poll."""
    for _ in range(6):
        force.later(minutes=16)
        await force.deliver()
