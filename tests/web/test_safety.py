"""The headers of every answer, and that pages bring nothing of other hosts and no script of their own."""

import re

import pytest
from built_service import PROJECT
from tab_world import URL, World

from service.settings import TEAMS, BadSettings, Settings

PLACES = ("/", "/sign-in", "/sign-in/start", "/nowhere", "/static/tab.css", "/tasks/T-1001")


def directives(header: str) -> dict[str, str]:
    """A content security policy by directive."""
    return {part.split()[0]: " ".join(part.split()[1:]) for part in header.split("; ")}


@pytest.mark.parametrize("path", PLACES)
def test_every_answer_has_the_headers_that_keep_it_safe(world: World, path: str) -> None:
    answer = world.stranger().get(path)
    policy = directives(answer.headers["content-security-policy"])
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == TEAMS
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"
    assert "unsafe" not in str(policy)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert ("no-store" in answer.headers["cache-control"]) is not path.startswith("/static/")


def test_frames_are_teams_own_unless_the_force_says_otherwise(world: World) -> None:
    with world.at(URL, tab_frame_ancestors="https://intranet.force.example") as other:
        policy = directives(other.stranger().get("/").headers["content-security-policy"])
    assert policy["frame-ancestors"] == "https://intranet.force.example"


@pytest.mark.parametrize("value", ["*", "https://a.example; script-src *", "https://a.example, *"])
def test_a_setting_cannot_widen_the_policy(value: str) -> None:
    with pytest.raises(BadSettings, match="TASKING_TAB_FRAME_ANCESTORS"):
        Settings.read({"TASKING_DATABASE_URL": "sqlite://", "TASKING_TAB_FRAME_ANCESTORS": value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TASKING_TAB_URL", "http://tasking.force.example/api/tab"),
        ("TASKING_TAB_URL", "https://tasking.force.example/elsewhere"),
        ("TASKING_TAB_AUTHORITY", "http://login.microsoftonline.com/tenant"),
        ("TASKING_TAB_AUTHORITY", "https://login.microsoftonline.com/common"),
        ("TASKING_TAB_AUTHORITY", "https://login.microsoftonline.com/organizations/"),
        ("TASKING_TAB_AUTHORITY", "https://login.microsoftonline.com"),
    ],
)
def test_a_tab_that_cannot_be_safe_is_not_started(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        Settings.read({"TASKING_DATABASE_URL": "sqlite://", name: value})


def test_over_https_the_browser_is_told_to_stay_there(world: World) -> None:
    assert "strict-transport-security" not in world.stranger().get("/").headers
    with world.at("https://tasking.force.example/api/tab") as secure:
        answer = secure.stranger().get("https://tasking.force.example/api/tab/")
    assert "max-age" in answer.headers["strict-transport-security"]


def test_pages_have_no_script_or_style_of_their_own_and_ask_no_other_host() -> None:
    for path in sorted((PROJECT / "web" / "templates").glob("*.html")):
        page = path.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script>", page), path.name
        assert not re.search(r"(src|href|action)=\"(https?:)?//", page), path.name
        assert "| safe" not in page, path.name
    for path in sorted((PROJECT / "web" / "static").glob("*.css")):
        assert not re.search(r"url\(|@import|@font-face", path.read_text("utf-8")), path.name


def test_errors_are_plain_pages(world: World) -> None:
    visitor = world.visitor("ann", "Auditor")
    assert [visitor.get(path).status_code for path in ("/nowhere", "/tasks/T-1", "/tasks/%00")] == [404, 404, 404]
    assert visitor.post("/tasks/T-1001").status_code == 405
    assert "There is no such page" in visitor.get("/nowhere").text
    assert visitor.get("/static/../../service/settings.py").status_code == 404


def test_while_something_is_wrong_every_page_says_so_and_leads_the_operator_to_it(world: World) -> None:
    from store import notebook

    with world.service.store.open() as connection:
        notebook.raise_notice(connection, "graph", "Graph does not answer.", world.service.store.clock.now())
    officer, operator = world.visitor("ann", "TaskingOfficer.HP"), world.visitor("ben", "Operator")
    assert "Something is not working" in officer.get("/").text
    assert "Trouble with: graph." in officer.get("/").text
    assert "See the operator page" not in officer.get("/").text
    assert "See the operator page" in operator.get("/").text
    assert "Something is not working" not in world.stranger().get("/sign-in").text


def test_the_theme_that_teams_names_stays_for_the_session(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    assert "data-theme" not in visitor.get("/").text
    assert 'data-theme="contrast"' in visitor.get("/?theme=contrast").text
    assert 'data-theme="contrast"' in visitor.get("/").text
    assert 'data-theme="contrast"' in visitor.get('/?theme="><script>').text


def test_without_its_settings_there_is_no_tab_and_the_rest_goes_on(world: World) -> None:
    with world.at("") as without:
        answer = without.stranger().get("/")
        assert answer.status_code == 404
        assert "docs/settings.md" in answer.text
        assert without.stranger().get("http://127.0.0.1:7071/api/health").status_code == 200
