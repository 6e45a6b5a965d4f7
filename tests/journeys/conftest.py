"""`stage`: a provisioned small force, made anew for each journey."""

import sys
from pathlib import Path

import pytest
from emulator_server import RunningEmulator

sys.path.insert(0, str(Path(__file__).parent))

from stage import Stage


@pytest.fixture
def stage(emulator: RunningEmulator, tmp_path: Path) -> Stage:
    """The stage, set up."""
    made = Stage(emulator, tmp_path)
    made.set_up()
    return made
