"""What the checks of the house look at: the project's files as git has them, and its Python modules parsed."""

import ast
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
NOT_SHIPPED = ("tests", "bench")
"""Folders with Python in them that are no package of the product."""


@cache
def files() -> tuple[str, ...]:
    """Every file of the project, tracked or new, without what git ignores."""
    listing = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    told = subprocess.run(listing, cwd=PROJECT, capture_output=True, check=True).stdout.decode()
    return tuple(sorted(name for name in told.split("\0") if name and (PROJECT / name).is_file()))


def modules(*, shipped: bool = False) -> Iterator[str]:
    """Every Python file; with `shipped` only those of the product's packages."""
    for name in files():
        if name.endswith(".py") and not (shipped and name.split("/")[0] in NOT_SHIPPED):
            yield name


@cache
def parsed(name: str) -> ast.Module:
    """A module as Python reads it."""
    return ast.parse((PROJECT / name).read_text("utf-8"), name)


@cache
def pyproject() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))


def root_packages() -> set[str]:
    """The packages that the import contracts are about."""
    return set(pyproject()["tool"]["importlinter"]["root_packages"])
