"""Setting up a channel's tab in Teams, and what the tab says about itself."""

import re

import pytest
from tab_world import URL, World


def offered(page: str) -> list[str]:
    return re.findall(r'name="page" type="radio" value="([^"]+)"', page)


@pytest.mark.parametrize(
    ("role", "pages"),
    [
        ("TaskingOfficer.HP", ["/", "/inbox", "/meetings", "/register"]),
        ("Coordinator.HP", ["/", "/meetings", "/register"]),
        ("Requester", ["/"]),
    ],
)
def test_a_channel_may_show_what_the_role_of_whoever_sets_it_up_opens(
    world: World, role: str, pages: list[str]
) -> None:
    visitor = world.visitor("dee", role)
    page = visitor.get("/teams/configure")
    assert offered(page.text) == pages
    assert f'data-address="{URL}"' in page.text
    assert [visitor.get(path).status_code for path in pages] == [200] * len(pages)


def test_its_script_is_a_file_of_ours(world: World) -> None:
    visitor = world.visitor("dee", "Requester")
    (script,) = re.findall(r'<script src="([^"]+)"', visitor.get("/teams/configure").text)
    answer = visitor.get(script.removeprefix("/api/tab"))
    assert answer.status_code == 200
    assert "setConfig" in answer.text


def test_the_theme_that_teams_writes_into_the_address_is_followed_and_a_placeholder_left_as_it_is_does_no_harm(
    world: World,
) -> None:
    visitor = world.visitor("dee", "Requester")
    assert "data-theme" not in visitor.get("/?theme={app.theme}").text
    assert 'data-theme="dark"' in visitor.get("/?theme=dark").text


def test_it_says_what_it_keeps_of_people_to_those_who_are_signed_in(world: World) -> None:
    assert "What it keeps of you" in world.visitor("dee", "Requester").get("/about").text
    assert "What it keeps of you" not in world.stranger().get("/about").text
