"""`tasking serve` says plainly what it leaves open."""

from pathlib import Path

import pytest
from built_service import environment, new_database, root_logger_restored
from click.testing import CliRunner

from service.cli import main
from service.laptop_host import LaptopHost


@pytest.mark.parametrize(("key", "is_warned"), [("", True), ("a-key", False)])
def test_doors_that_nobody_guards_are_warned_of_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, is_warned: bool
) -> None:
    async def serve(*arguments: object) -> None:
        """Ends at once."""

    monkeypatch.setattr(LaptopHost, "serve", serve)
    new_database(tmp_path)
    with root_logger_restored():
        told = CliRunner(env=environment(tmp_path, TASKING_FUNCTION_KEY=key)).invoke(main, ["serve"])
    assert told.exit_code == 0
    assert ("TASKING_FUNCTION_KEY is not set" in told.stderr) is is_warned
