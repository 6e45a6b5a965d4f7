"""People edit boards, the record changes, answers get lost, calls are refused: in the end board and record agree.

Hypothesis plays it in any order. No task is there twice, and what a person did last is what stands. With NIGHTLY=1 it
plays long and differently each time; what it found is kept in test_found_by_the_machine.py.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.emulator_server import RunningEmulator
from tests.journeys.board_machine import AcceptingBoards, Boards
from tests.planner_sync.small_stage import Stage, identity_variables, provision_stage

SHORT = settings(
    max_examples=7,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
LONG = settings(
    SHORT,
    max_examples=int(os.environ.get("NIGHTLY_EXAMPLES", "300")),
    stateful_step_count=int(os.environ.get("NIGHTLY_STEPS", "40")),
    derandomize=False,
    phases=(Phase.explicit, Phase.generate, Phase.shrink),
    print_blob=True,
    report_multiple_bugs=False,
)
IS_LONG = os.environ.get("NIGHTLY") == "1"
LONGEST_SECONDS = 4 * 3600


@pytest.fixture(scope="module")
def provisioned(emulator_process: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The small force, provisioned once for all the examples."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in identity_variables(emulator_process):
            patch.setenv(name, value)
        yield asyncio.run(provision_stage(emulator_process, tmp_path_factory.mktemp("board-and-record")))


@pytest.mark.timeout(LONGEST_SECONDS if IS_LONG else 120)
@pytest.mark.parametrize("machine", [Boards, AcceptingBoards])
def test_board_and_record_agree_in_the_end_whatever_happens_between(
    emulator: RunningEmulator, provisioned: Stage, tmp_path: Path, machine: type[Boards]
) -> None:
    run_state_machine_as_test(
        lambda: machine(emulator, provisioned, tmp_path / "work"), settings=LONG if IS_LONG else SHORT
    )
