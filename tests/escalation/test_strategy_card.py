"""The card about a new control strategy points to it, once in each channel, and says nothing of what it holds."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from service.publishing import publish_strategy
from tasking.errors import RuleBroken
from tests.escalation.announcing import Hall, open_hall
from tests.tasking.strategic_force import a_strategy

pytestmark = pytest.mark.anyio


@pytest.fixture
def hall() -> Iterator[Hall]:
    with open_hall() as opened:
        yield opened


async def test_each_units_channel_gets_one_card_for_each_version_that_names_codes_only(hall: Hall) -> None:
    with hall.desk.act() as uow:
        uow.add_control_strategy(replace(a_strategy(), version=1, decision_ref="DEC-2026-000001"))
    publish_strategy(hall.desk.store, hall.desk.force, "dcc@peakshire.example")
    told = await hall.deliver()
    assert [channel for channel, _ in told] == ["PKS_DAILY", "DIV_N_DAILY", "HP_DAILY", "DD_DAILY"]
    assert {banner for _, banner in told} == {"CONTROL STRATEGY: version 1 is published"}
    with pytest.raises(RuleBroken, match="published already"):
        publish_strategy(hall.desk.store, hall.desk.force, "dcc@peakshire.example")
    assert await hall.deliver() == []
    words = json.dumps(hall.poster.handed, default=str)
    assert "CS1, CS2" in words
    assert "violence" not in words
    assert "knives" not in words
