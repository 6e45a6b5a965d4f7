"""The environment: what is read, what is refused by the variable's name, and what never shows."""

import logging
from pathlib import Path

import pytest
from built_service import PROJECT, environment, new_database

from service.settings import BadSettings, Settings, read_settings
from service.wiring import build_service

LEAST = {"TASKING_DATABASE_URL": "sqlite:///tasking.db", "TASKING_CONFIG_DIR": str(PROJECT / "config")}
SECRETS = {
    "TASKING_DATABASE_URL": "sqlite://keeper:pw-geheim@/x.db?token=query-geheim",
    "TASKING_FUNCTION_KEY": "key-geheim",
    "TASKING_NOTIFICATION_SECRET": "state-geheim",
    "TASKING_WEBHOOK_FORCE_DAILY": "https://flow.example/paths/invoke?sig=sig-geheim",
    "IDENTITY_ENDPOINT": "http://127.0.0.1/msi/token",
    "IDENTITY_HEADER": "header-geheim",
}


def faults_of(**variables: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        Settings.read(LEAST | variables)
    return caught.value.faults


def test_what_is_not_set_has_its_default() -> None:
    settings = Settings.read(LEAST)
    assert settings.graph_base_url == "https://graph.microsoft.com/v1.0"
    assert (settings.settle_seconds, settings.log_level, settings.poster) == (30.0, "INFO", "teams_workflow")
    assert (settings.function_key, settings.work_queue_url, settings.webhooks, settings.identity) == ("", "", {}, {})


def test_a_variable_set_to_nothing_counts_as_not_set() -> None:
    settings = Settings.read(
        LEAST | {"TASKING_LOG_LEVEL": "", "TASKING_WEBHOOK_FORCE_DAILY": "", "IDENTITY_HEADER": ""}
    )
    assert settings == Settings.read(LEAST)
    assert faults_of(TASKING_DATABASE_URL="")[0].startswith("TASKING_DATABASE_URL: ")


def test_webhooks_are_kept_by_the_code_of_their_meeting() -> None:
    settings = Settings.read(LEAST | {"TASKING_WEBHOOK_DIV_N_DAILY": "https://flow.example/x?sig=1"})
    assert settings.webhooks == {"DIV_N_DAILY": "https://flow.example/x?sig=1"}


@pytest.mark.parametrize("address", ["https://tasking.example/", "http://127.0.0.1:7071", "https://x.example/a/b/"])
def test_the_public_address_is_kept_without_its_last_slash(address: str) -> None:
    settings = Settings.read(LEAST | {"TASKING_PUBLIC_URL": address, "TASKING_NOTIFICATION_SECRET": "s"})
    assert settings.public_url == address.rstrip("/")


def test_the_identity_is_passed_on_as_it_stands() -> None:
    identity = {"IDENTITY_ENDPOINT": "http://127.0.0.1:1/msi/token", "IDENTITY_HEADER": "h", "AZURE_CLIENT_ID": "c"}
    assert Settings.read(LEAST | identity | {"PATH": "/bin"}).identity == identity


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TASKING_DATABASE_URL", "nonsense", "SQLAlchemy"),
        ("TASKING_DATABASE_URL", "oracel://x", "SQLAlchemy"),
        ("TASKING_GRAPH_BASE_URL", "http://graph.example/v1.0", "http only on this machine"),
        ("TASKING_GRAPH_BASE_URL", "graph.microsoft.com", "https"),
        ("TASKING_GRAPH_BASE_URL", "https://me:pw@graph.example", "no user name"),
        ("TASKING_CONFIG_DIR", "/nowhere/at/all", "no folder /nowhere/at/all"),
        ("TASKING_SETTLE_SECONDS", "soon", "number"),
        ("TASKING_SETTLE_SECONDS", "-1", "greater"),
        ("TASKING_SETTLE_SECONDS", "601", "less"),
        ("TASKING_SETTLE_SECONDS", "nan", ""),
        ("TASKING_LOG_LEVEL", "LOUD", "DEBUG, INFO, WARNING or ERROR"),
        ("TASKING_WORK_QUEUE_NAME", "Tasking_Outbox", "lower-case"),
        ("TASKING_WORK_QUEUE_NAME", "a--b", "single hyphens"),
        ("TASKING_WORK_QUEUE_NAME", "a" * 57, "56"),
        ("TASKING_PLANNER_TASK_URL", "https://x/{task}", "{plan_id} and {task_id}"),
        ("TASKING_PLANNER_BOARD_URL", "https://x/{plan_id", "braces"),
        ("TASKING_PUBLIC_URL", "http://tasking.example", "https"),
        ("TASKING_PUBLIC_URL", "tasking.example", "https"),
        ("TASKING_PUBLIC_URL", "https://tasking.example/?code=x", "without ?"),
        ("TASKING_PUBLIC_URL", "https://me:pw@tasking.example", "@"),
        ("TASKING_PUBLIC_URL", "https://tasking.example", "needs TASKING_NOTIFICATION_SECRET"),
        ("TASKING_WEBHOOK_FORCE_DAILY", "http://flow.example/x", "https"),
        ("TASKING_WEBHOOK_FORCE_DAILY", "the address", "https"),
        ("TASKING_WEBHOOK_FORCE_DAILY", "https://[broken", "https"),
    ],
)
def test_a_fault_is_one_sentence_that_names_the_variable(name: str, value: str, words: str) -> None:
    (fault,) = faults_of(**{name: value})
    assert fault.startswith(f"{name}: ")
    assert words in fault


