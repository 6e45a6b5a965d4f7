"""Fixtures of the doors: a service on a new database, its doors as the laptop host serves them, a whole response."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from built_service import PROJECT, Doors, built_service

from service.wiring import Service

SAMPLE = json.loads((PROJECT / "tests/forms_ingest/samples/raise_task.json").read_text("utf-8"))["flow"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """The service of this process."""
    with built_service(tmp_path) as built:
        yield built


@pytest.fixture
def doors(service: Service) -> Doors:
    """Its HTTP doors, which ask for a key."""
    return Doors(service)


@pytest.fixture
def response() -> dict[str, Any]:
    """A whole response of the Raise form, as a flow posts it."""
    return copy.deepcopy(SAMPLE)
