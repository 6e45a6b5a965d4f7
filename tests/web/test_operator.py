"""The operator's page: what waits, is held or given up on; putting back, once, by those who may; the banner for all."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tab_world import URL, Visitor, World

from store import board_polls, channel_health, notebook, outbox
from store import inbox as responses
from store.tables import audit_log
from web.operator_page import ago_words

EVENT, HANDLER = "TaskChanged", "planner.update_boards"


def words(page: str) -> str:
    """What a reader reads, without markup."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def given_up(world: World, why: str = "Graph answered 503.") -> int:
    """A delivery that the service gave up on; its number."""
    now = world.service.store.clock.now()
    with world.service.store.open() as connection:
        row = outbox.add(connection, EVENT, HANDLER, {"task_id": "t-1", "unit": ""}, now, "c-1")
        outbox.dead_letter(connection, row, now, why)
    return row


def states(world: World) -> dict[int, str]:
    with world.service.store.open() as connection:
        rows = connection.execute(select(outbox.outbox.c.outbox_id, outbox.outbox.c.state))
        return {row.outbox_id: row.state for row in rows}


def key_of(page: str, which: object) -> dict[str, str]:
    """The hidden fields of the form that puts this one back, or all of them."""
    form = next(each for each in re.findall(r"<form.*?</form>", page, re.S) if f'name="which" value="{which}"' in each)
    return dict(re.findall(r'name="(csrf|form_key|which)" value="([^"]+)"', form))


def put_back_lines(world: World) -> list[tuple[str, str, str]]:
    with world.service.store.open() as connection:
        c = audit_log.c
        query = select(c.actor, c.source, c.object_ref).where(c.action == "delivery put back").order_by(c.object_ref)
        return [(row.actor, row.source, row.object_ref) for row in connection.execute(query)]


@pytest.fixture
def operator(world: World) -> Visitor:
    return world.visitor("ben", "Operator")


def test_it_says_what_was_given_up_and_why_what_is_held_and_how_boards_and_channels_do(
    world: World, operator: Visitor
) -> None:
    row = given_up(world)
    now = world.service.store.clock.now()
    meeting = world.service.force.meetings[0]
    with world.service.store.open() as connection:
        responses.hold(connection, "list", "7", "The form has no question of this name.", {"said": "Secret words"}, now)
        outbox.add(connection, EVENT, HANDLER, {"task_id": "t-2", "unit": ""}, now - timedelta(hours=2), "c-2")
        channel_health.failed(connection, meeting.code, now, "Teams answered 404.")
        notebook.raise_notice(connection, "graph", "Graph does not answer.", now)
    page = operator.get("/operator")
    assert page.status_code == 200
    read = words(page.text)
    for told in (
        "Graph answered 503.",
        "The form has no question of this name.",
        "Graph does not answer.",
        "Teams answered 404.",
        "Deliveries waiting 1",
        "(2 hours ago)",
        "Version of the service 0.1.0",
        "Channel check last got through Never",
        "Northfell Late Never",
        "What was promised waits for 2 hours (1 in all).",
    ):
        assert told in read, told
    assert f"delivery {row}" in read
    assert "Secret words" not in page.text


def test_one_is_put_back_once_although_the_form_is_sent_twice(world: World, operator: Visitor) -> None:
    first, second = given_up(world), given_up(world)
    fields = key_of(operator.get("/operator").text, first)
    answers = [operator.post("/operator/replay", fields) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 409]
    assert states(world) == {first: "PENDING", second: "DEAD"}
    assert put_back_lines(world) == [("ben@peakshire.example", "tab", f"delivery {first}")]
    assert "Put back." in words(operator.get(answers[0].headers["location"].removeprefix("/api/tab")).text)


def test_all_are_put_back_at_once_each_audited_and_told_to_the_work_queue(world: World, operator: Visitor) -> None:
    rows, told = [given_up(world) for _ in range(3)], []
    world.service.store.on_promised = told.extend
    answer = operator.post("/operator/replay", key_of(operator.get("/operator").text, "all"))
    assert answer.status_code == 303
    assert set(states(world).values()) == {"PENDING"}
    assert told == rows
    assert len(put_back_lines(world)) == 3


