"""What people send: only from a page of their own session, once, bounded, and never lost."""

import httpx
import pytest
from built_service import clock_of
from sqlalchemy import func, select
from starlette.responses import Response
from tab_world import HIDDEN, World, path_of

from store.tables import audit_log
from tasking.errors import RuleBroken, StaleTask
from tasking.rights import Right
from web.forms import MOST_BYTES
from web.sessions import IDLE
from web.visit import Page, Visit

DID = "note of a test"
KINDS = {"fine": "Fine", "other": "Other"}


async def note(visit: Visit) -> Response:
    """A page that does something: it notes a text, with the rules that a test asks for."""
    text = visit.form.text("text", "Note", needed=True, most=100)
    visit.form.choice("kind", "Kind", KINDS, needed=False)
    if visit.form.faults:
        return visit.again("note_of_a_test.html", kinds=KINDS)
    with visit.acting() as uow:
        uow.audit(DID, "T-1001", {})
        if text == "broken":
            raise RuleBroken("That is against a rule.")
        if text == "stale":
            raise StaleTask("T-1001")
        if text == "unforeseen":
            raise ZeroDivisionError("secret of the inside")
    return visit.go("/", "done")


@pytest.fixture(autouse=True)
def _page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from jinja2 import ChoiceLoader, DictLoader

    from web.rendering import environment

    template = (
        '{% extends "base.html" %}{% block title %}Note{% endblock %}{% block main %}'
        '{% call ui.form("/note") %}{{ ui.text_area("text", "Note", hint="No names") }}'
        '{{ ui.select("kind", "Kind", [{"value": "fine", "text": "Fine"}]) }}{% endcall %}{% endblock %}'
    )
    loader = environment().loader
    assert loader is not None
    monkeypatch.setattr(environment(), "loader", ChoiceLoader([loader, DictLoader({"note_of_a_test.html": template})]))
    world.with_pages(Page("/note", Right.NOTE, note, methods=("POST",)))


def done(world: World) -> int:
    """How often the page had its effect."""
    query = select(func.count()).select_from(audit_log).where(audit_log.c.action == DID)
    with world.service.store.open() as connection:
        return int(connection.execute(query).scalar_one())


def hidden(page: httpx.Response) -> dict[str, str]:
    """What a page's first form carries by itself."""
    return dict(reversed(HIDDEN.findall(page.text)))


