"""Two threads and two processes on one database file: every write counts, and no number, row or line is given twice."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from due_rows import due_ids
from sqlalchemy import update

from store import audit_log, outbox
from store.database import open_database
from store.tables import audit_log as lines
from store.tables import outbox as promises
from store.tables import tasks as task_rows
from tasking.errors import StaleTask
from tests.peakshire import HOUR, Desk, SetClock, tables_in

ROOT = Path(__file__).parents[2]
EACH = 12

OTHER_PROCESS = """
import sys
from tests.peakshire import Desk, SetClock
from store.database import open_database

engine = open_database(sys.argv[1])
desk = Desk(engine, SetClock())
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[2])):
    desk.raised()
engine.dispose()
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the file is."""
    return f"sqlite:///{tmp_path}/tasking.db"


@pytest.fixture
def filed(url: str) -> Iterator[Desk]:
    """A desk on a database file."""
    with tables_in(open_database(url)) as engine:
        yield Desk(engine, SetClock())


def assert_nothing_was_lost(desk: Desk, tasks: int) -> None:
    references = [row["reference"] for row in desk.rows(task_rows)]
    assert sorted(references) == [f"T-{1001 + number}" for number in range(tasks)]
    assert len(desk.rows(lines)) == tasks
    assert len(desk.rows(promises)) == 2 * tasks
    with desk.store.open() as connection:
        assert audit_log.first_broken_row(connection) is None


def test_two_threads_raising_tasks_at_once_lose_nothing(filed: Desk) -> None:
    start = Barrier(2)

    def raise_some() -> None:
        start.wait()
        for _ in range(EACH):
            filed.raised()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(raise_some) for _ in range(2)]:
            done.result()
    assert_nothing_was_lost(filed, 2 * EACH)


def test_two_processes_raising_tasks_at_once_lose_nothing(filed: Desk, url: str) -> None:
    command = [sys.executable, "-c", OTHER_PROCESS, url, str(EACH)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "ready\n"
        assert other.stdin is not None
        other.stdin.write("go\n")
        other.stdin.flush()
        for _ in range(EACH):
            filed.raised()
        _, errors = other.communicate(timeout=60)
    assert (other.returncode, errors) == (0, "")
    assert_nothing_was_lost(filed, 2 * EACH)


def test_of_two_who_changed_what_they_both_had_read_one_is_told_and_may_try_again(filed: Desk) -> None:
    read = filed.raised()
    both_have_read = Barrier(2)

    def tick(line: int) -> bool:
        both_have_read.wait()
        try:
            with filed.act() as uow:
                done = [*read.checklist]
                done[line] = type(done[line])(done[line].line_id, done[line].text, True)
                uow.save_task(type(read)(**{**as_values(read), "checklist": tuple(done)}))
        except StaleTask:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        saved = list(pool.map(tick, (0, 1)))
    assert sorted(saved) == [False, True]
    assert [line.is_done for line in filed.now(read).checklist] == saved


def as_values(task: object) -> dict[str, object]:
    return {name: getattr(task, name) for name in type(task).__dataclass_fields__}  # type: ignore[attr-defined]


def test_two_workers_never_get_the_same_row(filed: Desk) -> None:
    for _ in range(EACH):
        filed.raised()
    with filed.store.open() as connection:
        ids = due_ids(connection, filed.clock.now())
    start = Barrier(2)

    def claim_all() -> list[int]:
        start.wait()
        mine = []
        for outbox_id in ids:
            with filed.store.open() as connection:
                if outbox.claim(connection, outbox_id, filed.clock.now()) is not None:
                    mine.append(outbox_id)
        return mine

    with ThreadPoolExecutor(2) as pool:
        first, second = (done.result() for done in [pool.submit(claim_all) for _ in range(2)])
    assert sorted(first + second) == ids
    with filed.store.open() as connection:
        connection.execute(update(promises).values(claimed_until=filed.clock.now() - HOUR))
        assert due_ids(connection, filed.clock.now()) == ids
