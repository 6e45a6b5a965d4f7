"""Every environment variable of the service, typed and checked at start. Nothing else of ours reads the environment.

docs/settings.md describes each; a test holds the two against each other.
"""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from graph_client.addresses import GraphAddress, is_loopback

PREFIX = "TASKING_"
WEBHOOK_PREFIX = "TASKING_WEBHOOK_"
PASSED_ON = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_CLIENT_ID")
"""Variables of Azure's own that the service only looks at; azure-identity reads them itself."""
SECRETS = ("function_key", "notification_secret", "account_client_secret", "token_cache_key", "tab_client_secret")
"""Settings that are shown as stars."""
ADDRESSES: Mapping[str, tuple[str, ...]] = {
    "planner_task_url": ("plan_id", "task_id"),
    "planner_board_url": ("plan_id", "task_id"),
    "record_url": ("reference",),
    "pack_url": ("pack_id",),
}
"""Templates of addresses, and what each may hold in braces."""
TEAMS = "https://teams.microsoft.com https://*.teams.microsoft.com https://teams.cloud.microsoft"
"""Who may show the tab in a frame: Teams (learn.microsoft.com/microsoftteams/platform/tabs/how-to/tab-requirements)."""
TAB_PATH = "/api/tab"
GUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
MANY_TENANTS = ("common", "organizations", "consumers")
QUEUE_NAME = re.compile(r"(?=.{3,56}$)[a-z0-9]+(-[a-z0-9]+)*")
"""What Azure takes as a queue's name (learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata),
with room for the seven characters of "-poison"."""


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
    record_url: str = ""
    pack_url: str = ""
    account_authority: str = ""
    account_client_id: str = ""
    account_client_secret: str = ""
    account_redirect_uri: str = "http://localhost"
    token_cache: str = ""
    token_cache_key: str = ""
    settle_seconds: Annotated[float, Field(ge=0, le=600)] = 30.0
    graph_in_flight: Annotated[int, Field(ge=1, le=20)] = 4
    function_key: str = ""
    notification_secret: Annotated[str, Field(max_length=128)] = ""
    public_url: str = ""
    tab_url: str = ""
    tab_authority: str = ""
    tab_client_id: str = ""
    tab_client_secret: str = ""
    tab_api_uri: str = ""
    tab_frame_ancestors: str = TEAMS
    tab_ca_file: str = ""
    teams_app_id: str = ""
    work_queue_url: str = ""
    work_queue_name: str = "tasking-outbox"
    log_level: str = "INFO"
    webhooks: dict[str, str] = Field(default_factory=dict)
    identity: dict[str, str] = Field(default_factory=dict)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """What a log or a traceback may show: every secret as stars, of maps only their keys."""
        for name, value in super().__repr_args__():
            if name == "database_url":
                yield name, make_url(value).set(query={}).render_as_string(hide_password=True)
            elif name in SECRETS:
                yield name, "***" if value else ""
            else:
                yield name, sorted(value) if isinstance(value, dict) else value

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        try:
            make_url(value).get_dialect().import_dbapi()
        except ImportError as error:
            raise ValueError(f"needs the driver {error.name}, which is not installed here") from None
        except ArgumentError:
            raise ValueError("must be an address as SQLAlchemy writes it, such as sqlite:///tasking.db") from None
        return value

    @field_validator("graph_base_url")
    @classmethod
    def _is_graph(cls, value: str) -> str:
        return GraphAddress.parse(value).base

    @field_validator("work_queue_name")
    @classmethod
    def _is_queue_name(cls, value: str) -> str:
        if not QUEUE_NAME.fullmatch(value):
            raise ValueError("must be 3 to 56 lower-case letters, digits and single hyphens")
        return value

    @field_validator(*ADDRESSES)
    @classmethod
    def _is_template(cls, value: str, field: ValidationInfo) -> str:
        names = ADDRESSES[field.field_name or ""]
        try:
            value.format(**dict.fromkeys(names, ""))
        except (LookupError, ValueError):
            told = " and ".join(f"{{{name}}}" for name in names)
            raise ValueError(f"may hold {told} and no other braces") from None
        return value

    @field_validator("public_url")
    @classmethod
    def _is_public(cls, value: str, field: ValidationInfo) -> str:
        if value and (not _is_safe_address(value) or set(value) & set("?#@") or not value.isprintable()):
            raise ValueError("must be a whole https address (http only on this machine) without ?, # and @")
        if value and not field.data.get("notification_secret", "unreadable"):
            raise ValueError("needs TASKING_NOTIFICATION_SECRET too, by which Graph's notifications are known")
        return value.rstrip("/")

    @field_validator("account_authority", "tab_authority")
    @classmethod
    def _is_authority(cls, value: str) -> str:
        if value and not (_is_safe_address(value) and value.startswith("https:")):
            raise ValueError("must be a whole https address, such as https://login.microsoftonline.com/TENANT")
        return value.rstrip("/")

    @field_validator("tab_authority")
    @classmethod
    def _is_one_tenant(cls, value: str) -> str:
        if value and urlsplit(value).path.strip("/").lower() in ("", *MANY_TENANTS):
            raise ValueError("must name one tenant: who signs in to another is nobody here")
        return value

    @field_validator("tab_url")
    @classmethod
    def _is_tab(cls, value: str) -> str:
        if value and not (_is_safe_address(value) and value.rstrip("/").endswith(TAB_PATH)):
            raise ValueError(f"must be a whole https address (http only on this machine) that ends with {TAB_PATH}")
        return value.rstrip("/")

    @field_validator("teams_app_id")
    @classmethod
    def _is_app(cls, value: str, field: ValidationInfo) -> str:
        if value and not GUID.fullmatch(value):
            raise ValueError("must be the id of the app in Teams, a GUID")
        if value and not field.data.get("tab_url", "unreadable"):
            raise ValueError("needs TASKING_TAB_URL too, which the links of that app lead to")
        return value.lower()

    @field_validator("tab_frame_ancestors")
    @classmethod
    def _are_ancestors(cls, value: str) -> str:
        if set(value) & set(';,"\r\n') or "*" in value.split():
            raise ValueError("must be addresses with spaces between them, each of one host or of its subdomains")
        return value

    @field_validator("token_cache_key")
    @classmethod
    def _is_key(cls, value: str) -> str:
        if value:
            try:
                Fernet(value)
            except ValueError:
                raise ValueError("must be 32 random bytes in base64; docs/settings.md says how to make it") from None
        return value

    @field_validator("webhooks")
    @classmethod
    def _are_addresses(cls, value: dict[str, str]) -> dict[str, str]:
        wrong = sorted(code for code, address in value.items() if not _is_safe_address(address))
        if wrong:
            names = ", ".join(WEBHOOK_PREFIX + code for code in wrong)
            raise ValueError(f"{names}: must be a whole https address (http only on this machine)")
        return value

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
            if key.startswith(WEBHOOK_PREFIX) and value
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
            raise BadSettings([*_faults_in(error), *unknown]) from None
        if unknown:
            raise BadSettings(unknown)
        return settings


def read_settings() -> Settings:
    """The settings of this process's environment. Raises BadSettings."""
    return Settings.read(os.environ)


def _faults_in(error: ValidationError) -> Iterator[str]:
    """A sentence for each fault, with the variable's name and never its value, which may be a secret."""
    for fault in error.errors(include_input=False, include_url=False):
        words = str(fault["msg"]).removeprefix("Value error, ")
        field = str(fault["loc"][0])
        yield words if field == "webhooks" else f"{PREFIX}{field.upper()}: {words}"


def _is_safe_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
