"""The program: it says where it listens, writes its traffic when stopped, and lists what is modelled."""

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from m365_emulator.__main__ import main
from m365_emulator.coverage import coverage_text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_announces_itself_and_leaves_its_traffic_behind(tmp_path: Path, number: signal.Signals) -> None:
    har = tmp_path / "traffic.har"
    command = [sys.executable, "-m", "m365_emulator", "--port", "0", "--har", str(har), "--identity-header", "s"]
    with subprocess.Popen([*command, "--switch", "planner_page_size=9"], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        match = re.match(r"ready: graph (http://127\.0\.0\.1:\d+)/v1\.0 ", line)
        assert match is not None, line
        assert "identity-header s " in line
        assert httpx.get(f"{match[1]}/v1.0/groups").status_code == 401
        assert httpx.get(f"{match[1]}/_emulator/switches").json()["planner_page_size"] == 9
        program.send_signal(number)
        assert program.wait(timeout=10) == 0
    entries = json.loads(har.read_text("utf-8"))["log"]["entries"]
    assert [e["response"]["status"] for e in entries] == [401]


def test_https_is_served_beside_http_by_the_very_same_app(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "m365_emulator", "--port", "0", "--https-port", "0", "--tls-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        plain = re.match(r"ready: graph (http://\S+)/v1\.0 ", program.stdout.readline())
        line = program.stdout.readline()
        secure = re.match(r"https: graph (https://localhost:\d+)/v1\.0  authority \1/\S+  ca (\S+)", line)
        assert plain is not None
        assert secure is not None, line
        assert Path(secure[2]) == tmp_path / "ca.pem"
        trust = ssl.create_default_context(cafile=secure[2])
        httpx.post(f"{plain[1]}/_emulator/switches", json={"planner_page_size": 7}).raise_for_status()
        assert httpx.get(f"{secure[1]}/_emulator/switches", verify=trust).json()["planner_page_size"] == 7
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0


@pytest.mark.parametrize("taken_for", ["--port", "--https-port"])
def test_a_port_in_use_is_named_and_nothing_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], taken_for: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = {"--port": "0", "--https-port": "0"} | {taken_for: str(taken.getsockname()[1])}
        given = [word for pair in ports.items() for word in pair]
        assert main([*given, "--tls-dir", str(tmp_path)]) == 1
    assert "in use" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--port", "--https-port"])
@pytest.mark.parametrize("wrong", ["99999999", "65536", "-1", "http", "9" * 5000, ""])
def test_what_is_no_port_is_a_sentence_and_exit_2(capsys: pytest.CaptureFixture[str], option: str, wrong: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main([option, wrong])
    assert ended.value.code == 2
    assert "Traceback" not in (said := capsys.readouterr().err)
    assert f"argument {option}" in said


def test_traffic_that_could_not_be_written_in_the_end_is_a_sentence_and_exit_2_at_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for har in (tmp_path / "nope" / "x.har", tmp_path):
        assert main(["--port", "0", "--har", str(har)]) == 2
        assert str(har.parent if har != tmp_path else har) in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_seed_or_a_snapshot_of_another_form_is_a_sentence_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x"
    for text in ("people: 5", "people: [5]", "lists: [{name: L, group: 2026-01-01}]", "- 1", "\x00", "plans: [{}]"):
        file.write_text(text, "utf-8")
        assert main(["--port", "0", "--seed", str(file)]) == 2
        assert capsys.readouterr().err.startswith("m365_emulator: ")
    for text in ("", "[]", '{"form": "m365_emulator snapshot 1"}', '{"form": "m365_emulator snapshot 1", "state": 5}'):
        file.write_text(text, "utf-8")
        assert main(["--port", "0", "--restore", str(file)]) == 2
        assert capsys.readouterr().err.startswith("m365_emulator: ")


@pytest.mark.parametrize(("option", "kept"), [((), 3), (("--traffic-keep", "2"), 2), (("--no-traffic",), 0)])
def test_it_keeps_as_much_traffic_as_it_is_told(tmp_path: Path, option: tuple[str, ...], kept: int) -> None:
    har = tmp_path / "traffic.har"
    command = [sys.executable, "-m", "m365_emulator", "--port", "0", "--har", str(har), *option]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        base = program.stdout.readline().split()[2]
        for _ in range(3):
            httpx.get(f"{base}/groups")
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=10) == 0
    assert len(json.loads(har.read_text("utf-8"))["log"]["entries"]) == kept


def test_less_than_no_traffic_cannot_be_kept(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--traffic-keep", "-1"]) == 2
    assert "--traffic-keep" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["planner_page_size", "no_such=1", "batch_shuffle=perhaps"])
def test_a_wrong_switch_is_named_and_nothing_starts(wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--switch", wrong]) == 2
    assert wrong.split("=")[0] in capsys.readouterr().err


def test_coverage_lists_routes_control_and_switches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--coverage"]) == 0
    text = capsys.readouterr().out
    for expected in ("`PATCH /planner/tasks/{task_id}`", "/_emulator/faults/throttle", "`planner_page_size`"):
        assert expected in text


def test_the_coverage_page_is_up_to_date() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "emulator_coverage.md").read_text("utf-8")
    assert page == coverage_text()
