"""What people typed about a restricted task is on no board; what people write on a board stays theirs."""

import json

import pytest

from planner_sync.description import LINE
from tasking.handling import set_handling
from tasking.task import Classification, EvidenceLink, Task, TaskText
from tests.planner_sync.small_force import SmallForce

pytestmark = pytest.mark.anyio

RESTRICTED, OPEN = "MISSING_EXPLOITATION", "ROADS"
SECRET = "wuthering"
WORDS = TaskText(
    ask=f"{SECRET} ask", why_now=f"{SECRET} why", place=f"{SECRET} place", good_looks_like=f"{SECRET} good"
)
NEUTRAL = "Missing and exploitation: see the record"


def secret_task(force: SmallForce, **given: object) -> Task:
    return force.raise_task(
        **{
            "pillar": RESTRICTED,
            "title": f"Northfell: {SECRET}",
            "text": WORDS,
            "checklist": (f"{SECRET} step", "Report"),
            "links": (EvidenceLink("https://files.example/a.jpg", f"{SECRET}.jpg"),),
            **given,
        }
    )


def everything(force: SmallForce, task: Task, unit: str = "HP") -> str:
    return json.dumps(force.shown(task, unit))


def mark(force: SmallForce, task: Task, classification: Classification) -> None:
    with force.service.store.act("dee", "test", "mark") as uow:
        set_handling(uow, force.service.force, task.reference, classification, "It names a source of harm.")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"pillar": OPEN, "classification": Classification.OFFICIAL_SENSITIVE},
        {"faults": ("A date was not clear.",)},
    ],
    ids=["restricted pillar", "higher mark", "restricted pillar, in Triage for a fault"],
)
async def test_nothing_that_was_typed_about_a_restricted_task_is_on_its_board(
    force: SmallForce, given: dict[str, object]
) -> None:
    task = secret_task(force, **given)
    await force.settle()
    assert SECRET not in everything(force, task).lower()
    assert force.shown(task)["title"].startswith(f"{task.reference} ")
    assert force.shown(task)["title"].endswith(": see the record")
    assert "Restricted: what was written about it is on the record" in force.described(task)
    assert SECRET in force.record(task).title, "the record keeps it"


async def test_what_was_typed_about_any_other_task_is_on_its_board(force: SmallForce) -> None:
    task = secret_task(force, pillar=OPEN)
    await force.settle()
    assert everything(force, task).count(SECRET) >= 6


async def test_a_title_that_people_write_on_the_board_of_a_restricted_task_stays_there_and_goes_nowhere_else(
    force: SmallForce,
) -> None:
    task = secret_task(force)
    await force.settle()
    force.escalate(task)
    await force.settle()
    force.amy.change(force.planner_id(task), title=f"{task.reference} Search the reservoir")
    await force.settle()
    await force.settle()
    assert force.shown(task)["title"] == f"{task.reference} Search the reservoir"
    assert force.shown(task, "DIV_N")["title"] == f"{task.reference} {NEUTRAL}"
    assert force.record(task).board_titles == ("Search the reservoir",)


async def test_a_restricted_task_stays_restricted_when_somebody_drags_it_to_another_bucket(force: SmallForce) -> None:
    task = secret_task(force)
    await force.settle()
    force.amy.change(force.planner_id(task), bucketId=force.board().bucket_of_pillar[OPEN])
    await force.settle()
    assert force.record(task).pillar == OPEN
    assert SECRET not in everything(force, task).lower()


async def test_a_task_that_is_marked_higher_loses_the_service_s_words_and_keeps_what_people_wrote(
    force: SmallForce,
) -> None:
    task = secret_task(force, pillar=OPEN)
    await force.settle()
    described = force.described(task)
    force.amy.change_details(force.planner_id(task), description=described.replace(LINE, f"Amy was here\n{LINE}"))
    await force.settle()
    mark(force, task, Classification.OFFICIAL_SENSITIVE)
    await force.settle()
    assert SECRET not in everything(force, task).lower()
    assert "Amy was here" in force.described(task)
    mark(force, task, Classification.OFFICIAL)
    await force.settle()
    assert force.shown(task)["title"] == f"{task.reference} Northfell: {SECRET}"
    assert f"{SECRET} step" in everything(force, task)


async def test_a_task_that_people_make_in_a_restricted_bucket_keeps_its_words_on_that_board_alone(
    force: SmallForce,
) -> None:
    bucket = force.board().bucket_of_pillar[RESTRICTED]
    force.amy.make_task(force.board().plan_id, bucket, "Look by the mill")
    await force.settle()
    (task,) = force.records()
    assert force.shown(task)["title"] == f"{task.reference} Look by the mill"
    force.escalate(task)
    await force.settle()
    assert force.shown(task, "DIV_N")["title"] == f"{task.reference} {NEUTRAL}"
