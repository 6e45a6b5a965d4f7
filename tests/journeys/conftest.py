"""`stage`: a small force provisioned for each journey. `force`: one at work on four boards, provisioned once."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from emulator_server import RunningEmulator

sys.path.insert(0, str(Path(__file__).parent))

from stage import Stage

from tests.planner_sync.small_force import SmallForce
from tests.planner_sync.small_stage import Stage as SmallStage
from tests.planner_sync.small_stage import identity_variables, provision_stage, small_force_at_work


@pytest.fixture
def stage(emulator: RunningEmulator, tmp_path: Path) -> Stage:
    """The stage, set up."""
    made = Stage(emulator, tmp_path)
    made.set_up()
    return made


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
def provisioned(emulator_process: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStage]:
    """The small force of four boards, provisioned once for all the examples and tests of a module."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in identity_variables(emulator_process):
            patch.setenv(name, value)
        yield asyncio.run(provision_stage(emulator_process, tmp_path_factory.mktemp("four-boards")))


@pytest.fixture
async def force(
    emulator: RunningEmulator, provisioned: SmallStage, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SmallForce]:
    """The service at work on four empty boards."""
    async with small_force_at_work(emulator, provisioned, tmp_path / "work") as at_work:
        yield at_work


@pytest.fixture
async def accepting_force(
    emulator: RunningEmulator, provisioned: SmallStage, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SmallForce]:
    """The same, where deleting a task on its board withdraws it."""
    async with small_force_at_work(emulator, provisioned, tmp_path / "work", deleted_task_policy="accept") as at_work:
        yield at_work
