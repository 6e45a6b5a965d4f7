"""Users and groups: property sets, filters, members (facts §11, points 58 and 59)."""

from typing import Any

import pytest
from emulator_server import RunningEmulator

DEFAULTS = {
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
}
NEW_GROUP = {
    "displayName": "BCU South",
    "mailNickname": "bcu-south",
    "mailEnabled": True,
    "securityEnabled": False,
    "groupTypes": ["Unified"],
}


def test_point_58_a_user_has_the_default_properties_and_select_widens(board: Any) -> None:
    row = board.app.get("/users/ann@peakshire.example").json()
    assert set(row) - {"@odata.context"} == DEFAULTS
    wider = board.app.get(f"/users/{board.users['ann']}?$select=id,accountEnabled,userType").json()
    assert (wider["accountEnabled"], wider["userType"]) == (True, "Member")
    assert "displayName" not in wider


def test_point_58_an_unknown_user_is_not_found_in_entras_words(board: Any) -> None:
    error = board.app.get("/users/nobody@peakshire.example").json()["error"]
    assert error["code"] == "Request_ResourceNotFound"
    assert error["message"] == (
        "Resource 'nobody@peakshire.example' does not exist or one of its queried "
        "reference-property objects are not present."
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("userPrincipalName eq 'ANN@peakshire.example'", ["ann"]),
        ("mail eq 'ben@peakshire.example'", ["ben"]),
        ("startswith(displayName,'c')", ["cas"]),
        ("displayName eq 'Ann Example' or displayName eq 'Ben Example'", ["ann", "ben"]),
        ("startswith(displayName,'a') and accountEnabled eq true", ["ann"]),
        ("displayName eq 'O''Neill or so'", []),
    ],
)
def test_users_can_be_filtered(board: Any, query: str, found: list[str]) -> None:
    rows = board.app.get("/users", params={"$filter": query}).json()["value"]
    assert [row["id"] for row in rows] == [board.users[name] for name in found]


@pytest.mark.parametrize("query", ["aboutMe eq 'x'", "displayName gt 'x'", "displayName", "contains(mail,'x')"])
def test_a_filter_that_is_not_understood_is_refused(board: Any, query: str) -> None:
    assert board.app.get("/users", params={"$filter": query}).status_code == 400


