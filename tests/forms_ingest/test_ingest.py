"""Whatever a response holds, it has its effect or is refused with reasons: no answer leaves a delivery that fails."""

import asyncio
import dataclasses
import json
from collections.abc import Iterator
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from built_service import built_service
from hypothesis import given, settings
from hypothesis import strategies as st

from forms_ingest.form_mapping import FormDefinition
from forms_ingest.questions import Question
from forms_ingest.receive import Arrival
from forms_ingest.response_body import BadBody, parse_body
from service.force_config import load_force
from service.form_config import load_forms
from service.wiring import Service
from store import inbox, tasks
from store.inbox import InboxState

PROJECT = Path(__file__).parents[2]
FORMS = load_forms(PROJECT / "config", *load_force(PROJECT / "config"))
NUMBERS = count(1)

any_text = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from(
    ["0001-01-01", "9999-12-31", "2026-02-30", "2100-12-31", "T-1001", "1" * 400, "x" * 5000, "[" * 3000, '["\ud800"]']
)
single = st.none() | st.booleans() | st.integers() | st.floats() | any_text
anything: st.SearchStrategy[Any] = single | st.lists(single, max_size=3).map(json.dumps) | st.lists(single, max_size=2)
files = st.lists(
    st.fixed_dictionaries({"name": any_text, "link": any_text.map("https://a.example/{}".format) | any_text}),
    max_size=2,
)
submit_dates = st.sampled_from(["12/31/9999 11:00:00 PM", "1/1/1 1:00:00 AM", "1/1/2000 12:00:00 AM"]) | st.dates(
    date(1990, 1, 1), date(2110, 1, 1)
).map(lambda day: f"{day.month}/{day.day}/{day.year} 11:59:59 PM")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all the examples."""
    with built_service(tmp_path_factory.mktemp("any-answers")) as built:
        yield built


def sample(slug: str) -> dict[str, Any]:
    path = PROJECT / "tests/forms_ingest/samples" / f"{slug}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["flow"]
    return found


def answer_to(question: Question) -> st.SearchStrategy[Any]:
    known = st.sampled_from(sorted(question.choices)) if question.choices else st.just("T-1001")
    return known | anything | files.map(json.dumps)


def response_to(form: FormDefinition) -> st.SearchStrategy[dict[str, Any]]:
    """The sample response with some answers, or its envelope, replaced by anything at all."""
    answers = st.fixed_dictionaries({}, optional={each.key: answer_to(each) for each in form.questions})
    envelope = st.fixed_dictionaries({}, optional={"submitDate": submit_dates | anything, "responder": anything})
    strange = st.dictionaries(any_text, anything, max_size=1)
    return st.tuples(strange, answers, envelope).map(lambda parts: sample(form.slug) | parts[0] | parts[1] | parts[2])


def arrival_or_faults(service: Service, slug: str, body: bytes) -> tuple[Arrival | None, tuple[str, ...]]:
    try:
        return parse_body(service.forms[slug], body, "http", "run"), ()
    except BadBody as bad:
        return None, bad.faults


@settings(max_examples=150)
@given(st.sampled_from(sorted(FORMS)).flatmap(lambda slug: st.tuples(st.just(slug), response_to(FORMS[slug]))))
def test_whatever_is_answered_a_response_is_refused_at_the_door_or_taken_or_rejected_with_reasons(
    service: Service, case: tuple[str, dict[str, Any]]
) -> None:
    slug, content = case
    body = json.dumps(content | {"responseId": str(next(NUMBERS))}).encode()
    arrival, faults = arrival_or_faults(service, slug, body)
    if arrival is None:
        assert faults
        assert all(fault.endswith(".") and fault.isprintable() for fault in faults)
        return

    asyncio.run(service.ingest.take(service.receiver.receive(arrival).inbox_id))

    with service.store.open() as connection:
        row = inbox.find(connection, slug, arrival.response_id)
        assert row is not None
        task = tasks.read_task(connection, row.task_id) if row.task_id else None
    assert row.state in (InboxState.DONE, InboxState.REJECTED, InboxState.STOPPED)
    assert all(reason.isprintable() for reason in row.reasons)
    assert row.reasons or row.state is InboxState.DONE
    if task is not None:
        json.dumps(dataclasses.asdict(task), default=str, ensure_ascii=False).encode()  # as it is sent to a board
