"""What the tests of the stack share.

The real command, real processes, and stacks of their own on free ports.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stack import paths
from stack.backends import every_port
from stack.ports import free_offset
from stack.runner import Stack

Serene = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True)
class Spawned:
    """A process of a test's own, and the line it printed when it was set up."""

    process: "subprocess.Popen[str]"
    said: str

    @property
    def pid(self) -> int:
        return self.process.pid


Spawn = Callable[..., Spawned]


@pytest.fixture
def serene() -> Serene:
    """Runs `./serene ARGUMENTS` to its end."""

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
    """Starts Python with a program that prints a line when it is set up.

    Ends it, by its pid, with the test.
    """
    running: list[subprocess.Popen[str]] = []

    def start(program: str) -> Spawned:
        process = subprocess.Popen(
            # As the runner starts its own: in a session that it leads.
            [sys.executable, "-c", program],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        assert process.stdout is not None
        said = process.stdout.readline().strip()
        assert said, "the program ended before it was set up"
        return Spawned(process, said)

    yield start
    for process in running:
        process.kill()
        process.communicate()


def offset() -> int:
    """An offset at which a stack of up to eight workers finds its ports free."""
    return free_offset(every_port(workers=8))


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack with two workers, nothing started; what the test starts is stopped with it."""
    with Stack(offset=offset(), directory=tmp_path / "stack", workers=2) as stack:
        yield stack
