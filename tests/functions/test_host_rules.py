"""Rules that the Functions host enforces and the library does not: broken, the app indexes here and fails in Azure.

Source: the facts digest on Azure Functions, 1.4; Microsoft's reference for host.json and for each binding.
"""

import json
import re
from collections import Counter
from typing import Any

import pytest
from built_service import PROJECT

import function_app
from service.jobs import JOBS
from service.laptop_host import doors_of
from service.settings import Settings

HOST: dict[str, Any] = json.loads((PROJECT / "host.json").read_text("utf-8"))
VALUES: dict[str, str] = json.loads((PROJECT / "local.settings.example.json").read_text("utf-8"))["Values"]
BINDING_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]{0,127}")
FUNCTION_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]{0,127}")
QUEUE = re.compile(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*")
FIELD = re.compile(r"\*|\*/\d+|\d+(-\d+)?(,\d+(-\d+)?)*")
HIGHEST = (59, 59, 23, 31, 12, 7)


def bindings() -> list[tuple[str, dict[str, Any]]]:
    """Each binding of each registered function, as the host is told of it."""
    function_app.app.functions_bindings = {}
    return [
        (function.get_function_name(), binding.get_dict_repr())
        for function in function_app.app.get_functions()
        for binding in function.get_bindings()
    ]


def plain(value: object) -> str:
    return str(getattr(value, "value", value))


def triggers(kind: str) -> list[tuple[str, dict[str, Any]]]:
    found = [(name, binding) for name, binding in bindings() if binding["type"] == kind]
    assert found, f"no {kind} is registered"
    return found


def test_every_kind_of_door_is_registered() -> None:
    doors = doors_of(function_app.app)
    assert {door["name"] for door in doors.http} == {
        "post_response",
        "health",
        "pull_board",
        "graph_notifications",
        "tab",
    }
    assert {door["name"] for door in doors.queues} == {"deliver_row", "bury_row"}
    assert {door["name"] for door in doors.timers} == {job.name.replace("-", "_") for job in JOBS}


def test_binding_names_are_letters_and_digits_only() -> None:
    for name, binding in bindings():
        assert BINDING_NAME.fullmatch(binding["name"]) or binding["name"] == "$return", (name, binding["name"])


def test_function_names_are_legal_and_each_is_used_once() -> None:
    function_app.app.functions_bindings = {}
    names = [function.get_function_name() for function in function_app.app.get_functions()]
    assert all(FUNCTION_NAME.fullmatch(name) for name in names)
    assert len({name.lower() for name in names}) == len(names)


def test_no_route_is_the_hosts_own() -> None:
    for name, binding in triggers("httpTrigger"):
        assert not re.match(r"/?(admin|runtime)", binding["route"], re.IGNORECASE), name
        assert not binding["route"].startswith("/"), name


def test_no_two_functions_share_a_route_and_method() -> None:
    taken = Counter(
        (re.sub(r"\{[^}]*\}", "{}", binding["route"]).lower(), plain(method))
        for _, binding in triggers("httpTrigger")
        for method in binding["methods"]
    )
    assert set(taken.values()) == {1}, taken


def test_only_health_is_open_without_a_key_and_the_tab_which_has_a_sign_in_of_its_own() -> None:
    levels = {name: plain(binding["authLevel"]).upper() for name, binding in triggers("httpTrigger")}
    assert [name for name, level in levels.items() if level == "ANONYMOUS"] == ["health", "tab"]
    assert set(levels.values()) == {"FUNCTION", "ANONYMOUS"}


def test_every_setting_that_a_binding_names_is_in_the_example_settings() -> None:
    named = {
        setting for _, binding in bindings() for setting in re.findall(r"%([^%]+)%", json.dumps(binding, default=str))
    }
    assert named == {"TASKING_WORK_QUEUE_NAME"}
    assert named <= VALUES.keys()


def test_every_connection_that_a_binding_names_is_in_the_example_settings() -> None:
    assert {binding["connection"] for _, binding in triggers("queueTrigger")} <= VALUES.keys()


@pytest.mark.parametrize("setting", [VALUES["TASKING_WORK_QUEUE_NAME"], "tasking-outbox", "a" * 56])
def test_queue_names_are_legal_once_the_setting_is_filled_in(setting: str) -> None:
    Settings.read({"TASKING_DATABASE_URL": "sqlite://", "TASKING_WORK_QUEUE_NAME": setting})
    names = [
        binding["queueName"].replace("%TASKING_WORK_QUEUE_NAME%", setting) for _, binding in triggers("queueTrigger")
    ]
    assert len(set(names)) == len(names)
    assert all(QUEUE.fullmatch(name) for name in names), names


def test_the_poison_queue_is_the_one_that_the_host_fills() -> None:
    queues = {name: binding["queueName"] for name, binding in triggers("queueTrigger")}
    assert queues["bury_row"] == f"{queues['deliver_row']}-poison"


def test_the_example_and_the_service_agree_on_the_name_of_the_queue() -> None:
    assert Settings.model_fields["work_queue_name"].default == VALUES["TASKING_WORK_QUEUE_NAME"]


def test_every_schedule_is_an_ncrontab_of_six_fields() -> None:
    for name, binding in triggers("timerTrigger"):
        fields = binding["schedule"].split(" ")
        assert len(fields) == 6, name
        for field, highest in zip(fields, HIGHEST, strict=True):
            assert FIELD.fullmatch(field), (name, field)
            assert all(int(number) <= highest for number in re.findall(r"\d+", field)), (name, field)


def test_no_timer_fires_at_every_start() -> None:
    assert not any(binding.get("runOnStartup") for _, binding in triggers("timerTrigger"))


def test_each_timer_has_the_schedule_of_its_job() -> None:
    schedules = {name: binding["schedule"] for name, binding in triggers("timerTrigger")}
    assert schedules == {job.name.replace("-", "_"): job.schedule for job in JOBS}


def test_host_json_brings_the_extensions_that_queues_need_and_reads_what_we_send() -> None:
    assert HOST["version"] == "2.0"
    assert HOST["extensionBundle"]["id"] == "Microsoft.Azure.Functions.ExtensionBundle"
    assert re.fullmatch(r"\[\d+\.\*, \d+\.0\.0\)", HOST["extensionBundle"]["version"])
    assert HOST["extensions"]["queues"]["messageEncoding"] == "base64"
    assert HOST["extensions"]["http"]["routePrefix"] == "api"
    assert re.fullmatch(r"00:0[1-9]:00|00:10:00", HOST["functionTimeout"])


def test_example_settings_name_only_settings_that_exist() -> None:
    ours = {name: value for name, value in VALUES.items() if name.startswith("TASKING_")}
    assert ours
    Settings.read({**ours, "TASKING_CONFIG_DIR": str(PROJECT / "config")})