@pytest.mark.parametrize(
    "query", [{"$filter": "displayName ne 'x'"}, {"$search": '"displayName:a"'}, {"$filter": "endsWith(mail,'x')"}]
)
def test_point_59_advanced_queries_need_their_header(board: Any, query: dict[str, str]) -> None:
    reply = board.app.get("/users", params=query)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "Request_UnsupportedQuery"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"$filter": "displayName ne 'Ann Example'"}, ["ben", "cas"]),
        ({"$filter": "not startswith(displayName,'a')"}, ["ben", "cas"]),
        ({"$filter": "not (startswith(displayName,'a') or mail eq 'ben@peakshire.example')"}, ["cas"]),
        ({"$filter": "endsWith(mail,'n@peakshire.example')"}, ["ann", "ben"]),
        ({"$filter": "accountEnabled eq true", "$orderby": "displayName desc"}, ["cas", "ben", "ann"]),
        ({"$search": '"displayName:exam" AND "mail:be"'}, ["ben"]),
        ({"$search": '"displayName:ann" OR "displayName:cas"'}, ["ann", "cas"]),
    ],
)
def test_point_59_advanced_queries_are_answered_with_header_and_count(
    board: Any, query: dict[str, str], found: list[str]
) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    for headers, options in (({}, query | {"$count": "true"}), (eventual, query)):
        refused = board.app.get("/users", params=options, headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")
    body = board.app.get("/users", params=query | {"$count": "true"}, headers=eventual).json()
    assert [row["id"] for row in body["value"]] == [board.users[name] for name in found]
    assert body["@odata.count"] == len(found)


def test_point_59_the_count_stands_on_the_first_page_and_every_page_needs_the_header(board: Any) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    query = {"$count": "true", "$top": "2", "$filter": "displayName ne 'x'"}
    first = board.app.get("/users", params=query, headers=eventual).json()
    assert (first["@odata.count"], len(first["value"])) == (3, 2)
    assert board.app.get(first["@odata.nextLink"]).status_code == 400
    second = board.app.get(first["@odata.nextLink"], headers=eventual).json()
    assert "@odata.count" not in second
    assert len(second["value"]) == 1


def test_point_59_a_count_without_the_header_is_passed_over_or_refused(board: Any) -> None:
    eventual = {"ConsistencyLevel": "eventual"}
    assert "@odata.count" not in board.app.get("/users?$count=true").json()
    refused = board.app.get("/users/$count").json()["error"]
    assert (refused["code"], refused["message"]) == ("Request_BadRequest", "$count is not currently supported.")
    counts = ("/users/$count", "/groups/$count", f"/groups/{board.group_id}/members/$count")
    assert [board.app.get(path, headers=eventual).text for path in counts] == ["3", "1", "2"]


def test_point_59_members_are_filtered_and_sorted_only_as_an_advanced_query(board: Any) -> None:
    path, query = f"/groups/{board.group_id}/members/microsoft.graph.user", {"$filter": "startswith(mail,'b')"}
    assert board.app.get(path, params=query).status_code == 400
    eventual = {"ConsistencyLevel": "eventual"}
    rows = board.app.get(path, params=query | {"$count": "true"}, headers=eventual).json()["value"]
    assert [row["id"] for row in rows] == [board.users["ben"]]


@pytest.mark.parametrize(
    "query", ["displayName:ann", '"colour:red"', '"displayName:a" NEAR "mail:b"', '"displayName:a"x']
)
def test_point_59_a_search_that_is_not_understood_is_refused(board: Any, query: str) -> None:
    options = {"$search": query, "$count": "true"}
    assert board.app.get("/users", params=options, headers={"ConsistencyLevel": "eventual"}).status_code == 400


def test_users_can_be_sorted(board: Any) -> None:
    rows = board.app.get("/users?$orderby=displayName desc").json()["value"]
    assert [row["id"] for row in rows] == [board.users[name] for name in ("cas", "ben", "ann")]
    assert board.app.get("/users?$orderby=aboutMe").status_code == 400


def test_point_59_members_come_in_pages_of_100_with_their_type(board: Any, emulator: RunningEmulator) -> None:
    upns = [f"pc{n}@peakshire.example" for n in range(203)]
    emulator.control("seed", {"people": [{"upn": upn} for upn in upns]})
    emulator.control("members", {"group": board.group_id, "upns": upns})
    url, sizes, seen = f"/groups/{board.group_id}/members?$select=id", [], set()
    while url:
        body = board.app.get(url).json()
        sizes.append(len(body["value"]))
        seen |= {row["id"] for row in body["value"]}
        assert {row["@odata.type"] for row in body["value"]} == {"#microsoft.graph.user"}
        url = body.get("@odata.nextLink")
    assert sizes == [100, 100, 5]
    assert len(seen) == 205


def test_top_sets_the_page_size_within_bounds(board: Any) -> None:
    body = board.app.get("/users?$top=2").json()
    assert len(body["value"]) == 2
    assert len(board.app.get(body["@odata.nextLink"]).json()["value"]) == 1
    assert board.app.get("/users?$top=1000").status_code == 400
    assert board.app.get("/users?$top=x").status_code == 400


def test_a_group_is_made_with_its_owners_and_members(board: Any) -> None:
    base = "https://graph.microsoft.com/v1.0/users/"
    bound = {
        "owners@odata.bind": [base + board.users["ann"]],
        "members@odata.bind": [base + board.users["ann"], base + board.users["cas"]],
    }
    made = board.app.post("/groups", json=NEW_GROUP | bound)
    assert made.status_code == 201
    group = made.json()
    members = board.app.get(f"/groups/{group['id']}/members").json()["value"]
    owners = board.app.get(f"/groups/{group['id']}/owners").json()["value"]
    assert [m["id"] for m in members] == [board.users["ann"], board.users["cas"]]
    assert [o["id"] for o in owners] == [board.users["ann"]]
    found = board.app.get("/groups?$filter=mailNickname eq 'bcu-south'").json()["value"]
    assert [g["id"] for g in found] == [group["id"]]


@pytest.mark.parametrize(
    "wrong", [{"displayName": ""}, {"groupTypes": []}, {"mailNickname": "bcu-north"}, {"mailEnabled": None}]
)
def test_a_group_that_lacks_something_or_is_there_already_is_refused(board: Any, wrong: dict[str, Any]) -> None:
    assert board.app.post("/groups", json=NEW_GROUP | wrong).status_code == 400


def test_a_group_with_an_unknown_member_is_not_made(board: Any) -> None:
    bound = {"members@odata.bind": ["https://graph.microsoft.com/v1.0/users/nobody"]}
    assert board.app.post("/groups", json=NEW_GROUP | bound).status_code == 404
    assert board.app.get("/groups?$filter=mailNickname eq 'bcu-south'").json()["value"] == []


def test_a_group_can_be_changed_and_deleted_with_its_plans(board: Any) -> None:
    path = f"/groups/{board.group_id}"
    assert board.app.patch(path, json={"displayName": "North"}).status_code == 204
    assert board.app.patch(path, json={"mail": "x@y"}).status_code == 400
    assert board.app.get(path).json()["displayName"] == "North"
    assert board.app.delete(path).status_code == 204
    assert board.app.get(path).status_code == 404
    assert board.app.get(f"/planner/plans/{board.plan_id}").status_code == 404


@pytest.mark.parametrize("relation", ["members", "owners"])
def test_people_can_be_added_and_removed(board: Any, relation: str) -> None:
    path, cas = f"/groups/{board.group_id}/{relation}", board.users["cas"]
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{cas}"}
    first, again = board.app.post(f"{path}/$ref", json=body), board.app.post(f"{path}/$ref", json=body)
    assert (first.status_code, again.status_code) == (204, 400)
    assert cas in [row["id"] for row in board.app.get(path).json()["value"]]
    gone, twice = board.app.delete(f"{path}/{cas}/$ref"), board.app.delete(f"{path}/{cas}/$ref")
    assert (gone.status_code, twice.status_code) == (204, 404)


def test_an_unknown_group_is_not_found(board: Any) -> None:
    for path in ("/groups/none", "/groups/none/members", "/groups/none/planner/plans"):
        assert board.app.get(path).status_code == 404
