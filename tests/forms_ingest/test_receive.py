"""What counts as a form that has drifted apart from its config, and what is only a question left out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from built_service import PROJECT, built_service

from forms_ingest.response_body import arrival_from
from service.wiring import Service
from store import notebook

SAMPLE = json.loads((PROJECT / "tests/forms_ingest/samples/raise_task.json").read_text("utf-8"))["flow"]
NEW_KEY = "r" + "0" * 32


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service without responses."""
    with built_service(tmp_path) as built:
        yield built


def receive(service: Service, number: int, without: tuple[str, ...] = (), **more: Any) -> list[str]:
    """Receives the sample response without the questions of these fields; the subjects of the notices afterwards."""
    form = service.forms["raise_task"]
    left_out = {each.key for each in form.questions if each.field in without}
    content = {key: value for key, value in SAMPLE.items() if key not in left_out} | {"responseId": str(number)} | more
    service.receiver.receive(arrival_from(form, content, "http", "run"))
    with service.store.open() as connection:
        return [notice["subject"] for notice in notebook.open_notices(connection)]


def test_questions_that_need_no_answer_may_be_left_out_and_nobody_is_told(service: Service) -> None:
    optional = tuple(each.field for each in service.forms["raise_task"].questions if not each.required)
    assert len(optional) > 3
    assert receive(service, 1, optional) == []


def test_a_needed_question_that_was_not_shown_may_be_left_out(service: Service) -> None:
    needed_by = service.forms["raise_task"].asking("needed_by")
    assert needed_by is not None
    assert receive(service, 1, ("needed_by_date",), **{needed_by.key: "Tomorrow"}) == []


@pytest.mark.parametrize(
    ("without", "more"), [(("title",), {}), (("needed_by_date",), {}), ((), {NEW_KEY: "An answer"})]
)
def test_a_needed_question_that_is_missing_or_one_that_is_unknown_is_told_until_a_response_is_whole(
    service: Service, without: tuple[str, ...], more: dict[str, str]
) -> None:
    assert receive(service, 1, without, **more) == ["form raise_task"]
    assert receive(service, 2, without, **more) == ["form raise_task"]
    assert receive(service, 3) == []


def test_a_question_left_blank_is_no_drift(service: Service) -> None:
    title = service.forms["raise_task"].asking("title")
    assert title is not None
    assert receive(service, 1, **{title.key: ""}) == []
