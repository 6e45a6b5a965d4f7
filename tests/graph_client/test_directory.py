"""Users and groups, against the emulator over real HTTP."""

import pytest

from graph_client.client import GraphClient
from graph_client.directory import User
from graph_client.errors import Conflict, Gone, Rejected
from tests.emulator_server import RunningEmulator
from tests.graph_client.conftest import People
from tests.graph_client.told_graph import Answer, ToldGraph

pytestmark = pytest.mark.anyio
NOBODY = "00000000-0000-4000-8000-000000000000"


async def test_a_person_is_found_by_id_and_by_name(tenant: GraphClient, people: People) -> None:
    amy = await tenant.directory.user(people.amy)
    assert amy == User(people.amy, "Amy", "amy@peakshire.example", True)
    assert await tenant.directory.user("amy@peakshire.example") == amy


async def test_a_person_who_may_not_sign_in_is_told_as_such(tenant: GraphClient, emulator: RunningEmulator) -> None:
    emulator.control("seed", {"people": [{"upn": "ida@peakshire.example", "enabled": False}]})
    assert (await tenant.directory.user("ida@peakshire.example")).enabled is False


async def test_a_person_who_is_not_there_is_gone(tenant: GraphClient, people: People) -> None:
    with pytest.raises(Gone):
        await tenant.directory.user(NOBODY)


async def test_many_people_are_read_together_and_the_missing_are_none(tenant: GraphClient, people: People) -> None:
    found = await tenant.directory.users_by_id([people.amy, NOBODY, people.eve, people.amy])
    assert list(found) == [people.amy, NOBODY, people.eve]
    assert found[NOBODY] is None
    eve = found[people.eve]
    assert eve is not None
    assert eve.upn == "eve@peakshire.example"


async def test_a_group_is_found_by_its_nickname_or_not_at_all(tenant: GraphClient, people: People) -> None:
    group = await tenant.directory.group_by_nickname("north")
    assert group is not None
    assert (group.group_id, group.display_name, group.mail_nickname) == (people.group_id, "North", "north")
    assert await tenant.directory.group_by_nickname("o'no' or true") is None


async def test_two_groups_of_one_nickname_are_a_conflict(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(body={"value": [{"id": "1"}, {"id": "2"}]}))
    with pytest.raises(Conflict, match="several groups"):
        await client.directory.group_by_nickname("north")


async def test_a_new_group_has_its_owners_and_all_its_members(
    tenant: GraphClient, people: People, emulator: RunningEmulator
) -> None:
    upns = [f"officer{n}@peakshire.example" for n in range(25)]
    ids = list(emulator.control("seed", {"people": [{"upn": upn} for upn in upns]})["users"].values())
    group = await tenant.directory.create_group("South", "south", "Tasking South", [people.amy], ids)
    assert await tenant.directory.group_by_nickname("south") == group
    assert {member.user_id for member in await tenant.directory.members(group.group_id)} == set(ids)


async def test_all_members_are_read_page_by_page(
    tenant: GraphClient, people: People, emulator: RunningEmulator
) -> None:
    emulator.control("switches", {"directory_page_size": 1})
    members = await tenant.directory.members(people.group_id)
    assert [(member.upn, member.enabled) for member in members] == [
        ("amy@peakshire.example", True),
        ("bob@peakshire.example", True),
    ]


async def test_members_that_are_no_people_are_left_out(graph: ToldGraph, client: GraphClient) -> None:
    kinds = ("user", "group", "device")
    graph.tell(Answer(body={"value": [{"@odata.type": f"#microsoft.graph.{k}", "id": k} for k in kinds]}))
    assert [member.user_id for member in await client.directory.members("g")] == ["user"]


async def test_becoming_a_member_twice_is_being_one(tenant: GraphClient, people: People) -> None:
    for _ in range(2):
        await tenant.directory.add_member(people.group_id, people.eve)
    members = await tenant.directory.members(people.group_id)
    assert [member.user_id for member in members].count(people.eve) == 1


async def test_a_refused_member_who_is_none_is_still_refused(graph: ToldGraph, client: GraphClient) -> None:
    refusal = {"error": {"code": "Request_BadRequest", "message": ""}}
    graph.tell_by(
        lambda asked: Answer(400, refusal) if asked.method == "POST" else Answer(body={"value": [{"id": "amy"}]})
    )
    with pytest.raises(Rejected):
        await client.directory.add_member("g", "eve")
    assert graph.asked[0].path == "/v1.0/groups/g/members/$ref"


async def test_a_name_that_begins_with_a_dollar_is_asked_for_as_a_key(graph: ToldGraph, client: GraphClient) -> None:
    graph.tell(Answer(body={"id": "1"}))
    await client.directory.user("$odd@x.example")
    await client.directory.user("guest_x.example#EXT#@y.example")
    paths = [asked.path.partition("?")[0] for asked in graph.asked]
    assert paths == ["/v1.0/users('%24odd%40x.example')", "/v1.0/users/guest_x.example%23EXT%23@y.example"]