def test_a_form_has_its_effect_and_says_so(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    answer = visitor.send("/note", visitor.get("/"), text="Patrol")
    assert (answer.status_code, answer.headers["location"]) == (303, "/api/tab/?said=done")
    assert done(world) == 1
    assert "It stands on the record" in visitor.get("/?said=done").text
    assert "anything" not in visitor.get("/?said=anything").text


@pytest.mark.parametrize("csrf", ["", "guessed", "é"])
def test_a_form_without_the_sessions_mark_does_nothing(world: World, csrf: str) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    fields = hidden(visitor.get("/")) | {"text": "Patrol", "csrf": csrf}
    assert visitor.post("/note", fields).status_code == 403
    assert done(world) == 0


def test_the_mark_of_another_session_does_nothing(world: World) -> None:
    ann, ben = world.visitor("ann", "TaskingOfficer.HP"), world.visitor("ben", "TaskingOfficer.HP")
    assert ann.post("/note", hidden(ben.get("/")) | {"text": "Patrol"}).status_code == 403
    assert done(world) == 0


def test_a_form_without_a_key_of_its_own_does_nothing(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    fields = hidden(visitor.get("/")) | {"text": "Patrol", "form_key": ""}
    assert visitor.post("/note", fields).status_code == 403
    assert done(world) == 0


def test_a_form_sent_twice_has_one_effect_and_the_second_time_says_so(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    page = visitor.get("/")
    answers = [visitor.send("/note", page, text="Patrol") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 409, 409]
    assert "It had its effect once and was not done again" in answers[1].text
    assert "It came in on Mon 2 Nov 08:30" in answers[1].text
    assert done(world) == 1


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("broken", 422, "That is against a rule."),
        ("stale", 409, "Somebody else changed this meanwhile"),
        ("unforeseen", 500, "Something went wrong here"),
    ],
)
def test_what_goes_wrong_is_told_plainly_and_the_form_may_be_sent_again(
    world: World, text: str, status: int, words: str
) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    page = visitor.get("/")
    answer = visitor.send("/note", page, text=text)
    assert answer.status_code == status
    assert words in answer.text
    assert "secret of the inside" not in answer.text
    assert "Traceback" not in answer.text
    assert done(world) == 0
    assert visitor.send("/note", page, text="Patrol").status_code == 303


def test_a_form_with_faults_comes_back_with_what_was_typed_and_a_sentence_for_each(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    answer = visitor.send("/note", visitor.get("/"), text="é<" * 60, kind="unknown")
    assert answer.status_code == 422
    assert "Note: 120 characters are too many, 100 is the most." in answer.text
    assert "Kind: choose one of the answers." in answer.text
    assert "é&lt;" * 60 in answer.text
    assert 'href="#text"' in answer.text
    assert 'aria-describedby="text-hint text-error-1"' in answer.text
    assert "<title>Error: Note" in answer.text
    assert done(world) == 0


def test_more_than_any_form_holds_is_refused_before_it_is_read(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    page = visitor.get("/")
    assert visitor.send("/note", page, text="x" * MOST_BYTES).status_code == 413
    assert visitor.post("/note", hidden(page) | {f"f{n}": "1" for n in range(300)}).status_code == 403
    assert visitor.post("/note", hidden(page), Content_Type="text/plain").status_code == 403
    assert done(world) == 0


def test_a_right_is_needed_to_send_a_form_as_to_see_a_page(world: World) -> None:
    visitor = world.visitor("ann", "Auditor")
    answer = visitor.send("/note", visitor.get("/"), text="Patrol")
    assert answer.status_code == 403
    assert "Your role does not open this page." in answer.text
    assert done(world) == 0


def test_a_form_sent_after_the_session_ended_is_kept_for_who_typed_it_and_sent_once(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    page = visitor.get("/")
    clock_of(world.service).advance(IDLE)
    answer = visitor.send("/note", page, text="Patrol <b>until</b> two")
    assert answer.status_code == 401
    assert "What you typed is kept" in answer.text
    assert path_of(visitor.sign_in(visitor.upn)) == "/kept"
    kept = visitor.get("/kept")
    assert "Patrol &lt;b&gt;until&lt;/b&gt; two" in kept.text
    fields = dict(HIDDEN.findall(kept.text)) | {"text": "Patrol until two"}
    assert visitor.post("/note", fields).status_code == 303
    assert visitor.get("/kept").status_code == 303, "once sent, it is let go of"
    assert visitor.post("/note", fields).status_code == 409
    assert done(world) == 1


def test_a_kept_form_comes_back_through_teams_too(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    page = visitor.get("/")
    clock_of(world.service).advance(IDLE)
    visitor.send("/note", page, text="Patrol")
    answer = visitor.post("/sso", Authorization=f"Bearer {world.sso_token(visitor.upn)}")
    assert answer.json() == {"next": "/api/tab/kept"}
    assert "Patrol" in visitor.get("/kept").text


def test_a_kept_form_is_not_shown_to_somebody_else_on_the_same_machine(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    other = world.person("ben", "TaskingOfficer.HP")
    page = visitor.get("/")
    clock_of(world.service).advance(IDLE)
    visitor.send("/note", page, text="Patrol")
    assert path_of(visitor.sign_in(other)) == "/"
    assert "Patrol" not in visitor.get("/kept").text


def test_a_form_that_another_site_sends_is_not_kept(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    clock_of(world.service).advance(IDLE)
    assert visitor.post("/note", {"csrf": "guessed", "form_key": "x" * 32, "text": "Evil"}).status_code == 403
    assert world.stranger().post("/note", {"text": "Evil"}).status_code == 403