def test_every_fault_is_told_at_once() -> None:
    faults = faults_of(TASKING_LOG_LEVEL="LOUD", TASKING_SETTLE_SECONDS="soon", TASKING_DATABSE_URL="x")
    assert {fault.partition(":")[0] for fault in faults} == {
        "TASKING_LOG_LEVEL",
        "TASKING_SETTLE_SECONDS",
        "TASKING_DATABSE_URL",
    }


@pytest.mark.parametrize(
    "name", ["TASKING_DATABSE_URL", "TASKING_", "TASKING_IDENTITY", "TASKING_WEBHOOKS", "TASKING_X"]
)
def test_a_name_that_no_setting_has_is_refused(name: str) -> None:
    (fault,) = faults_of(**{name: "x"})
    assert fault.startswith(f"{name}: ")
    assert "docs/settings.md" in fault


def test_a_database_whose_driver_is_missing_is_told_by_the_drivers_name() -> None:
    (fault,) = faults_of(TASKING_DATABASE_URL="mysql+aiomysql://u:pw-geheim@h/db")
    assert "aiomysql" in fault
    assert "geheim" not in fault


def test_no_secret_shows_in_the_settings_or_in_a_fault() -> None:
    settings = Settings.read(LEAST | SECRETS)
    assert settings.function_key == "key-geheim"
    for shown in (repr(settings), str(settings), f"{settings!s}", repr([settings])):
        assert "geheim" not in shown
        assert "FORCE_DAILY" in shown, "which channels have a webhook may be seen"
    wrong = SECRETS | {"TASKING_DATABASE_URL": "pw-geheim", "TASKING_WEBHOOK_FORCE_DAILY": "ftp://sig-geheim"}
    assert "geheim" not in "\n".join(faults_of(**wrong, TASKING_SETTLE_SECONDS="geheim"))


def test_no_secret_shows_when_the_whole_service_is_printed(tmp_path: Path) -> None:
    new_database(tmp_path)
    variables = {name: value for name, value in SECRETS.items() if name != "TASKING_DATABASE_URL"}
    service = build_service(Settings.read(environment(tmp_path) | variables))
    shown = logging.Formatter().format(logging.makeLogRecord({"msg": "made %s", "args": (service,)}))
    assert "FORCE_DAILY" in shown
    assert "geheim" not in shown
    service.store.engine.dispose()


def test_a_poster_that_does_not_exist_is_told_with_those_that_do(tmp_path: Path) -> None:
    new_database(tmp_path)
    with pytest.raises(BadSettings, match=r"TASKING_POSTER: .*teams_workflow"):
        build_service(Settings.read(environment(tmp_path, TASKING_POSTER="pigeon")))


def test_a_webhook_for_a_meeting_that_the_force_does_not_have_is_told(tmp_path: Path) -> None:
    new_database(tmp_path)
    wrong = environment(
        tmp_path, TASKING_WEBHOOK_FORCE_DALY="https://flow.example/x", TASKING_WEBHOOK_HP_DAILY="https://y/"
    )
    with pytest.raises(BadSettings) as caught:
        build_service(Settings.read(wrong))
    (fault,) = caught.value.faults
    assert fault.startswith("TASKING_WEBHOOK_FORCE_DALY: ")


def test_the_process_environment_is_what_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (LEAST | {"TASKING_LOG_LEVEL": "warning"}).items():
        monkeypatch.setenv(name, value)
    assert read_settings().log_level == "WARNING"
