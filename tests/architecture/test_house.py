"""The house: directions of imports, names, sizes, and who may do what only one may do."""

import ast
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from tree import NOT_SHIPPED, PROJECT, files, modules, parsed, pyproject, root_packages

MOST_LINES = 400
BANNED = {"utils", "helpers", "common", "manager", "core", "misc", "services"}
CATCH_ALLS = {"service/outbox_worker.py": 1, "service/laptop_host.py": 1, "store/together.py": 1, "web/errors.py": 1}
"""Where every exception may be caught: around one outbox delivery, where the laptop stands in for Azure's host, and
where a transaction of many is undone, each of whom then meets its own error when it is run by itself, and around one
page, whose visitor gets a plain page while the log gets the kind of error."""
ENVIRONMENT = {"service/settings.py": {"environ"}, "service/demo/play.py": {"environ"}}
"""Who may touch os.environ. The demo only sets it, for azure-identity, which reads it by itself."""


def lines_of(name: str) -> list[str]:
    return (PROJECT / name).read_text("utf-8").splitlines()


def test_imports_point_only_where_the_contracts_allow() -> None:
    told = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=PROJECT, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stdout + told.stderr
    contracts = len(pyproject()["tool"]["importlinter"]["contracts"])
    assert f"Contracts: {contracts} kept, 0 broken." in told.stdout


def test_every_package_is_under_the_contracts_and_every_contract_is_about_a_package() -> None:
    packages = {name.split("/")[0] for name in modules() if "/" in name} - set(NOT_SHIPPED)
    assert packages == root_packages()
    assert all(f"{package}/__init__.py" in files() for package in packages)


def test_every_package_has_a_place_in_the_layers_or_is_the_emulator() -> None:
    (layers,) = (c for c in pyproject()["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    placed = {package.strip() for layer in layers["layers"] for package in layer.split("|")}
    planned = {package for package in placed if package.startswith("(")}
    assert placed - planned | {"m365_emulator"} == root_packages()


def test_every_package_is_installed_and_type_checked() -> None:
    installed = {pattern.rstrip("*") for pattern in pyproject()["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert installed == root_packages()
    with_code = {name.split("/")[0] for name in modules() if "/" in name and not name.endswith("__init__.py")}
    assert set(pyproject()["tool"]["mypy"]["packages"]) >= with_code - set(NOT_SHIPPED)


def test_azures_module_is_the_only_one_at_the_root() -> None:
    assert [name for name in modules() if "/" not in name] == ["function_app.py"]


def test_no_module_is_over_400_lines() -> None:
    sizes = {name: len(lines_of(name)) for name in modules()}
    assert len(sizes) > 100
    assert {name: size for name, size in sizes.items() if size > MOST_LINES} == {}


def test_no_module_or_folder_has_a_name_that_says_nothing() -> None:
    words = {part.removesuffix(".py") for name in modules() for part in name.split("/")}
    assert words & BANNED == set()


def test_no_function_of_the_product_is_over_40_lines() -> None:
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name in modules(shipped=True)
        if not name.startswith("store/migrations/versions/")  # tables, written by Alembic
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _body_lines(node) > 40
    ]
    assert long == []


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the function without its docstring. A list of fields, one on a line, counts as one."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    listed = {
        line
        for each in ast.walk(node)
        if len(getattr(each, "keywords", ()) or getattr(each, "keys", ())) > 5 and isinstance(each, ast.Call | ast.Dict)
        for line in range(each.lineno, each.end_lineno or each.lineno)
    }
    return len(set(range(first.lineno, (node.end_lineno or first.lineno) + 1)) - listed)


def test_every_module_says_what_it_is() -> None:
    silent = [name for name in modules() if not ast.get_docstring(parsed(name)) and lines_of(name)]
    assert silent == []


def test_nobody_but_the_settings_reads_the_environment() -> None:
    found: dict[str, set[str]] = {}
    for name in modules(shipped=True):
        if name.startswith("m365_emulator/"):
            continue  # a program of its own, with its own caches
        for node in ast.walk(parsed(name)):
            if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv"):
                found.setdefault(name, set()).add(node.attr)
            elif isinstance(node, ast.ImportFrom) and node.module == "os":
                found.setdefault(name, set()).update(a.name for a in node.names if "env" in a.name)
    assert {name: touched for name, touched in found.items() if touched} == ENVIRONMENT


def test_the_demo_sets_the_environment_and_does_not_read_it() -> None:
    touched = [line.strip() for line in lines_of("service/demo/play.py") if "environ" in line and "os.environ" in line]
    assert touched == ["os.environ.update(tenant.environment)"]


def test_every_exception_is_caught_only_where_it_is_recorded() -> None:
    found = Counter(
        name for name in modules(shipped=True) for node in ast.walk(parsed(name)) if _catches_everything(node)
    )
    assert dict(found) == CATCH_ALLS


def _catches_everything(node: ast.AST) -> bool:
    if not isinstance(node, ast.ExceptHandler):
        return False
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(kind is None or ast.unparse(kind) in ("Exception", "BaseException") for kind in kinds)


def test_no_error_is_caught_and_dropped_without_a_word_of_why() -> None:
    dropped = [
        f"{name}:{node.lineno}"
        for name in modules(shipped=True)
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.ExceptHandler) and _is_silent(node) and not _is_narrow(node)
    ]
    assert dropped == []


def _is_silent(node: ast.ExceptHandler) -> bool:
    return all(isinstance(each, ast.Pass | ast.Continue) for each in node.body)


def _is_narrow(node: ast.ExceptHandler) -> bool:
    """One named kind of error, of ours or of Python's, is a case that was thought of."""
    return isinstance(node.type, ast.Name | ast.Attribute) and ast.unparse(node.type) not in ("Exception", "OSError")


def test_imports_are_absolute_and_nothing_is_imported_whole() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name in modules()
        for node in ast.walk(parsed(name))
        if isinstance(node, ast.ImportFrom) and (node.level or any(alias.name == "*" for alias in node.names))
    ]
    assert wrong == []


def test_the_code_knows_nothing_of_what_lies_beside_the_project() -> None:
    assert [
        name for name in modules(shipped=True) if re.search(r"\.\./shared|/work/shared", "\n".join(lines_of(name)))
    ] == []
