"""Signing in and out by the emulator's real sign-in."""

from tab_world import World, path_of


def test_a_person_signs_in_in_a_browser_and_lands_where_they_wanted_to_go(world: World) -> None:
    upn = world.person("ann", "TaskingOfficer.HP")
    visitor = world.stranger()
    answer = visitor.sign_in(upn, "/kept")
    assert (answer.status_code, path_of(answer)) == (303, "/kept")
    page = visitor.get("/")
    assert page.status_code == 200, page.text
    assert "Ann" in page.text
    assert "Tasking officer" in page.text
