"""SharePoint lists over HTTP: sites, columns, items and delta as facts.md §8.2 and the brief of the intake list say."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

Intake = tuple[httpx.Client, str]
COLUMNS = [{"name": "FormId", "text": {}}, {"name": "Answers", "text": {"allowMultipleLines": True}}]


@pytest.fixture
def intake(emulator: RunningEmulator, people: dict[str, str]) -> Any:
    """An app's client and the path of a new intake list on the group's site."""
    with emulator.client() as app:
        site = app.get(f"/groups/{people['group']}/sites/root").json()
        body = {"displayName": "Tasking intake", "columns": COLUMNS, "list": {"template": "genericList"}}
        made = app.post(f"/sites/{site['id']}/lists", json=body)
        assert made.status_code == 201
        yield app, f"/sites/{site['id']}/lists/{made.json()['id']}"


def _add(intake: Intake, **fields: Any) -> dict[str, Any]:
    app, path = intake
    reply = app.post(f"{path}/items", json={"fields": fields})
    assert reply.status_code == 201, reply.text
    return dict(reply.json())


def _read_all(app: httpx.Client, url: str) -> tuple[list[dict[str, Any]], str]:
    """Every row of a delta, and its deltaLink."""
    rows: list[dict[str, Any]] = []
    while True:
        body = app.get(url).json()
        rows += body["value"]
        if "@odata.deltaLink" in body:
            assert "@odata.nextLink" not in body
            return rows, body["@odata.deltaLink"]
        url = body["@odata.nextLink"]


def test_a_group_site_is_found_by_path_by_group_and_by_id(emulator: RunningEmulator, people: dict[str, str]) -> None:
    with emulator.client() as app:
        by_group = app.get(f"/groups/{people['group']}/sites/root").json()
        by_path = app.get("/sites/peakshire.sharepoint.example:/sites/BCU-north").json()
        by_id = app.get(f"/sites/{by_group['id']}").json()
        assert by_group["id"] == by_path["id"] == by_id["id"]
        assert by_path["webUrl"] == "https://peakshire.sharepoint.example/sites/bcu-north"
        assert app.get("/sites/root").json()["webUrl"] == "https://peakshire.sharepoint.example"
        assert app.get("/sites/peakshire.sharepoint.example:/sites/nowhere").status_code == 404


def test_a_list_is_found_by_name_and_a_second_of_the_name_is_a_conflict(intake: Intake) -> None:
    app, path = intake
    site = path.rsplit("/lists/", 1)[0]
    assert app.get(f"{site}/lists/tasking intake").json()["id"] == path.rsplit("/", 1)[1]
    again = app.post(f"{site}/lists", json={"displayName": "Tasking intake"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "nameAlreadyExists")
    assert app.get(f"{site}/lists/other").status_code == 404


def test_an_item_keeps_its_fields_and_leaves_empty_ones_out(intake: Intake) -> None:
    app, path = intake
    made = _add(intake, FormId="F1", Answers="")
    assert made["id"] == "1"
    assert made["fields"]["FormId"] == "F1"
    assert "Answers" not in made["fields"]
    bare = app.get(f"{path}/items").json()["value"][0]
    assert "fields" not in bare
    full = app.get(f"{path}/items?$expand=fields($select=FormId)").json()["value"][0]
    assert full["fields"]["FormId"] == "F1"
    assert "Created" not in full["fields"]


def test_an_unknown_field_and_a_text_too_long_for_its_column_are_refused(intake: Intake) -> None:
    app, path = intake
    unknown = app.post(f"{path}/items", json={"fields": {"Nope": "x"}})
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (400, "invalidRequest")
    assert "Nope" in unknown.json()["error"]["message"]
    assert app.post(f"{path}/items", json={"fields": {"FormId": "x" * 256}}).status_code == 400
    assert _add(intake, Answers="x" * 30_000)["fields"]["Answers"] == "x" * 30_000


def test_a_renamed_column_renames_the_field_of_every_item(intake: Intake) -> None:
    app, path = intake
    _add(intake, FormId="F1")
    column = next(c for c in app.get(f"{path}/columns").json()["value"] if c["name"] == "FormId")
    shown = app.patch(f"{path}/columns/{column['id']}", json={"displayName": "Which form"})
    assert (shown.json()["name"], shown.json()["displayName"]) == ("FormId", "Which form")
    renamed = app.patch(f"{path}/columns/{column['id']}", json={"name": "Form"})
    assert renamed.json()["name"] == "Form"
    fields = app.get(f"{path}/items/1?$expand=fields").json()["fields"]
    assert fields["Form"] == "F1"
    assert "FormId" not in fields
    assert app.post(f"{path}/items", json={"fields": {"FormId": "F2"}}).status_code == 400


def test_a_new_column_takes_values_of_its_type_only(intake: Intake) -> None:
    app, path = intake
    assert app.post(f"{path}/columns", json={"name": "Count", "number": {}}).status_code == 201
    assert app.post(f"{path}/columns", json={"name": "Count", "number": {}}).status_code == 409
    assert _add(intake, Count=17)["fields"]["Count"] == 17
    assert app.post(f"{path}/items", json={"fields": {"Count": "many"}}).status_code == 400


def test_fields_are_changed_and_a_foreign_etag_is_refused(intake: Intake) -> None:
    app, path = intake
    made = _add(intake, FormId="F1")
    changed = app.patch(f"{path}/items/1/fields", json={"FormId": "F2"})
    assert (changed.status_code, changed.json()["FormId"]) == (200, "F2")
    stale = app.patch(f"{path}/items/1", json={"fields": {"FormId": "F3"}}, headers={"If-Match": made["eTag"]})
    assert stale.status_code == 412
    assert app.patch(f"{path}/items/1", json={"fields": {"FormId": "F3"}}).json()["fields"]["FormId"] == "F3"


def test_a_filter_needs_an_indexed_column_or_the_prefer_header(intake: Intake) -> None:
    app, path = intake
    for name in ("F1", "F2"):
        _add(intake, FormId=name)
    asked = f"{path}/items?$expand=fields&$filter=fields/FormId eq 'F2'"
    assert app.get(asked).status_code == 400
    prefer = {"Prefer": "HonorNonIndexedQueriesWarningMayFailRandomly"}
    assert [i["id"] for i in app.get(asked, headers=prefer).json()["value"]] == ["2"]


def test_delta_gives_all_then_only_what_changed_with_a_deleted_facet(intake: Intake) -> None:
    app, path = intake
    for n in range(5):
        _add(intake, FormId=f"F{n}")
    rows, link = _read_all(app, f"{path}/items/delta?$expand=fields&$top=2")
    assert [row["fields"]["FormId"] for row in rows] == ["F0", "F1", "F2", "F3", "F4"]
    assert _read_all(app, link)[0] == []
    app.patch(f"{path}/items/2/fields", json={"FormId": "changed"})
    assert app.delete(f"{path}/items/4").status_code == 204
    rows, _ = _read_all(app, link)
    assert [row["id"] for row in rows] == ["2", "4"]
    assert rows[0]["fields"]["FormId"] == "changed"
    assert rows[1]["deleted"] == {"state": "deleted"}
    assert "fields" not in rows[1]
    assert app.get(f"{path}/items/4").status_code == 404


def test_delta_with_token_latest_gives_nothing_but_a_link(intake: Intake) -> None:
    app, path = intake
    _add(intake, FormId="F1")
    rows, link = _read_all(app, f"{path}/items/delta?token=latest")
    assert rows == []
    _add(intake, FormId="F2")
    assert [row["id"] for row in _read_all(app, link)[0]] == ["2"]


def test_an_expired_or_garbled_delta_token_is_410_with_a_fresh_start(emulator: RunningEmulator, intake: Intake) -> None:
    app, path = intake
    _add(intake, FormId="F1")
    _, link = _read_all(app, f"{path}/items/delta?$expand=fields")
    emulator.control("delta/expire", {"of": "sharepoint"})
    for url in (link, f"{path}/items/delta?token=garbled"):
        gone = app.get(url)
        assert gone.status_code == 410
        assert gone.json()["error"]["code"] == "resyncChangesApplyDifferences"
        assert [row["id"] for row in _read_all(app, gone.headers["Location"])[0]] == ["1"]


def test_the_same_item_may_come_twice_in_a_delta_when_it_is_switched_on(
    emulator: RunningEmulator, intake: Intake
) -> None:
    app, path = intake
    for n in range(4):
        _add(intake, FormId=f"F{n}")
    emulator.control("switches", {"sharepoint_delta_repeats": True})
    rows, _ = _read_all(app, f"{path}/items/delta?$top=2")
    assert [row["id"] for row in rows] == ["1", "2", "2", "3", "4"]


def test_sites_selected_is_enough_and_no_permission_is_refused(
    emulator: RunningEmulator, people: dict[str, str]
) -> None:
    emulator.control("sites/grants", {"group": "bcu-north", "roles": ["read"]})
    with emulator.client(emulator.app_token("Sites.Selected")) as app:
        assert app.get(f"/groups/{people['group']}/sites/root").status_code == 200
    with emulator.client(emulator.app_token("Tasks.ReadWrite.All")) as app:
        refused = app.get(f"/groups/{people['group']}/sites/root")
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "accessDenied")
