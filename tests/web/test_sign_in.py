"""Signing in and out by the emulator's real sign-in."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from built_service import clock_of
from sqlalchemy import func, select, text
from tab_world import URL, World, path_of

from store.tab_tables import web_sessions
from store.tables import audit_log
from web.sessions import IDLE, WHOLE

MINUTE = timedelta(minutes=1)


def sign_ins(world: World) -> list[tuple[str, str]]:
    """What the audit log says of signing in, oldest first."""
    query = select(audit_log).where(audit_log.c.kind == "SIGN_IN").order_by(audit_log.c.number)
    with world.service.store.open() as connection:
        return [(row["actor"], row["action"]) for row in connection.execute(query).mappings()]


def test_a_person_signs_in_in_a_browser_and_lands_where_they_wanted_to_go(world: World) -> None:
    upn = world.person("ann", "TaskingOfficer.HP")
    visitor = world.stranger()
    answer = visitor.sign_in(upn, "/kept")
    assert (answer.status_code, path_of(answer)) == (303, "/kept")
    page = visitor.get("/")
    assert page.status_code == 200
    assert "Ann" in page.text
    assert "Tasking officer" in page.text


def test_the_code_flow_proves_itself_with_pkce_and_a_nonce(world: World) -> None:
    asked = parse_qs(urlsplit(world.stranger().get("/sign-in/start").headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [f"{URL}/signed-in"]
    assert {"code_challenge", "nonce", "state"} <= asked.keys()
    assert "offline_access" not in asked["scope"][0].split()


def test_a_page_asks_who_is_there_and_a_browsers_own_window_goes_straight_to_sign_in(world: World) -> None:
    in_a_frame = world.stranger().get("/tasks/T-1001", Sec_Fetch_Dest="iframe")
    assert in_a_frame.status_code == 401
    assert "next=%2Ftasks%2FT-1001" in in_a_frame.text
    in_a_window = world.stranger().get("/tasks/T-1001", Sec_Fetch_Dest="document")
    assert (in_a_window.status_code, path_of(in_a_window)) == (303, "/sign-in/start")


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "\\\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_to_another_site(world: World, wanted: str) -> None:
    upn = world.person("ann", "TaskingOfficer.HP")
    address = world.stranger().sign_in(upn, wanted).headers["location"]
    assert address.startswith("/api/tab/")
    assert urlsplit(address).netloc == ""


def test_the_session_gets_a_new_key_when_somebody_signs_in(world: World) -> None:
    upn = world.person("ann", "TaskingOfficer.HP")
    visitor = world.stranger()
    visitor.get("/sign-in/start")
    before = dict(visitor.cookies)
    visitor.sign_in(upn)
    assert visitor.cookies["tasking"] != before["tasking"]


def test_the_answer_to_a_sign_in_works_once_and_only_in_the_browser_that_began_it(world: World) -> None:
    upn = world.person("ann", "TaskingOfficer.HP")
    begun, thief = world.stranger(), world.stranger()
    thief.get("/sign-in/start")
    begun.upn = upn
    answered = world.answer_to(begun.get("/sign-in/start"), upn)
    assert thief.get(answered).status_code == 401
    assert begun.get(answered).status_code == 303
    assert begun.get(answered).status_code == 401


def test_a_sign_in_that_takes_too_long_begins_again(world: World) -> None:
    upn = world.person("ann", "TaskingOfficer.HP")
    visitor = world.stranger()
    answered = world.answer_to(visitor.get("/sign-in/start"), upn)
    clock_of(world.service).advance(15 * MINUTE)
    assert visitor.get(answered).status_code == 401


def test_somebody_without_a_role_is_told_so_and_it_is_audited(world: World) -> None:
    upn = world.person("ann")
    answer = world.stranger().sign_in(upn)
    assert answer.status_code == 401
    assert "You have no role in tasking yet" in answer.text
    assert sign_ins(world) == [(upn, "sign-in refused")]


def test_a_role_that_the_table_does_not_know_opens_nothing(world: World) -> None:
    world.secure.register("5c1d3c0e-9f6a-4f0e-8a53-5a3a4f6f0b11", app_roles=["Admin", "Chair.NOWHERE"])
    upn = world.person("ann", "Admin", "Chair.NOWHERE")
    assert "You have no role in tasking yet" in world.stranger().sign_in(upn).text


def test_signing_in_and_out_is_audited_and_the_key_opens_nothing_afterwards(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    page, key = visitor.get("/"), dict(visitor.cookies)
    answer = visitor.send("/sign-out", page)
    assert (answer.status_code, path_of(answer)) == (303, "/signed-out")
    assert "sign out of Microsoft as well" in visitor.get("/signed-out").text
    visitor.cookies = key
    assert visitor.get("/").status_code == 401
    assert sign_ins(world) == [(visitor.upn, "signed in in a browser"), (visitor.upn, "signed out")]


def test_signing_out_needs_the_sessions_own_form(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    assert visitor.post("/sign-out", {"csrf": "guessed", "form_key": "x" * 32}).status_code == 403
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize(("away", "status"), [(IDLE - MINUTE, 200), (IDLE, 401)])
def test_a_session_ends_when_it_is_left_alone(world: World, away: timedelta, status: int) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    clock_of(world.service).advance(away)
    assert visitor.get("/").status_code == status


def test_a_session_ends_after_a_tour_of_duty_however_busy_it_is(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    steps = int(WHOLE / (IDLE - MINUTE)) + 1
    seen = []
    for _ in range(steps):
        clock_of(world.service).advance(IDLE - MINUTE)
        seen.append(visitor.get("/").status_code)
    assert seen == [200] * (steps - 1) + [401]


def test_the_record_keeps_no_key_of_a_session_and_sessions_do_not_pile_up(world: World) -> None:
    visitor = world.visitor("ann", "TaskingOfficer.HP")
    with world.service.store.open() as connection:
        whole = str(connection.execute(text("SELECT * FROM web_sessions")).all())
    assert visitor.cookies["tasking"] not in whole
    clock_of(world.service).advance(timedelta(days=4))
    world.visitor("ben", "TaskingOfficer.HP")
    with world.service.store.open() as connection:
        assert connection.execute(select(func.count()).select_from(web_sessions)).scalar() == 1


def test_the_cookie_is_the_servers_alone_and_over_https_for_frames_of_teams_too(world: World) -> None:
    assert (
        world.stranger().get("/sign-in/start").headers["set-cookie"].endswith("; Path=/api/tab; HttpOnly; SameSite=Lax")
    )
    with world.at("https://tasking.force.example/api/tab") as secure:
        cookie = secure.stranger().get("https://tasking.force.example/api/tab/sign-in/start").headers["set-cookie"]
    assert cookie.startswith("__Secure-tasking=")
    assert cookie.endswith("; Path=/api/tab; HttpOnly; SameSite=None; Secure; Partitioned")
