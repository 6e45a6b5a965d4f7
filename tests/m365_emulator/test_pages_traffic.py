"""The traffic page shows what passed, narrowed as asked, and never a token."""

from typing import Any

import httpx
import pytest
from emulator_server import RunningEmulator

from m365_emulator.pages.traffic import hide


@pytest.fixture
def passed(emulator: RunningEmulator, board: Any) -> list[str]:
    """Some traffic; the bearer token that it carried."""
    task = board.new_task(title="Shown on the page")
    board.app.get("/planner/tasks/unknown")
    board.app.get(f"/planner/tasks/{task['id']}")
    return [board.app.headers["Authorization"].split()[1]]


def page(emulator: RunningEmulator, path: str) -> str:
    answer = httpx.get(f"{emulator.url}{path}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_the_newest_comes_first_and_filters_narrow_it(emulator: RunningEmulator, passed: list[str]) -> None:
    everything = page(emulator, "/traffic")
    assert everything.index(f"/traffic/{emulator.tenant.traffic.passed}") < everything.index('href="/traffic/1"')
    refused = page(emulator, "/traffic?status=4")
    assert "/planner/tasks/unknown" in refused
    assert "/planner/plans" not in refused
    assert "/planner/tasks/unknown" not in page(emulator, "/traffic?method=POST&path=planner%2FTASKS")
    assert "Nothing that fits." in page(emulator, "/traffic?path=nowhere")
    assert "Nothing that fits." in page(emulator, "/traffic?status=zzz&before=x")


def test_one_exchange_shows_its_bodies_and_hides_its_token(emulator: RunningEmulator, passed: list[str]) -> None:
    number = next(n for n, _, e in emulator.tenant.traffic.newest_first() if b"Shown on the page" in e.request_body)
    shown = page(emulator, f"/traffic/{number}")
    assert "Shown on the page" in shown
    assert "(hidden)" in shown
    assert passed[0] not in shown
    assert httpx.get(f"{emulator.url}/traffic/{number + 99}").status_code == 404


def test_more_than_a_page_can_be_paged_back(emulator: RunningEmulator, board: Any) -> None:
    for _ in range(105):
        board.app.get(f"/planner/plans/{board.plan_id}")
    first = page(emulator, "/traffic")
    assert 'href="/traffic/1"' not in first
    oldest = emulator.tenant.traffic.passed - 99
    assert 'href="/traffic/1"' in page(emulator, f"/traffic?before={oldest}")


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "SECRET", "expires_in": 1}',
        '{"refresh_token":"SECRET"}',
        "grant_type=x&client_secret=SECRET",
        "/workflows/1/invoke?api-version=1&sig=SECRET&sv=1.0",
        "/download?tempauth=SECRET",
        '{"requests": [{"headers": {"Authorization": "Bearer SECRET"}}]}',
        "was sent with Bearer eyJSECRET.eyJSECRET.abcdefgh",
    ],
)
def test_tokens_secrets_and_signatures_are_hidden_wherever_they_stand(text: str) -> None:
    assert "SECRET" not in hide(text)
    assert hide("What is said of a code or a signature stays") == "What is said of a code or a signature stays"


def test_the_log_forgets_the_oldest_when_bodies_fill_it(
    emulator: RunningEmulator, board: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("m365_emulator.traffic.MAX_BYTES", 4000)
    for _ in range(20):
        board.app.get(f"/planner/plans/{board.plan_id}")
    log = emulator.tenant.traffic
    assert log.held_bytes <= 4000
    assert log.numbered(1) is None
    assert log.numbered(log.passed) is not None
    assert len(log.entries) == len(log.exchanges) < log.passed
