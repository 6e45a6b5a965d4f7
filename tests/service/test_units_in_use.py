"""The service does not start with a force that has lost a unit where open tasks stand, their own or one above."""

from dataclasses import replace

import pytest

from service import wiring
from service.settings import BadSettings
from tests.peakshire import open_desk


@pytest.mark.parametrize("gone", ["HP", "DIV_N"])
def test_a_unit_where_open_tasks_stand_cannot_be_dropped(gone: str) -> None:
    with open_desk() as desk:
        desk.escalated(desk.raised())
        force = replace(desk.force, units={code: unit for code, unit in desk.force.units.items() if code != gone})
        wiring._check_units(desk.store, desk.force)
        with pytest.raises(BadSettings, match=f"has no unit {gone} any more, but 1 open tasks stand there"):
            wiring._check_units(desk.store, force)
