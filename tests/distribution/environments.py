"""Builds the wheel of the layer, and virtual environments outside the checkout that hold it."""

import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
INSTALL_SECONDS = 540.0
COMMAND_SECONDS = 120.0


def project() -> dict[str, Any]:
    """The table ``project`` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return table


def direct_requirements() -> list[Requirement]:
    """Everything that the distribution and its extras ask for."""
    table = project()
    extras = table["optional-dependencies"].values()
    return [Requirement(text) for group in (table["dependencies"], *extras) for text in group]


def lowest() -> dict[str, str]:
    """The lower bound of each direct requirement, by normalized name."""
    return {
        canonicalize_name(one.name): specifier.version
        for one in direct_requirements()
        for specifier in one.specifier
        if specifier.operator == ">="
    }


def build_wheel(folder: Path) -> Path:
    """Build the wheel by its own backend, without an index."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=COMMAND_SECONDS
    )
    (wheel,) = folder.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Environment:
    """A virtual environment that holds the wheel and what it needs."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def run(self, code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run code in it, with warnings as errors and nothing of the caller's environment."""
        return subprocess.run(
            [self.python, "-W", "error", "-c", code],
            cwd=cwd,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )

    def versions(self, cwd: Path) -> dict[str, str]:
        """Versions of the distributions in it, by normalized name."""
        done = self.run(
            "from importlib import metadata\n"
            "for one in metadata.distributions(): print(one.name, one.version)",
            cwd,
        )
        pairs = [line.split() for line in done.stdout.splitlines()]
        return {canonicalize_name(name): version for name, version in pairs}


def install(folder: Path, wheel: Path, extras: str, *pins: str) -> Environment:
    """Make an environment and install the wheel into it, from the index of this machine.

    Args:
        folder: Of the environment; does not exist yet.
        wheel: To install.
        extras: Separated by commas; may be empty.
        pins: Constraints such as ``flask==3.0``.
    """
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", folder],
        check=True,
        timeout=COMMAND_SECONDS,
    )
    constraints = folder / "constraints.txt"
    constraints.write_text("".join(f"{pin}\n" for pin in pins))
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install"]
    options = ["--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    done = subprocess.run(
        [
            *pip,
            *options,
            "--constraint",
            str(constraints),
            f"{wheel}[{extras}]" if extras else str(wheel),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Environment(folder)
