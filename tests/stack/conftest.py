"""Fixtures of the stack's tests: the real command, real processes, and stacks on free ports."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stack import paths
from stack.runner import Stack
from tests.support.ports import stack_offset

Serene = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Spawned:
    """A process of the test, and the line that it printed once it was set up."""

    process: "subprocess.Popen[str]"
    first_line: str

    @property
    def pid(self) -> int:
        return self.process.pid


Spawn = Callable[..., Spawned]


@pytest.fixture
def serene() -> Serene:
    """Return a function that runs `./serene ARGUMENTS` to its end."""

    def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, str(paths.ROOT / "serene"), *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=300,
            env=os.environ | environment,
            check=False,
        )

    return run


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Return a function that starts a Python program and reads the line that it prints first."""
    running: list[subprocess.Popen[str]] = []

    def start(program: str) -> Spawned:
        process = subprocess.Popen(
            # As the runner does it: in a session that it leads.
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        assert process.stdout is not None
        first_line = process.stdout.readline().strip()
        assert first_line, "the program ended before it was set up"
        return Spawned(process, first_line)

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def no_package_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let pip find no package."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack with two workers, nothing started; all that the test starts is stopped at its end."""
    with (
        stack_offset() as offset,
        Stack(offset=offset, directory=tmp_path / "stack", workers=2) as stack,
    ):
        yield stack
