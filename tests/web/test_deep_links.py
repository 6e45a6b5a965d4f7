"""A link of a card into Teams lands on its task, after sign-in where that is needed, and never anywhere else."""

import json
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from tab_world import TAB_ID, URL, World, path_of

from service.record_links import record_url
from service.settings import BadSettings, Settings
from service.teams_package import manifest

APP = "0a1b2c3d-0000-4000-8000-00000000abcd"
ASB = "ASB_NEIGHBOURHOOD"


def settings(**more: str) -> Settings:
    told = {"TASKING_DATABASE_URL": "sqlite://", "TASKING_TAB_URL": URL, "TASKING_TAB_CLIENT_ID": TAB_ID, **more}
    return Settings.read(told)


def opened_by_teams(link: str, world: World) -> str:
    """What Teams opens in the tab for a deep link: the manifest's address with the page of the link filled in."""
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "teams.microsoft.com", f"/l/entity/{APP}/tasking")
    asked = parse_qs(parts.query, strict_parsing=True)
    page = json.loads(asked["context"][0])["subEntityId"]
    made = manifest(settings(TASKING_TEAMS_APP_ID=APP), world.service.force)
    assert made["id"] == APP
    content = str(made["staticTabs"][0]["contentUrl"])
    return content.replace("{app.theme}", "dark").replace("{page.subPageId}", quote(page, safe=""))


def test_a_cards_link_opens_the_task_in_teams_and_after_sign_in(world: World) -> None:
    task = world.desk.raised(pillar=ASB, title="Bricks at traffic")
    link = record_url(settings(TASKING_TEAMS_APP_ID=APP)).format(reference=task.reference)
    assert parse_qs(urlsplit(link).query)["webUrl"] == [f"{URL}/tasks/{task.reference}"]
    address = opened_by_teams(link, world)
    stranger = world.stranger()
    assert stranger.get(address).status_code == 401
    begun = stranger.get(address, sec_fetch_dest="document")
    back = stranger.get(path_of(begun) + "?" + urlsplit(begun.headers["location"]).query)
    landed = stranger.get(world.answer_to(back, world.person("dee", "TaskingOfficer.HP")))
    first = stranger.get(f"{URL.removesuffix('/api/tab')}{landed.headers['location']}")
    assert (first.status_code, path_of(first)) == (303, f"/tasks/{task.reference}")
    page = stranger.get(path_of(first)).text
    assert "Bricks at traffic" in page
    assert 'data-theme="dark"' in page


@pytest.mark.parametrize(
    "told",
    [
        "https://evil.example/tasks/T-1001",
        "//evil.example",
        "//evil.example/tasks/T-1001",
        "/\\evil.example",
        "javascript:alert(1)",
        "tasks/T-1001",
        "/tasks/T-1001/../../../x",
        "/tasks/T-1001\r\nset-cookie: a=b",
        "/tasks/T-1001?next=x",
        "/sign-out",
        "/operator/replay",
        "/board/views",
        "/nowhere",
        "/tasks/" + "x" * 300,
        "{page.subPageId}",
        "",
    ],
)
def test_what_is_no_page_of_the_tab_leads_nowhere(world: World, told: str) -> None:
    answer = world.visitor("dee", "TaskingOfficer.HP").get(f"/?open={quote(told, safe='')}")
    assert answer.status_code == 200
    assert "My work" in answer.text


def test_a_meeting_with_a_space_in_its_reference_is_landed_on(world: World) -> None:
    visitor = world.visitor("dee", "Chair.HP")
    answer = visitor.get(f"/?open={quote('/meetings/HP_DAILY 2026-11-03', safe='')}")
    assert answer.headers["location"] == "/api/tab/meetings/HP_DAILY%202026-11-03"
    assert visitor.get(path_of(answer)).status_code == 200


def test_a_task_that_is_not_for_them_is_not_found_by_a_link_either(world: World) -> None:
    task = world.desk.raised(pillar="DOMESTIC_ABUSE_VAWG")
    visitor = world.visitor("dee", "TaskingOfficer.HP")
    assert visitor.get(path_of(visitor.get(f"/?open=/tasks/{task.reference}"))).status_code == 404


def test_without_the_apps_id_links_are_plain(world: World) -> None:
    task = world.desk.raised(pillar=ASB)
    plain = f"{URL}/tasks/{{reference}}"
    assert record_url(settings(TASKING_RECORD_URL=plain)) == plain
    assert record_url(settings()) == ""
    page = world.visitor("dee", "TaskingOfficer.HP").get(f"/tasks/{task.reference}").text
    assert f'href="{URL}/tasks/{task.reference}"' in page
    with world.at(URL, teams_app_id=APP) as other:
        page = other.visitor("eve", "TaskingOfficer.HP").get(f"/tasks/{task.reference}").text
        assert f"https://teams.microsoft.com/l/entity/{APP}/tasking?webUrl=" in page


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"TASKING_TEAMS_APP_ID": "tasking"}, "TASKING_TEAMS_APP_ID: must be the id of the app in Teams, a GUID"),
        ({"TASKING_TEAMS_APP_ID": APP, "TASKING_TAB_URL": ""}, "TASKING_TEAMS_APP_ID: needs TASKING_TAB_URL too"),
    ],
)
def test_an_id_that_makes_no_link_is_refused_at_start(variables: dict[str, str], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        settings(**variables)
