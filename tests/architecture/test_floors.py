"""Dependencies point down: import-linter's contracts in pyproject.toml, and the few rules that they
cannot express.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

from tests.architecture.sources import PACKAGES, ROOT


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [
        Path(sys.executable).with_name("lint-imports"),
        "--no-cache",
        "--config",
        "pyproject.toml",
    ]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture
def copy(tmp_path):
    """A copy of the packages and their contracts, for a test to break."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_no_import_points_up():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("telemetry/guard.py", "from telemetry import runtime", "Floors of telemetry BROKEN"),
        (
            "telemetry/health/components.py",
            "from telemetry import tracing",
            "Floors of telemetry BROKEN",
        ),
        ("telemetry/without_a_floor.py", "", "without_a_floor"),
        ("service/http/problems.py", "from service import accounts", "Floors of service BROKEN"),
        (
            "telemetry/metrics.py",
            "import service.settings",
            "Each folder stands on those below it BROKEN",
        ),
    ],
)
def test_import_that_points_up_is_found(copy, file, line, broken):
    with (copy / file).open("a") as source:
        source.write(f"\n{line}\n")

    done = lint(copy)

    assert done.returncode == 1
    assert broken in done.stdout


PUBLIC = {
    "telemetry",
    "telemetry.gunicorn",
    "telemetry.names",
    "telemetry.problem",
    "telemetry.standalone",
}
"""The layer's public API; every other module of it may change."""


def test_service_imports_only_the_public_api_of_telemetry():
    graph = grimp.build_graph(*PACKAGES)
    ours = [module for module in graph.modules if module.split(".")[0] == "service"]
    used = {
        imported for module in ours for imported in graph.find_modules_directly_imported_by(module)
    }
    foreign = {module for module in used if not module.startswith("service")}
    assert foreign == PUBLIC


def test_dashboards_import_only_names_of_metrics_and_objectives():
    graph = grimp.build_graph(*PACKAGES)
    ours = [module for module in graph.modules if module.split(".")[0] == "dashboards"]
    used = {
        imported for module in ours for imported in graph.find_modules_directly_imported_by(module)
    }
    assert {module for module in used if not module.startswith("dashboards")} == {
        "service.metrics",
        "service.objectives",
        "telemetry.names",
    }
