"""Every environment variable of the service, typed and checked at start. Nothing else of ours reads the environment.

docs/settings.md describes each; a test holds the two against each other.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

PREFIX = "TASKING_"
WEBHOOK_PREFIX = "TASKING_WEBHOOK_"
PASSED_ON = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_CLIENT_ID")
"""Variables of Azure's own that the service only looks at; azure-identity reads them itself."""


class BadSettings(Exception):
    """The environment does not make a service that can run; `faults` are sentences."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Settings(BaseModel):
    """What the environment says. A field `x_y` is the variable TASKING_X_Y."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str
    graph_base_url: str = "https://graph.microsoft.com/v1.0"
    config_dir: Path = Path("config")
    poster: str = "teams_workflow"
    planner_task_url: str = "https://planner.cloud.microsoft/webui/plan/{plan_id}/view/board/task/{task_id}"
    planner_board_url: str = "https://planner.cloud.microsoft/webui/plan/{plan_id}/view/board"
    settle_seconds: Annotated[float, Field(ge=0, le=600)] = 10.0
    function_key: str = ""
    work_queue_url: str = ""
    work_queue_name: str = "tasking-outbox"
    log_level: str = "INFO"
    webhooks: dict[str, str] = Field(default_factory=dict)
    identity: dict[str, str] = Field(default_factory=dict)

    @field_validator("config_dir")
    @classmethod
    def _is_there(cls, value: Path) -> Path:
        if not value.is_dir():
            raise ValueError(f"there is no folder {value}")
        return value

    @field_validator("log_level")
    @classmethod
    def _is_level(cls, value: str) -> str:
        if value.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings in an environment. Raises BadSettings with every fault, naming the variable."""
        names = {PREFIX + name.upper(): name for name in cls.model_fields if name not in ("webhooks", "identity")}
        known = {name: environment[variable] for variable, name in names.items() if environment.get(variable)}
        webhooks = {
            key.removeprefix(WEBHOOK_PREFIX): value
            for key, value in environment.items()
            if key.startswith(WEBHOOK_PREFIX)
        }
        identity = {name: environment[name] for name in PASSED_ON if environment.get(name)}
        unknown = [
            f"{key}: the service has no such setting; docs/settings.md lists them."
            for key in environment
            if key.startswith(PREFIX) and key not in names and not key.startswith(WEBHOOK_PREFIX)
        ]
        try:
            settings = cls.model_validate({**known, "webhooks": webhooks, "identity": identity})
        except ValidationError as error:
            faults = [
                f"{PREFIX}{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
                for fault in error.errors()
            ]
            raise BadSettings(faults + unknown) from None
        if unknown:
            raise BadSettings(unknown)
        return settings


def read_settings() -> Settings:
    """The settings of this process's environment. Raises BadSettings."""
    return Settings.read(os.environ)
