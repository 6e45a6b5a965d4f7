"""`tasking provision`: makes what config names, once, and leaves alone what people have made of it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from planner_sync.boards import board_of
from planner_sync.mend import Mend
from planner_sync.roll_over import RollOver
from service.jobs import JOBS, run
from service.provision import Step
from service.wiring import Service
from store import notebook

Stage = Any
UNITS = ("PKS", "DIV_N", "HP", "DD")
RUN_TIME_NEEDS = ("Tasks.ReadWrite.All", "Sites.Read.All")


def outcomes(steps: list[Step]) -> Counter[tuple[str, str]]:
    return Counter((step.kind, step.outcome) for step in steps)


def noted(stage: Stage, kind: str) -> dict[str, Any]:
    async def reading(service: Service) -> dict[str, Any]:
        with service.store.open() as connection:
            rows = notebook.provisioned_rows(connection, kind)
            return {key: (row["graph_id"], row["details"]) for key, row in rows.items()}

    found: dict[str, Any] = stage.play(reading)
    return found


def listed(stage: Stage, path: str) -> list[dict[str, Any]]:
    with stage.emulator.client() as client:
        found: list[dict[str, Any]] = client.get(path).raise_for_status().json()["value"]
    return found


def change(stage: Stage, path: str, **fields: Any) -> None:
    with stage.emulator.client() as client:
        etag = client.get(path).raise_for_status().json()["@odata.etag"]
        client.patch(path, json=fields, headers={"If-Match": etag}).raise_for_status()


def configure(stage: Stage, part: str, **fields: Any) -> None:
    """Changes the first entry of a part of force.yaml, or the one with the same code."""

    def change(whole: dict[str, Any]) -> None:
        next(each for each in whole[part] if each.get("code") == fields.get("code", each.get("code"))).update(fields)

    stage.configure(change)


def allow_only(stage: Stage, permissions: tuple[str, ...]) -> None:
    """From its next token on the service holds these application permissions and no others."""
    held = stage.emulator.control("consent", {})["permissions"]
    order = {"grant": list(permissions), "revoke": [each for each in held if each not in permissions]}
    assert sorted(permissions) == stage.emulator.control("consent", order)["permissions"]


def delete(stage: Stage, path: str) -> None:
    with stage.emulator.client() as client:
        etag = client.get(path).raise_for_status().json()["@odata.etag"]
        client.delete(path, headers={"If-Match": etag}).raise_for_status()


def rolled_over(stage: Stage) -> str:
    """The id of Northfell's next plan, after its first has become full."""

    async def going_on(service: Service) -> str:
        with service.store.open() as connection:
            board = board_of(connection, "HP")
        return (await RollOver(service.store, service.graph.planner, service.force).next_plan(board)).plan_id

    return str(stage.play(going_on))


