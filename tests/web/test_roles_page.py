"""The page of roles: the force's names beside those of the guidance, and nobody's own name."""

import html
import re

from tab_world import World


def rows(page: str) -> list[list[str]]:
    """The cells of every row of every table, as text."""
    found = re.findall(r'<tr class="govuk-table__row">(.*?)</tr>', page, re.DOTALL)
    return [
        [html.unescape(re.sub(r"<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in found
    ]


def test_chairs_deputies_and_managers_of_each_meeting_and_level_stand_beside_their_names_in_the_guidance(
    world: World,
) -> None:
    page = world.visitor("dee", "TaskingOfficer.HP").get("/roles").text
    force = world.service.force
    meeting = next(each for each in force.meetings if each.code == "HP_DAILY")
    shown = rows(page)
    unit = force.units[meeting.unit].name
    assert [meeting.name, unit, "Chair", meeting.chair_role] in shown
    assert all([meeting.name, unit, "Deputy chair", role] in shown for role in meeting.deputy_roles)
    assert all([level.name, "", "Action manager", level.action_manager_role] in shown for level in force.levels)
    assert "No control strategy is in force" in page


def test_partners_are_not_shown_who_manages_police_tasking(world: World) -> None:
    assert world.visitor("pat", "Partner.HP").get("/roles").status_code == 403
