"""A form that config has dropped keeps its responses waiting, and the operator knows; they go on when it is back."""

import asyncio
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from built_service import PROJECT, environment, new_database
from peakshire import SetClock

from forms_ingest.receive import Arrival
from forms_ingest.response_body import parse_body
from service.settings import Settings
from service.wiring import Service, build_service
from store import inbox, notebook, outbox
from store.inbox import InboxState
from tests.forms_ingest.test_ingest import sample

SUBJECT = "form not in config: raise_task"
RAISE = "raise_task.yaml"
LATER = timedelta(minutes=20)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    new_database(tmp_path)
    shutil.copytree(PROJECT / "config", tmp_path / "config")
    return tmp_path


@contextmanager
def started(folder: Path, clock: SetClock) -> Iterator[Service]:
    """The service as it starts on the folder's config and database as they are now."""
    service = build_service(Settings.read(environment(folder, TASKING_CONFIG_DIR=str(folder / "config"))), clock)
    try:
        yield service
    finally:
        asyncio.run(service.aclose())


def arrival(service: Service, response_id: str) -> Arrival:
    body = json.dumps(sample("raise_task") | {"responseId": response_id}).encode()
    return parse_body(service.forms["raise_task"], body, "http", "run")


def received(folder: Path, clock: SetClock, *response_ids: str) -> None:
    with started(folder, clock) as service:
        for each in response_ids:
            service.receiver.receive(arrival(service, each))


def told(service: Service) -> list[tuple[str, str]]:
    with service.store.open() as connection:
        return [(row["subject"], row["text"]) for row in notebook.open_notices(connection)]


def states(service: Service) -> dict[str, int]:
    with service.store.open() as connection:
        assert outbox.dead_letters(connection) == []
        counted = inbox.counts(connection)
    return {state: counted[state] for state in (InboxState.RECEIVED, InboxState.DONE) if state in counted}


def test_responses_of_a_form_that_config_has_dropped_wait_and_the_operator_is_told_once(folder: Path) -> None:
    clock = SetClock()
    received(folder, clock, "1", "2")
    (folder / "config" / "forms" / RAISE).unlink()
    with started(folder, clock) as service:
        for _ in range(12):  # more often than whatever fails unexpectedly is tried, or tried before it is told
            asyncio.run(service.worker.deliver_due())
            clock.advance(LATER)
        assert states(service) == {InboxState.RECEIVED: 2}
        ((subject, text),) = told(service)
    assert subject == SUBJECT
    assert "has no form 'raise_task' any more; its responses wait until it is back" in text


def test_they_are_taken_up_when_the_form_is_back_and_the_notice_ends(folder: Path) -> None:
    clock = SetClock()
    received(folder, clock, "1")
    (folder / "config" / "forms" / RAISE).unlink()
    with started(folder, clock) as service:
        asyncio.run(service.worker.deliver_due())
        assert [subject for subject, _ in told(service)] == [SUBJECT]
    shutil.copy(PROJECT / "config" / "forms" / RAISE, folder / "config" / "forms" / RAISE)
    clock.advance(LATER)
    with started(folder, clock) as service:
        assert told(service) == []
        with service.store.open() as connection:
            rows = outbox.claim_due(connection, clock.now(), 10, ())
        assert [row.handler for row in rows] == ["ingest.take"]
        asyncio.run(service.ingest.take(1))
        assert states(service) == {InboxState.DONE: 1}
