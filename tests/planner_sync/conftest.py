"""The small force, provisioned once per process and put back for each test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.provision import Provision
from tests.emulator_server import RunningEmulator
from tests.planner_sync.small_force import SmallForce
from tests.planner_sync.small_stage import Stage, identity_variables, provision_stage, small_force_at_work

RESTRICTED_BOARD_CONFIG = {
    "unit": "PKS",
    "group_nickname": "pks-tasking-restricted",
    "group_name": "Peakshire restricted tasking",
    "plan_title": "Peakshire restricted tasking board",
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def stage(emulator_process: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The provisioned force; the environment names the emulator's identity as long as it is used."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in identity_variables(emulator_process):
            patch.setenv(name, value)
        yield asyncio.run(provision_stage(emulator_process, tmp_path_factory.mktemp("small-force")))


@pytest.fixture
async def force(
    emulator: RunningEmulator, stage: Stage, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SmallForce]:
    """The service at work on four empty boards."""
    async with small_force_at_work(emulator, stage, tmp_path / "work") as at_work:
        yield at_work


@pytest.fixture
async def accepting_force(
    emulator: RunningEmulator, stage: Stage, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SmallForce]:
    """The same, where deleting a task on its board withdraws it."""
    async with small_force_at_work(emulator, stage, tmp_path / "work", deleted_task_policy="accept") as at_work:
        yield at_work


@pytest.fixture
async def apart_force(
    emulator: RunningEmulator, stage: Stage, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SmallForce]:
    """The same, where what is restricted stands on a board of its own; amy and dee are in its group."""
    rules = {"restricted_board": RESTRICTED_BOARD_CONFIG}
    async with small_force_at_work(emulator, stage, tmp_path / "work", **rules) as at_work:
        await Provision(at_work.service, lambda step: None).run()
        members = [f"{name}@peakshire.example" for name in ("amy", "dee")]
        emulator.control("members", {"group": RESTRICTED_BOARD_CONFIG["group_nickname"], "upns": members})
        yield at_work


@pytest.fixture
async def leaving_force(
    emulator: RunningEmulator, stage: Stage, tmp_path: Path, anyio_backend: str
) -> AsyncIterator[SmallForce]:
    """The same, where tasks that people make on boards themselves are left alone."""
    async with small_force_at_work(emulator, stage, tmp_path / "work", hand_made_task_policy="leave") as at_work:
        yield at_work
