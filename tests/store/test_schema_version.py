"""The version that a start compares with is the newest migration."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from store import database


def test_the_version_in_the_code_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_current_head() == database.SCHEMA_VERSION