def test_what_somebody_else_put_back_meanwhile_is_not_put_back_again(world: World, operator: Visitor) -> None:
    row = given_up(world)
    mine, theirs = operator.get("/operator").text, world.visitor("cas", "Operator")
    assert theirs.post("/operator/replay", key_of(theirs.get("/operator").text, row)).status_code == 303
    with world.service.store.open() as connection:
        outbox.settle(connection, [row], world.service.store.clock.now())
    late = operator.post("/operator/replay", key_of(mine, row))
    assert late.status_code == 422
    assert "put back or delivered meanwhile" in late.text
    assert states(world) == {row: "DONE"}
    assert len(put_back_lines(world)) == 1


@pytest.mark.parametrize("which", ["", "1 OR 1=1", "-1", "99999999999999999999", "²"])
def test_nonsense_puts_nothing_back(world: World, operator: Visitor, which: str) -> None:
    row = given_up(world)
    fields = key_of(operator.get("/operator").text, row)
    assert operator.post("/operator/replay", {**fields, "which": which}).status_code == 422
    assert states(world) == {row: "DEAD"}


@pytest.mark.parametrize("role", ["TaskingOfficer.PKS", "Chair.PKS", "Auditor", "Requester", "Partner"])
def test_it_is_closed_to_other_roles_and_putting_back_is_too(world: World, operator: Visitor, role: str) -> None:
    row = given_up(world)
    other = world.visitor("dee", role)
    assert other.get("/operator").status_code == 403
    assert other.send("/operator/replay", other.get("/"), which=str(row)).status_code == 403
    assert "/api/tab/operator" not in other.get("/").text
    assert states(world) == {row: "DEAD"}


def test_a_form_without_this_sessions_csrf_puts_nothing_back(world: World, operator: Visitor) -> None:
    row = given_up(world)
    fields = key_of(operator.get("/operator").text, row)
    assert operator.post("/operator/replay", {**fields, "csrf": "x"}).status_code == 403
    assert states(world) == {row: "DEAD"}


def test_a_script_in_a_reason_is_shown_as_text(world: World, operator: Visitor) -> None:
    given_up(world, "<script>alert(1)</script>")
    page = operator.get("/operator").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("trouble", ["poster", "graph"])
def test_while_graph_or_a_poster_is_down_every_page_of_everybody_says_so(world: World, trouble: str) -> None:
    officer = world.visitor("ann", "TaskingOfficer.HP")
    now, meeting = world.service.store.clock.now(), world.service.force.meetings[0]
    with world.service.store.open() as connection:
        if trouble == "poster":
            channel_health.failed(connection, meeting.code, now, "Teams answered 404.")
        else:
            notebook.raise_notice(connection, "graph", "Graph does not answer.", now)
    told = {"poster": f"Cards do not get through to: {meeting.channel}.", "graph": "Trouble with: graph."}[trouble]
    world.desk.clock.advance(timedelta(seconds=16))
    for path in ("/", "/inbox", "/mine", "/meetings", "/register"):
        page = officer.get(path).text
        assert "Something is not working" in page, path
        assert told in words(page), path
        assert f'href="{URL}/operator"' not in page
        assert "See the operator page" not in page


def test_a_response_that_waits_for_a_person_is_no_fault_of_the_service(world: World) -> None:
    now = world.service.store.clock.now()
    with world.service.store.open() as connection:
        for unit in world.service.force.every_board:
            notebook.provision(connection, "plan", unit, f"plan-{unit}", {}, now)
            board_polls.claim_all(connection, [f"plan-{unit}"], now)
            board_polls.schedule(connection, f"plan-{unit}", now, now, 0, None, read_at=now)
        responses.hold(connection, "list", "7", "The form has no question of this name.", {}, now)
    operator = world.visitor("ben", "Operator")
    assert "Something is not working" not in operator.get("/").text
    assert "1 response could not be understood" in words(operator.get("/operator").text)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "just now"), (60, "1 minute ago"), (3599, "59 minutes ago"), (3600, "1 hour ago"), (7200, "2 hours ago")],
)
def test_how_long_ago_is_said_in_minutes_below_an_hour(seconds: int, said: str) -> None:
    now = datetime(2026, 11, 2, 9, tzinfo=UTC)
    assert ago_words(now - timedelta(seconds=seconds), now) == said
