"""GET /api/health: well, degraded or down; for anybody, so it tells nothing personal."""

from datetime import timedelta
from pathlib import Path

import pytest
from built_service import Doors, clock_of, environment, new_database, root_logger_restored
from sqlalchemy import text

from service import running
from service.wiring import Service
from store import notebook, outbox

PATH = "/api/health"


def promise(service: Service) -> int:
    with service.store.open() as connection:
        now = service.store.clock.now()
        return outbox.add(connection, "TaskChanged", "planner.update_boards", {"task_id": "t"}, now, "c-1")


def test_a_new_service_is_well_and_asks_nobody_for_a_key(doors: Doors) -> None:
    answer = doors.send("GET", PATH, {})
    assert answer.status_code == 200
    facts = answer.json()
    assert (facts["status"], facts["database"]) == ("ok", "ok")
    assert (facts["outbox_waiting"], facts["outbox_oldest_seconds"], facts["dead_letters"]) == (0, 0, 0)


def test_it_says_how_old_the_oldest_promise_is_and_is_well_while_that_is_short(doors: Doors, service: Service) -> None:
    promise(service)
    clock_of(service).advance(timedelta(minutes=5))
    promise(service)
    facts = doors.send("GET", PATH).json()
    assert (facts["status"], facts["outbox_waiting"], facts["outbox_oldest_seconds"]) == ("ok", 2, 300)


def test_a_promise_that_waits_too_long_degrades_it(doors: Doors, service: Service) -> None:
    promise(service)
    clock_of(service).advance(timedelta(hours=1))
    assert doors.send("GET", PATH).json()["status"] == "ok"
    clock_of(service).advance(timedelta(minutes=1))
    answer = doors.send("GET", PATH)
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


def test_a_notice_to_the_operator_degrades_it_until_it_is_over(doors: Doors, service: Service) -> None:
    with service.store.open() as connection:
        notebook.raise_notice(connection, "intake list", "A column is missing.", service.store.clock.now())
    facts = doors.send("GET", PATH).json()
    assert (facts["status"], facts["notices"]) == ("degraded", ["intake list"])
    with service.store.open() as connection:
        notebook.clear_notice(connection, "intake list", service.store.clock.now())
    assert doors.send("GET", PATH).json()["status"] == "ok"


def test_a_dead_letter_degrades_it(doors: Doors, service: Service) -> None:
    with service.store.open() as connection:
        now = service.store.clock.now()
        row = outbox.add(connection, "TaskChanged", "planner.update_boards", {"task_id": "t"}, now, "c-1")
        outbox.dead_letter(connection, row, now, "refused")
    facts = doors.send("GET", PATH).json()
    assert (facts["status"], facts["dead_letters"], facts["outbox_waiting"]) == ("degraded", 1, 0)


def test_a_database_that_cannot_be_asked_is_503(doors: Doors, service: Service) -> None:
    with service.store.open() as connection:
        connection.execute(text("DROP TABLE outbox"))
    answer = doors.send("GET", PATH)
    assert (answer.status_code, answer.json()["status"]) == (503, "down")


@pytest.mark.parametrize(
    ("address", "database"),
    [("sqlite:////proc/nowhere/tasking.db", "unreachable"), ("sqlite://", "not at this version")],
)
def test_a_service_that_cannot_start_for_its_database_is_503(
    doors: Doors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, database: str
) -> None:
    for name, value in (environment(tmp_path) | {"TASKING_DATABASE_URL": address}).items():
        monkeypatch.setenv(name, value)
    running.use(None)
    with root_logger_restored():
        answer = doors.send("GET", PATH)
    assert (answer.status_code, answer.json()["database"]) == (503, database)


def test_the_first_request_makes_the_service_from_the_environment(
    doors: Doors, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    new_database(folder)
    for name, value in environment(folder).items():
        monkeypatch.setenv(name, value)
    running.use(None)
    promise(service)
    with root_logger_restored():
        facts = doors.send("GET", PATH).json()
        made = running.running()
    assert facts["outbox_waiting"] == 0, "it is another database than the fixture's"
    assert made is not service
    assert running.running() is made
    made.store.engine.dispose()
