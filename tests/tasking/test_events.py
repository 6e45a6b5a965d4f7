"""Events go into the outbox as plain strings and come out the same; they carry ids and nothing that people wrote."""

import json
from dataclasses import fields

import pytest

from tasking import events
from tasking.events import EVENTS, Event, event_from


@pytest.mark.parametrize("kind", EVENTS.values(), ids=lambda kind: kind.name)
def test_every_event_comes_out_of_the_outbox_as_it_went_in(kind: type[Event]) -> None:
    event = kind(**{each.name: f"id of {each.name}" for each in fields(kind)})
    assert event_from(event.name, json.loads(json.dumps(event.payload()))) == event


def test_every_event_there_is_can_be_read_back_by_a_name_of_its_own() -> None:
    kinds = {kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)}
    assert set(EVENTS.values()) == kinds - {Event}
    assert {name: kind.name for name, kind in EVENTS.items()} == {name: name for name in EVENTS}


def test_events_carry_only_ids_and_codes() -> None:
    assert {each.name for kind in EVENTS.values() for each in fields(kind)} == {
        "inbox_id",
        "task_id",
        "escalation_id",
        "decision_id",
        "pack_id",
        "hop",
        "trigger",
        "channel",
        "unit",
        "slot",
        "day",
        "cycle",
        "meeting",
        "plan_id",
        "version",
    }, "ids, codes, numbers and days, and nothing that a person wrote"


def test_a_name_that_no_event_has_is_refused() -> None:
    with pytest.raises(KeyError, match="TaskEaten"):
        event_from("TaskEaten", {"task_id": "1"})
