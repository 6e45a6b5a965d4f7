"""The card at the end of a tasking cycle: one for each level that config names, numbers only."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from service.cycles import close_due_cycles
from tests.escalation.announcing import Hall, open_hall
from tests.peakshire import DAY

pytestmark = pytest.mark.anyio


@pytest.fixture
def hall() -> Iterator[Hall]:
    with open_hall() as opened:
        yield opened


async def test_the_levels_that_config_names_get_one_card_each_with_numbers_of_their_own_units(hall: Hall) -> None:
    desk = hall.desk
    desk.raised(title="Stop bricks")
    desk.raised(unit="PKS")
    force = replace(desk.force, cycle_first_day=date(2026, 10, 12), cycle_report_to=("DIVISION", "FORCE"))
    desk.clock.advance(7 * DAY)
    for _ in range(2):
        close_due_cycles(desk.store, force)
    told = [each for each in await hall.deliver() if "CYCLE" in each[1]]
    assert told == [(channel, "CYCLE ENDED: CYC-2026-11") for channel in ("PKS_DAILY", "DIV_N_DAILY")]
    cards = [json.dumps(each, default=str) for each in hall.poster.handed]
    numbers = {"PKS": 2, "DIV_N": 1}
    for card, (unit, number) in zip(cards, numbers.items(), strict=True):
        assert f"{force.units[unit].name}: {number} tasks carry over." in card
        assert "T-1001" not in card
        assert "bricks" not in card
    assert await hall.deliver() == []
