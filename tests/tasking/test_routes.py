"""The routes up and down are those that the policy and the levels make: nothing climbs or returns by another."""

from pathlib import Path

import pytest

from service.force_config import load_force
from service.policy_config import load_policy
from tasking.routes import Route, routes
from tasking.triggers import CHASES, CONDITIONS, TRIGGERS
from tests.tasking.deciding_force import deciding_force, deciding_policy

CONFIG = Path(__file__).parents[2] / "config"
FORCE, _ = load_force(CONFIG)
FOUND = routes(FORCE, load_policy(CONFIG, FORCE))


def of(reason: str, from_level: str) -> tuple[Route, ...]:
    return tuple(route for route in FOUND if (route.reason, route.from_level) == (reason, from_level))


def test_every_reason_that_sends_a_task_up_has_a_route_from_each_level_below_and_what_only_chases_has_none() -> None:
    only_chases = set(CHASES) - set(CONDITIONS)
    assert {route.reason for route in FOUND if route.direction == "up"} == set(TRIGGERS) - only_chases
    assert not [route for route in FOUND if route.direction == "up" and route.from_level == "Force"]


@pytest.mark.parametrize(
    ("reason", "from_level", "to_levels"),
    [
        ("BEYOND_RESOURCES", "Section", ["Division"]),
        ("BEYOND_RESOURCES", "Division", ["Force"]),
        ("MISSING_HIGH", "Section", ["Force"]),
        ("REPEAT", "Section", ["Division"]),
        ("REPEAT", "Division", []),
        ("CROSS_BORDER", "Section", ["Division", "Force"]),
        ("DE_ESCALATE", "Division", ["Section"]),
        ("DE_ESCALATE", "Section", []),
    ],
)
def test_a_route_leads_to_the_level_that_the_rule_names(reason: str, from_level: str, to_levels: list[str]) -> None:
    assert [route.to_level for route in of(reason, from_level)] == to_levels


def test_a_route_says_what_has_to_be_said_who_agrees_who_decides_and_by_when() -> None:
    (route,) = of("BEYOND_RESOURCES", "Section")
    assert route.needs == "the reason, what is asked for, how many, hours, from and until when, what was tried"
    assert "Duty Inspector" in route.agrees
    assert "Tasking Sergeant" in route.agrees
    assert route.decides == (
        "chair (Divisional Chief Inspector, Chief Superintendent); between meetings "
        "Duty Superintendent, then Divisional Chief Inspector, then Chief Superintendent"
    )
    assert route.by_when == "Immediate: 1 hour; Priority: 4 hours; Scheduled, Routine: next meeting"
    (blocked,) = of("PARTNER_BLOCKED", "Section")
    assert blocked.by_when == "2 working days"
    (at_once,) = of("MISSING_HIGH", "Section")
    assert (at_once.agrees, at_once.by_when) == ("nobody has to", "1 hour")


def test_the_way_down_is_decided_above_on_conditions_and_accepted_below() -> None:
    (route,) = of("DE_ESCALATE", "Division")
    assert route.needs == "conditions, what risk remains, who takes it over"
    assert route.agrees == "the named receiver accepts it"
    assert "Duty Superintendent" in route.decides


def test_a_rule_that_the_policy_leaves_out_makes_no_route() -> None:
    found = routes(deciding_force(), deciding_policy())
    assert not [route for route in found if route.reason == "NOT_WORKING"]
    assert [route.to_level for route in found if route.reason == "TENSION_CONFIDENCE"] == ["Division", "Force"]
