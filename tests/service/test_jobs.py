"""Jobs of the clock: a source that cannot be read is told once, and its recovery once."""

import asyncio
import json
import logging
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from built_service import PROJECT

from graph_client.errors import GraphError, NotPermitted, RetryLater
from service.jobs import JOBS, LONGEST_ROUND, Job, job_named, run
from service.outbox_worker import DELIVERY_SECONDS
from service.wiring import Service
from store import notebook

Stage = Any

ABOUT_CHANNELS = ("freeze-packs", "close-cycle", "send-digests", "check-channels", "remind-reviews")
"""Jobs that only promise cards, of which the outbox says itself where they cannot be posted."""


def failing(*outcomes: Exception | int) -> Job:
    """A job with these outcomes, one after another."""
    left = list(outcomes)

    async def call(service: Service) -> int:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return Job("read-something", "0 * * * * *", "a test's", call)


def notices(service: Service) -> list[tuple[str, str]]:
    with service.store.open() as connection:
        return [(row["subject"], row["text"]) for row in notebook.open_notices(connection)]


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.message) for record in caplog.records if record.name == "service.jobs"]


def test_names_and_schedules_are_each_used_once() -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert Counter(job.call for job in JOBS).most_common(1)[0][1] == 1
    assert all(job.words for job in JOBS)


def test_each_job_can_be_had_by_its_name() -> None:
    assert [job_named(job.name) for job in JOBS] == list(JOBS)
    with pytest.raises(KeyError):
        job_named("nothing-of-this-name")


def test_by_hand_a_job_does_what_a_person_means_and_by_the_clock_what_is_due(stage: Stage) -> None:
    done: list[str] = []

    def noting(word: str) -> Any:
        async def call(service: Service) -> int:
            done.append(word)
            return 0

        return call

    both = Job("read-something", "0 * * * * *", "a test's", noting("clock"), by_hand=noting("hand"))
    plain = Job("read-something-else", "0 * * * * *", "a test's", noting("either"))

    async def each_way(service: Service) -> None:
        for job in (both, plain):
            await run(service, job)
            await run(service, job, by_hand=True)

    stage.play(each_way)
    assert done == ["clock", "hand", "either", "either"]


def test_by_the_clock_only_boards_whose_time_has_come_are_read_and_by_hand_all(stage: Stage) -> None:
    stage.provision()

    async def reads(service: Service, by_hand: bool) -> int:
        before = stage.exchanges()
        await run(service, job_named("pull-boards"), by_hand=by_hand)
        return int(stage.exchanges() - before)

    async def in_turn(service: Service) -> list[bool]:
        return [await reads(service, by_hand) > 0 for by_hand in (False, False, True, False)]

    assert stage.play(in_turn) == [True, False, True, False]


def test_a_round_of_deliveries_by_the_clock_ends_before_azure_would_end_it() -> None:
    host = json.loads((PROJECT / "host.json").read_text("utf-8"))
    hours, minutes, seconds = (int(part) for part in host["functionTimeout"].split(":"))
    timeout = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    assert LONGEST_ROUND + timedelta(seconds=DELIVERY_SECONDS) < timeout - timedelta(seconds=20)


def test_jobs_do_not_all_start_in_the_same_second() -> None:
    seconds = {job.name: job.schedule.split()[0] for job in JOBS}
    assert len(set(seconds.values())) == len(JOBS), seconds


def test_before_provisioning_the_jobs_that_read_say_so_and_ask_graph_nothing(stage: Stage) -> None:
    async def all_of_them(service: Service) -> tuple[dict[str, int | None], list[tuple[str, str]]]:
        return {job.name: await run(service, job) for job in JOBS if job.name not in ABOUT_CHANNELS}, notices(service)

    done, troubles = stage.play(all_of_them)
    assert done == {
        "read-intake-list": None,
        "read-workbooks": None,
        "pull-boards": None,
        "sweep-escalations": 0,
        "deliver": 0,
        "renew-account": 0,
        "keep-subscriptions": 0,
        "show-meetings": 0,
        "retire-tasks": 0,
    }
    assert [subject for subject, _ in troubles] == ["job read-intake-list", "job read-workbooks", "job pull-boards"]
    assert all("tasking provision" in text for _, text in troubles)
    assert stage.exchanges() == 0


def test_a_source_that_cannot_be_read_is_told_once_and_its_recovery_once(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "service")
    job = failing(NotPermitted("GET /sites", status=403), RetryLater("GET /sites", status=503), 3, 0)

    async def four_times(service: Service) -> list[Any]:
        seen: list[Any] = []
        for _ in range(4):
            seen.append((await run(service, job), [subject for subject, _ in notices(service)]))
        return seen

    subject = "job read-something"
    assert stage.play(four_times) == [(None, [subject]), (None, [subject]), (3, []), (0, [])]
    assert told(caplog) == [("ERROR", "job cannot do its work"), ("INFO", "job works again")]


def test_a_source_that_fails_again_after_its_recovery_is_told_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    job = failing(RetryLater("GET /x"), 0, RetryLater("GET /x"))

    async def thrice(service: Service) -> int:
        for _ in range(3):
            await run(service, job)
        return len(notices(service))

    assert stage.play(thrice) == 1
    assert told(caplog).count(("ERROR", "job cannot do its work")) == 2


def test_the_operator_is_told_the_latest_reason(stage: Stage) -> None:
    job = failing(NotPermitted("GET /sites", status=403), RetryLater("GET /sites", status=503))

    async def twice(service: Service) -> list[tuple[str, str]]:
        for _ in range(2):
            await run(service, job)
        return notices(service)

    ((_, text),) = stage.play(twice)
    assert "503" in text


def test_a_bug_in_a_job_is_not_taken_for_a_trouble_of_graphs(stage: Stage) -> None:
    async def once(service: Service) -> list[tuple[str, str]]:
        with pytest.raises(ZeroDivisionError):
            await run(service, failing(ZeroDivisionError()))
        return notices(service)

    assert stage.play(once) == []


def test_each_source_that_graph_refuses_is_told_of_and_the_other_jobs_go_on(stage: Stage) -> None:
    stage.provision()
    for path in ("/items/delta", "/root:/"):
        stage.emulator.control("faults/fail_next", {"path": path, "status": 403, "code": "accessDenied", "times": 4})

    async def all_of_them(service: Service) -> list[str]:
        for job in JOBS:
            await run(service, job)
        return sorted(subject for subject, _ in notices(service) if subject.startswith("job "))

    assert stage.play(all_of_them) == ["job read-intake-list", "job read-workbooks"]
    stage.emulator.control("faults", method="DELETE")
    assert stage.play(all_of_them) == []


def test_a_notice_of_a_job_holds_no_address_and_no_token(stage: Stage) -> None:
    stage.provision()
    stage.emulator.control("faults/fail_next", {"path": "/items/delta", "status": 403, "message": "secret of Ann"})

    async def once(service: Service) -> str:
        await run(service, job_named("read-intake-list"))
        return str(notices(service))

    words = stage.play(once)
    assert "403" in words
    assert not any(part in words for part in ("127.0.0.1", "Bearer", "Ann", "http"))


def test_errors_of_graph_are_all_of_one_family() -> None:
    """`run` catches the family: a kind outside it would stop the laptop's timer with an error each time."""
    from graph_client import errors

    kinds = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Exception)]
    assert len(kinds) >= 6
    assert all(issubclass(kind, GraphError) for kind in kinds)
    assert asyncio.iscoroutinefunction(run)
