"""Fixtures for every test: `emulator`, one server per test process, emptied before each test that uses it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from emulator_server import RunningEmulator, running_emulator

# How long an example takes to draw says something of the machine, not of the code: a busy one must not fail a promise.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def settings_of_this_machine_set_aside() -> None:
    """Tests set what they need: no TASKING_ setting of the shell or of CI reaches the service under test."""
    for name in [name for name in os.environ if name.startswith("TASKING_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def emulator_process() -> Iterator[RunningEmulator]:
    """The server itself, shared by the tests of one process."""
    with running_emulator() as running:
        yield running


@pytest.fixture
def emulator(emulator_process: RunningEmulator) -> RunningEmulator:
    """A running emulator whose tenant is empty."""
    emulator_process.tenant.reset()
    return emulator_process
