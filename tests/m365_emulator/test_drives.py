"""Document libraries over HTTP: paths, tags, redirected content and delta (facts.md §8, §11 points 60 and 61)."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

Library = tuple[httpx.Client, str]


@pytest.fixture
def library(emulator: RunningEmulator, people: dict[str, str]) -> Any:
    """An app's client and the path of the group's drive."""
    with emulator.client() as app:
        drive = app.get(f"/groups/{people['group']}/drive").json()
        yield app, f"/drives/{drive['id']}"


def _put(library: Library, name: str, content: bytes) -> dict[str, Any]:
    app, path = library
    reply = app.put(f"{path}/root:/{name}:/content", content=content)
    assert reply.status_code in (200, 201), reply.text
    return dict(reply.json())


def test_a_file_put_by_path_is_there_by_path_by_id_and_among_the_children(library: Library) -> None:
    app, path = library
    made = _put(library, "Plans/November/brief.xlsx", b"one")
    assert made["file"]["mimeType"].endswith("spreadsheetml.sheet")
    assert app.get(f"{path}/root:/plans/november/BRIEF.xlsx").json()["id"] == made["id"]
    assert app.get(f"{path}/items/{made['id']}").json()["parentReference"]["path"].endswith("/Plans/November")
    assert [i["name"] for i in app.get(f"{path}/root/children").json()["value"]] == ["Plans"]
    inside = app.get(f"{path}/root:/Plans/November:/children").json()["value"]
    assert [i["name"] for i in inside] == ["brief.xlsx"]
    assert app.get(f"{path}/root:/Plans/none.xlsx").status_code == 404


def test_the_same_library_is_reached_through_group_and_site(library: Library, people: dict[str, str]) -> None:
    app = library[0]
    site = app.get(f"/groups/{people['group']}/sites/root").json()["id"]
    _put(library, "brief.txt", b"one")
    for prefix in (f"/groups/{people['group']}/drive", f"/sites/{site}/drive"):
        assert app.get(f"{prefix}/root:/brief.txt").json()["size"] == 3


def test_new_content_moves_both_tags_and_a_rename_the_etag_alone(library: Library) -> None:
    app, path = library
    first = _put(library, "brief.txt", b"one")
    second = _put(library, "brief.txt", b"two")
    assert second["id"] == first["id"]
    assert second["eTag"] != first["eTag"]
    assert second["cTag"] != first["cTag"]
    renamed = app.patch(f"{path}/items/{first['id']}", json={"name": "plan.txt"}).json()
    assert renamed["eTag"] != second["eTag"]
    assert renamed["cTag"] == second["cTag"]
    assert "cTag" not in app.get(f"{path}/root").json()


def test_point_60_content_redirects_to_an_address_that_needs_no_token_and_dies(
    emulator: RunningEmulator, library: Library
) -> None:
    app, path = library
    made = _put(library, "brief.txt", b"the content")
    answer = app.get(f"{path}/items/{made['id']}/content")
    assert answer.status_code == 302
    address = answer.headers["Location"]
    assert "/v1.0" not in address
    assert httpx.get(address).content == b"the content"
    part = httpx.get(address, headers={"Range": "bytes=4-6"})
    assert (part.status_code, part.content) == (206, b"con")
    emulator.control("clock", {"advance_seconds": 299})
    assert httpx.get(address).status_code == 200
    emulator.control("clock", {"advance_seconds": 2})
    assert httpx.get(address).status_code == 401


def test_point_60_unchanged_content_is_304_by_either_tag(library: Library) -> None:
    app, path = library
    made = _put(library, "brief.txt", b"one")
    content = f"{path}/root:/brief.txt:/content"
    for tag in (made["eTag"], made["cTag"]):
        assert app.get(content, headers={"If-None-Match": tag}).status_code == 304
    _put(library, "brief.txt", b"two")
    assert app.get(content, headers={"If-None-Match": made["cTag"]}).status_code == 302


def test_a_write_with_an_old_tag_is_refused_and_changes_nothing(library: Library) -> None:
    app, path = library
    made = _put(library, "brief.txt", b"one")
    _put(library, "brief.txt", b"two")
    stale = app.put(f"{path}/items/{made['id']}/content", content=b"three", headers={"If-Match": made["eTag"]})
    assert stale.status_code == 412
    assert app.get(f"{path}/items/{made['id']}/content", follow_redirects=True).content == b"two"


def test_point_61_delta_tells_changes_and_deletes_and_starts_again_after_410(
    emulator: RunningEmulator, library: Library
) -> None:
    app, path = library
    kept, gone = _put(library, "kept.txt", b"one"), _put(library, "gone.txt", b"two")
    first = app.get(f"{path}/root/delta").json()
    assert {i["id"] for i in first["value"]} >= {kept["id"], gone["id"]}
    latest = app.get(f"{path}/root/delta?token=latest").json()
    assert latest["value"] == []
    assert app.delete(f"{path}/items/{gone['id']}").status_code == 204
    told = app.get(latest["@odata.deltaLink"]).json()["value"]
    assert [i["id"] for i in told if "deleted" in i] == [gone["id"]]
    emulator.control("delta/expire", {"of": "drives"})
    lost = app.get(latest["@odata.deltaLink"])
    assert (lost.status_code, lost.json()["error"]["code"]) == (410, "resyncChangesApplyDifferences")
    fresh = app.get(lost.headers["Location"]).json()["value"]
    assert kept["id"] in {i["id"] for i in fresh}
    assert gone["id"] not in {i["id"] for i in fresh}


def test_delta_pages_are_as_long_as_top_says(library: Library) -> None:
    app, path = library
    for n in range(4):
        _put(library, f"file{n}.txt", b"x")
    page = app.get(f"{path}/root/delta?$top=2").json()
    assert len(page["value"]) == 2
    seen = [i["id"] for i in page["value"]]
    while "@odata.nextLink" in page:
        page = app.get(page["@odata.nextLink"]).json()
        seen += [i["id"] for i in page["value"]]
    assert len(set(seen)) == 5
    assert "@odata.deltaLink" in page


def test_throttled_drive_calls_answer_in_sharepoints_own_words(emulator: RunningEmulator, library: Library) -> None:
    app, path = library
    emulator.control("faults/throttle", {"workload": "files", "times": 1, "value": 3})
    refused = app.get(path)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert refused.json()["error"]["code"] == "activityLimitReached"
    assert app.get(path).status_code == 200


def test_names_that_sharepoint_forbids_are_refused(library: Library) -> None:
    app, path = library
    assert app.put(f"{path}/root:/what%3F.txt:/content", content=b"x").status_code == 400


def test_a_name_with_parentheses_is_an_ordinary_name(library: Library) -> None:
    app, path = library
    made = _put(library, "Raise a task(1).xlsx", b"x")
    assert made["name"] == "Raise a task(1).xlsx"
    assert app.get(f"{path}/root:/Raise a task(1).xlsx").json()["id"] == made["id"]


def test_a_name_of_one_word_and_parentheses_is_an_ordinary_name(library: Library) -> None:
    assert _put(library, "Raise(1).xlsx", b"x")["name"] == "Raise(1).xlsx"
