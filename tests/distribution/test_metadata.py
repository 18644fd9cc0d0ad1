"""What the wheel holds and asks for is what the layer imports."""

import ast
import sys
import zipfile
from email import message_from_string
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from telemetry import extras
from tests.distribution.environments import ROOT, direct_requirements, lowest, project


def test_wheel_holds_the_package_with_its_types_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "telemetry",
        f"serene_telemetry-{project()['version']}.dist-info",
    }
    sources = {str(file.relative_to(ROOT)) for file in (ROOT / "telemetry").rglob("*.py")}
    assert sources | {"telemetry/py.typed"} <= set(names)


def test_wheel_asks_for_what_pyproject_lists(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (file,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
    message = message_from_string(archive.read(file).decode())
    asked = {Requirement(text).name for text in message.get_all("Requires-Dist")}
    assert asked == {one.name for one in direct_requirements()}
    assert (message["Name"], message["Requires-Python"]) == ("serene-telemetry", ">=3.11")
    assert set(message.get_all("Provides-Extra")) == extras.PACKAGES.keys()


def test_every_requirement_has_a_lower_bound_that_is_not_above_the_pinned_version() -> None:
    bounds = lowest()
    assert {canonicalize_name(one.name) for one in direct_requirements()} == bounds.keys()
    for one in direct_requirements():
        assert one.specifier.contains(metadata.version(one.name), prereleases=True), one


def imported() -> set[str]:
    """Modules that the layer imports, of other distributions."""
    trees = [ast.parse(file.read_text()) for file in (ROOT / "telemetry").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    own = {"telemetry", *sys.stdlib_module_names}
    return {module for module in modules if module.partition(".")[0] not in own}


def provider(module: str) -> str:
    """The distribution that a module is from."""
    path = module.replace(".", "/")
    for name in {canonicalize_name(one.name) for one in direct_requirements()}:
        files = {str(file) for file in metadata.files(name) or ()}
        if f"{path}.py" in files or any(file.startswith(f"{path}/") for file in files):
            return str(name)
    raise AssertionError(f"{module} is of no distribution that pyproject.toml lists")


@pytest.mark.slow
def test_everything_imported_is_required_and_the_reverse() -> None:
    # ``opentelemetry`` alone is a namespace; what is imported from it is the API's.
    modules = {module for module in imported() if module != "opentelemetry"}
    needed = {provider(module) for module in modules} | {"opentelemetry-api"}
    listed = {canonicalize_name(one.name) for one in direct_requirements()}
    # Loaded by name only, through ``extras``.
    assert listed - needed == {"opentelemetry-propagator-b3"}