def plans(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    return {unit: listed(stage, f"/groups/{noted(stage, 'group')[unit][0]}/planner/plans") for unit in UNITS}


def test_an_empty_tenant_gets_everything_that_config_names(stage: Stage) -> None:
    steps = outcomes(stage.provision())
    assert {key: number for key, number in steps.items() if key[1] != "made"} == {}
    assert steps["group", "made"] == steps["plan", "made"] == 4
    assert steps["bucket", "made"] == 4 * 3
    assert steps["channel", "made"] == 5
    assert steps["list", "made"] == 1
    assert steps["workbook", "made"] == 3
    for unit in UNITS:
        plan_id, details = noted(stage, "plan")[unit]
        buckets = listed(stage, f"/planner/plans/{plan_id}/buckets")
        assert {bucket["id"] for bucket in buckets} == set(details["buckets"].values())
        in_order = sorted(buckets, key=lambda bucket: bucket["orderHint"])
        assert [bucket["id"] for bucket in in_order] == list(details["buckets"].values()), "pillars in config's order"


def test_a_second_time_makes_nothing_and_writes_nothing(stage: Stage) -> None:
    stage.provision()
    before, kept = stage.exchanges(), {kind: noted(stage, kind) for kind in ("group", "plan", "channel", "list")}
    assert {step.outcome for step in stage.provision()} == {"there"}
    assert stage.writes(since=before) == []
    assert {kind: noted(stage, kind) for kind in kept} == kept


def test_a_dry_run_on_an_empty_tenant_makes_and_notes_nothing(stage: Stage) -> None:
    steps = stage.provision(only_look=True)
    assert outcomes(steps) == {("group", "missing"): 4, ("intake", "failed"): 1}
    assert stage.writes() == []
    assert noted(stage, "group") == {}


def test_a_dry_run_after_provisioning_finds_everything_there(stage: Stage) -> None:
    stage.provision()
    assert {step.outcome for step in stage.provision(only_look=True)} == {"there"}


def test_a_dry_run_says_what_is_missing_and_changes_neither_tenant_nor_notes(stage: Stage) -> None:
    stage.provision()
    bucket = noted(stage, "plan")["HP"][1]["buckets"]["ROADS"]
    with stage.emulator.client() as client:
        etag = client.get(f"/planner/buckets/{bucket}").json()["@odata.etag"]
        client.delete(f"/planner/buckets/{bucket}", headers={"If-Match": etag}).raise_for_status()
    configure(stage, "meetings", code="DD_DAILY", channel="A new channel")
    before, kept = stage.exchanges(), noted(stage, "plan")
    missing = [step for step in stage.provision(only_look=True) if step.outcome != "there"]
    assert [(step.kind, step.outcome) for step in missing] == [("bucket", "missing")]
    assert "Roads policing" in missing[0].name
    assert stage.writes(since=before) == []
    assert noted(stage, "plan") == kept


def test_a_dry_run_says_which_channel_is_missing(stage: Stage) -> None:
    stage.provision()
    extra = {"code": "HP_WEEKLY", "name": "Weekly", "unit": "HP", "chair_role": "Inspector", "channel": "Weekly"}
    stage.configure(lambda whole: whole["meetings"].append(extra))
    missing = [step for step in stage.provision(only_look=True) if step.outcome != "there"]
    assert [(step.kind, step.name, step.outcome) for step in missing] == [("channel", "Weekly", "missing")]


def test_a_bucket_that_people_renamed_stays_the_bucket_of_its_pillar(stage: Stage) -> None:
    stage.provision()
    plan_id, details = noted(stage, "plan")["HP"]
    change(stage, f"/planner/buckets/{details['buckets']['ROADS']}", name="Traffic")
    change(stage, f"/planner/buckets/{details['buckets']['RURAL']}", name="Roads policing")
    renamed = [step for step in stage.provision() if step.outcome != "there"]
    assert [(step.kind, step.outcome) for step in renamed] == [("bucket", "renamed")] * 2, (
        "boards that drift are listed"
    )
    assert "people call it 'Traffic'" in {step.words for step in renamed}
    assert noted(stage, "plan")["HP"] == (plan_id, details)
    names = {bucket["name"] for bucket in listed(stage, f"/planner/plans/{plan_id}/buckets")}
    assert {"Traffic", "Roads policing"} <= names, "what people call a bucket is theirs"


def test_somebody_who_asks_for_it_gives_renamed_buckets_their_names_back(stage: Stage) -> None:
    stage.provision()
    plan_id, details = noted(stage, "plan")["HP"]
    change(stage, f"/planner/buckets/{details['buckets']['ROADS']}", name="Traffic")
    assert outcomes(stage.provision(names_back=True))["bucket", "named"] == 1
    names = {bucket["id"]: bucket["name"] for bucket in listed(stage, f"/planner/plans/{plan_id}/buckets")}
    assert names[details["buckets"]["ROADS"]] == "Roads policing"
    assert outcomes(stage.provision(only_look=True))["bucket", "renamed"] == 0


def test_a_bucket_that_was_deleted_is_made_again_and_takes_nobody_elses(stage: Stage) -> None:
    stage.provision()
    _, details = noted(stage, "plan")["HP"]
    gone = details["buckets"]["ROADS"]
    change(stage, f"/planner/buckets/{details['buckets']['RURAL']}", name="Roads policing")
    with stage.emulator.client() as client:
        etag = client.get(f"/planner/buckets/{gone}").json()["@odata.etag"]
        client.delete(f"/planner/buckets/{gone}", headers={"If-Match": etag}).raise_for_status()
    assert outcomes(stage.provision())["bucket", "made"] == 1
    buckets = noted(stage, "plan")["HP"][1]["buckets"]
    assert len(set(buckets.values())) == 3, "no bucket stands for two pillars"
    assert buckets["RURAL"] == details["buckets"]["RURAL"]
    assert buckets["ROADS"] != gone


def test_a_plan_that_was_renamed_is_not_made_a_second_time(stage: Stage) -> None:
    stage.provision()
    before = noted(stage, "plan")
    change(stage, f"/planner/plans/{before['HP'][0]}", title="Our board")
    configure(stage, "boards", unit="PKS", plan_title="A new name in config")
    assert {step.outcome for step in stage.provision()} == {"there"}
    assert noted(stage, "plan") == before
    assert {unit: len(found) for unit, found in plans(stage).items()} == dict.fromkeys(UNITS, 1)


def test_a_board_that_went_on_in_a_second_plan_keeps_both(stage: Stage) -> None:
    stage.provision()
    first, second = noted(stage, "plan")["HP"], rolled_over(stage)
    before, earlier = noted(stage, "plan"), noted(stage, "earlier plan")
    assert second != first[0]
    assert set(earlier) == {first[0]}
    steps = stage.provision()
    assert {step.outcome for step in steps} == {"there"}
    assert outcomes(steps)["plan", "there"] == 5
    assert (noted(stage, "plan"), noted(stage, "earlier plan")) == (before, earlier)


def test_a_second_plan_that_was_deleted_is_made_again_and_the_full_one_is_not_taken_for_it(stage: Stage) -> None:
    stage.provision()
    first, second = noted(stage, "plan")["HP"][0], rolled_over(stage)
    delete(stage, f"/planner/plans/{second}")
    assert outcomes(stage.provision())["plan", "made"] == 1
    assert [plan["title"] for plan in plans(stage)["HP"]] == [
        "Northfell tasking board",
        "Northfell tasking board (2)",
    ]
    third, details = noted(stage, "plan")["HP"]
    assert third not in (first, second)
    assert details["number"] == 2
    buckets = listed(stage, f"/planner/plans/{third}/buckets")
    assert {bucket["id"] for bucket in buckets} == set(details["buckets"].values())


def test_a_full_plan_of_the_boards_own_title_is_not_taken_for_the_plan_in_use(stage: Stage) -> None:
    stage.provision()
    full, second = noted(stage, "plan")["HP"][0], rolled_over(stage)
    change(stage, f"/planner/plans/{full}", title="Northfell tasking board (2)")
    delete(stage, f"/planner/plans/{second}")
    stage.provision()
    assert noted(stage, "plan")["HP"][0] not in (full, second)
    assert set(noted(stage, "earlier plan")) == {full}


def test_buckets_and_labels_of_an_earlier_plan_are_put_right_too(stage: Stage) -> None:
    stage.provision()
    first, second = noted(stage, "plan")["HP"], rolled_over(stage)
    delete(stage, f"/planner/buckets/{first[1]['buckets']['ROADS']}")
    change(stage, f"/planner/plans/{first[0]}/details", categoryDescriptions={"category5": "Wrong"})
    made = outcomes(stage.provision())
    assert (made["bucket", "made"], made["labels", "made"]) == (1, 1)
    there = {bucket["id"] for bucket in listed(stage, f"/planner/plans/{first[0]}/buckets")}
    assert set(noted(stage, "earlier plan")[first[0]][1]["buckets"].values()) == there
    assert noted(stage, "plan")["HP"][0] == second


@pytest.mark.parametrize("only_look", [True, False])
def test_an_earlier_plan_that_people_deleted_is_said_to_be_gone_and_not_made_again(
    stage: Stage, only_look: bool
) -> None:
    stage.provision()
    first = noted(stage, "plan")["HP"][0]
    rolled_over(stage)
    delete(stage, f"/planner/plans/{first}")
    before = stage.exchanges()
    steps = [step for step in stage.provision(only_look) if step.outcome != "there"]
    assert [(step.kind, step.name, step.outcome) for step in steps] == [("plan", "Northfell tasking board", "gone")]
    assert stage.writes(since=before) == []


def test_what_mending_keeps_of_a_board_outlives_provisioning(stage: Stage) -> None:
    stage.provision()
    plan_id, _ = noted(stage, "plan")["HP"]
    change(stage, f"/planner/plans/{plan_id}/details", categoryDescriptions={"category5": "Wrong"})

    async def mending(service: Service) -> bool:
        with service.store.open() as connection:
            board = board_of(connection, "HP")
        return await Mend(service.store, service.graph.planner, service.force).mend(board)

    assert stage.play(mending) is True
    before = noted(stage, "plan")["HP"]
    stage.provision()
    assert noted(stage, "plan")["HP"] == before


def test_a_channel_renamed_in_config_is_not_made_a_second_time(stage: Stage) -> None:
    stage.provision()
    before = noted(stage, "channel")
    configure(stage, "meetings", code="HP_DAILY", channel="Northfell every day")
    assert {step.outcome for step in stage.provision()} == {"there"}
    assert noted(stage, "channel") == before


def test_a_retired_pillar_keeps_its_bucket_and_a_new_board_gets_none_for_it(stage: Stage) -> None:
    stage.provision()
    before = noted(stage, "plan")["HP"]
    configure(stage, "pillars", code="ROADS", retired=True)
    stage.provision()
    assert noted(stage, "plan")["HP"] == before, "old tasks still belong to it"
    stage.emulator.tenant.reset()
    stage.database.unlink()
    fresh = type(stage)(stage.emulator, _folder(stage))
    configure(fresh, "pillars", code="ROADS", retired=True)
    assert outcomes(fresh.provision())["bucket", "made"] == 4 * 2


def _folder(stage: Stage) -> Path:
    folder: Path = stage.config.parent / "again"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("lost_as", ["disconnect", "504"])
def test_a_plan_whose_answer_was_lost_is_not_made_twice(stage: Stage, lost_as: str) -> None:
    stage.emulator.control(
        "faults/lose_next_answer", {"method": "POST", "path": "/planner/plans$", "times": 1, "as": lost_as}
    )
    assert not [step for step in stage.provision() if step.outcome == "failed"]
    assert {unit: len(found) for unit, found in plans(stage).items()} == dict.fromkeys(UNITS, 1)


def test_one_board_that_fails_does_not_stop_the_others_and_the_next_run_mends_it(stage: Stage) -> None:
    stage.emulator.control("faults/fail_next", {"method": "POST", "path": "/planner/plans$", "status": 400, "times": 1})
    steps = stage.provision()
    failed = [step for step in steps if step.outcome == "failed"]
    assert [(step.kind, step.name) for step in failed] == [("plan", "Peakshire Force tasking board")]
    assert "400" in failed[0].words
    assert set(noted(stage, "plan")) == {"DIV_N", "HP", "DD"}
    assert outcomes(steps)["channel", "made"] == 5
    assert outcomes(steps)["list", "made"] == 1
    mended = outcomes(stage.provision())
    assert mended["plan", "made"] == 1
    assert not [key for key in mended if key[1] == "failed"]


def test_a_group_that_fails_leaves_out_only_what_needs_it(stage: Stage) -> None:
    stage.emulator.control("faults/fail_next", {"method": "POST", "path": "^/groups$", "status": 400, "times": 1})
    failed = [(step.kind, step.name) for step in stage.provision() if step.outcome == "failed"]
    assert failed == [("group", "pks-tasking-force"), ("intake", "pks-tasking-force")]
    assert set(noted(stage, "plan")) == {"DIV_N", "HP", "DD"}


def test_labels_of_the_boards_people_in_free_slots_are_kept_and_ours_are_put_right(stage: Stage) -> None:
    stage.provision()
    plan_id = noted(stage, "plan")["HP"][0]
    mine = {"category23": "Ours", "category25": "Also ours", "category5": "Wrong"}
    change(stage, f"/planner/plans/{plan_id}/details", categoryDescriptions=mine)
    made = [step for step in stage.provision() if step.outcome == "made"]
    assert [(step.kind, step.words) for step in made] == [("labels", "1 names")]
    with stage.emulator.client() as client:
        names = client.get(f"/planner/plans/{plan_id}/details").json()["categoryDescriptions"]
    assert (names["category23"], names["category25"], names["category5"]) == ("Ours", "Also ours", "Escalated")


def test_the_running_service_needs_only_the_two_permissions_that_the_settings_page_names(stage: Stage) -> None:
    stage.provision()
    allow_only(stage, RUN_TIME_NEEDS)

    async def working(service: Service) -> list[str]:
        for job in JOBS:
            await run(service, job)
        with service.store.open() as connection:
            return [row["text"] for row in notebook.open_notices(connection)]

    assert stage.play(working) == []


def test_provisioning_needs_only_the_permissions_that_the_settings_page_sums_up(stage: Stage) -> None:
    allow_only(stage, (*RUN_TIME_NEEDS, "Group.ReadWrite.All", "Sites.Manage.All", "Files.ReadWrite.All"))
    assert {step.outcome for step in stage.provision()} == {"made"}
