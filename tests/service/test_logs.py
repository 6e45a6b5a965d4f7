"""Logs: one JSON object a line, with the fields that are safe and no others."""

import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from built_service import PROJECT, root_logger_restored

from service import logs
from service.logs import SAFE_FIELDS, JsonLines

SECRET = "What a person wrote"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What reaches standard error after logs are set up at INFO."""
    with root_logger_restored():
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        set_up("INFO")
        yield stream


def set_up(level: str) -> None:
    """Sets logs up as in a process without pytest, whose handlers would get our format for good."""
    root = logging.getLogger()
    root.handlers[:] = [each for each in root.handlers if not type(each).__module__.startswith("_pytest")]
    logs.set_up(level)


def told(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_record_is_one_line_of_json_with_its_time_in_utc(lines: io.StringIO) -> None:
    logging.getLogger("service.jobs").info("a line\nand another", extra={"job": "deliver"})
    (line,) = told(lines)
    assert (line["level"], line["logger"], line["message"], line["job"]) == (
        "INFO",
        "service.jobs",
        "a line\nand another",
        "deliver",
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["at"])


def test_only_fields_on_the_list_get_in(lines: io.StringIO) -> None:
    unsafe = {"answers": SECRET, "responder": SECRET, "title": SECRET, "token": SECRET, "owner": SECRET, "body": SECRET}
    logging.getLogger("service").info("received", extra=unsafe | {"correlation_id": "c-1"})
    (line,) = told(lines)
    assert set(line) == {"at", "level", "logger", "message", "correlation_id"}
    assert SECRET not in lines.getvalue()


def test_no_field_on_the_list_is_for_a_name_or_words() -> None:
    personal = (
        "name",
        "upn",
        "mail",
        "owner",
        "responder",
        "title",
        "text",
        "answer",
        "body",
        "token",
        "address",
        "url",
    )
    assert [field for field in SAFE_FIELDS if any(word in field for word in personal)] == []


def test_an_exception_is_named_by_its_type_without_its_text_or_trace(lines: io.StringIO) -> None:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError(SECRET) from error
    except ValueError:
        logging.getLogger("store").exception("it failed")
    (line,) = told(lines)
    assert line["exception"] == "ValueError"
    assert SECRET not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()


def test_a_value_that_json_does_not_know_does_not_lose_the_line(lines: io.StringIO) -> None:
    logging.getLogger("service").warning("odd", extra={"item": {1, 2}, "subject": b"x"})
    assert told(lines)[0]["message"] == "odd"


@pytest.mark.parametrize(
    "library", ["httpx", "httpcore", "azure", "azure.identity", "msal", "sqlalchemy.engine", "urllib3"]
)
@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_libraries_speak_from_warning_on_whatever_the_level(lines: io.StringIO, library: str, level: str) -> None:
    set_up(level)
    assert logging.getLogger(library).getEffectiveLevel() == logging.WARNING
    logging.getLogger(library).info("GET https://flow.example/invoke?sig=%s", SECRET)
    assert lines.getvalue() == ""


def test_the_level_is_that_of_the_services_own_loggers(lines: io.StringIO) -> None:
    set_up("ERROR")
    logging.getLogger("planner_sync.pull").warning("quiet")
    logging.getLogger("planner_sync.pull").error("loud")
    assert [line["message"] for line in told(lines)] == ["loud"]


def test_every_package_that_logs_has_its_level_set() -> None:
    speaking = {
        path.relative_to(PROJECT).parts[0]
        for path in PROJECT.glob("[a-z]*/**/*.py")
        if "logging.getLogger(__name__)" in path.read_text("utf-8")
        and path.relative_to(PROJECT).parts[0] not in ("tests", "bench", "m365_emulator")
    }
    with root_logger_restored():
        set_up("DEBUG")
        levels = {package: logging.getLogger(package).level for package in speaking}
    assert speaking >= {"service", "planner_sync", "escalation"}
    assert set(levels.values()) == {logging.DEBUG}, levels


def test_setting_up_twice_does_not_double_the_lines(lines: io.StringIO) -> None:
    set_up("INFO")
    logging.getLogger("service").info("once")
    assert len(told(lines)) == 1


def test_the_functions_hosts_own_handler_stays_and_gets_our_lines() -> None:
    with root_logger_restored() as root:
        stream = io.StringIO()
        hosts = logging.StreamHandler(stream)
        root.addHandler(hosts)
        set_up("INFO")
        logging.getLogger("service").info("to the host", extra={"reference": "T-1001"})
        assert root.handlers == [hosts]
        assert isinstance(hosts.formatter, JsonLines)
    assert told(stream)[0]["reference"] == "T-1001"
