"""The raise form offers the priorities of the control strategy in force, and asks for one only while there is one."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from built_service import built_service

from forms_ingest.response_body import parse_body
from service.wiring import Service
from store import inbox, tasks
from tasking.clocks import LONDON
from tasking.force import TRIAGE
from tasking.task import Task
from tests.tasking.strategic_force import a_strategy

SAMPLE = Path(__file__).parent / "samples" / "raise_task.json"
CONTROLLED = "Yes, a control strategy priority"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service on an empty record."""
    with built_service(tmp_path) as built:
        yield built


def set_strategy(service: Service) -> None:
    """Version 1 in force today."""
    today = service.store.clock.now().astimezone(LONDON).date()
    with service.store.act("chair", "test", "c-1") as uow:
        made = replace(a_strategy(in_force_from=today), version=1, decision_ref="DEC-2026-000001")
        uow.add_control_strategy(made)


def raised(service: Service, **answers: str) -> Task:
    """What comes of the sample response with these answers, by field."""
    form = service.forms["raise_task"]
    keys = {each.field: each.key for each in form.questions}
    body: dict[str, Any] = json.loads(SAMPLE.read_text("utf-8"))["flow"]
    body |= {keys[field]: answer for field, answer in answers.items()}
    arrival = parse_body(form, json.dumps(body).encode(), "http", "run")
    asyncio.run(service.ingest.take(service.receiver.receive(arrival).inbox_id))
    with service.store.open() as connection:
        row = inbox.find(connection, "raise_task", arrival.response_id)
        assert row is not None
        return tasks.read_task(connection, row.task_id or "")


def test_the_task_keeps_priority_version_level_and_gap_as_they_were_picked(service: Service) -> None:
    set_strategy(service)
    task = raised(
        service,
        alignment=CONTROLLED,
        control_priority="CS2 Exploitation",
        nim_level="Across areas or force borders",
        intelligence_gap="IR1 Who supplies knives",
    )
    assert (task.control_priority, task.control_version) == ("CS2", 1)
    assert (task.nim_level, task.intelligence_gap) == (2, "IR1")
    assert task.pillar != TRIAGE


def test_where_the_level_was_left_blank_it_is_that_of_the_priority(service: Service) -> None:
    set_strategy(service)
    task = raised(service, alignment=CONTROLLED, control_priority="CS2 Exploitation", nim_level="")
    assert task.nim_level == 3


def test_while_a_strategy_is_in_force_its_priority_has_to_be_picked(service: Service) -> None:
    set_strategy(service)
    task = raised(service, alignment=CONTROLLED, control_priority="")
    assert task.pillar == TRIAGE
    assert task.faults == ("'Which priority of the control strategy?' was not answered.",)


def test_while_none_is_in_force_nothing_is_required(service: Service) -> None:
    task = raised(service, alignment=CONTROLLED, control_priority="")
    assert (task.faults, task.control_priority, task.control_version) == ((), "", None)


def test_free_text_is_no_priority_and_the_task_says_so_without_repeating_it(service: Service) -> None:
    set_strategy(service)
    task = raised(service, alignment=CONTROLLED, control_priority="My own priority")
    (fault,) = task.faults
    assert "Which priority of the control strategy?" in fault
    assert "own" not in fault
    assert task.control_priority == ""


def test_none_of_these_is_an_answer(service: Service) -> None:
    set_strategy(service)
    task = raised(service, alignment=CONTROLLED, control_priority="None of these")
    assert (task.faults, task.control_priority, task.control_version) == ((), "", None)
