"""What was pressed, when and until when: one JSON file a fault in the stack's folder.

Whether a fault is at work is another question, which its action answers.
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from stack.processes import Identity
from stack.runner import Stack


@dataclass(frozen=True, slots=True)
class Pressed:
    """One press.

    Attributes:
        name: of the fault.
        at_unix: when, in seconds since the epoch.
        until_unix: when its keeper ends it.
        keeper_pid: of the process that does so; 0 while it is being pressed.
        keeper_started: start time of that process.
    """

    name: str
    at_unix: float
    until_unix: float
    keeper_pid: int = 0
    keeper_started: str = ""

    @property
    def keeper(self) -> Identity:
        """The keeper's identity for `stack.processes`."""
        return Identity(self.keeper_pid, self.keeper_started)

    @property
    def for_seconds(self) -> float:
        """Time since the press."""
        return max(0.0, time.time() - self.at_unix)

    @property
    def left_seconds(self) -> float:
        """Time until its keeper ends it."""
        return max(0.0, self.until_unix - time.time())


class States:
    """The files of one stack."""

    def __init__(self, stack: Stack) -> None:
        self.directory = stack.directory / "faults"

    def read(self, name: str) -> Pressed | None:
        """Return the press of a fault; None when it is not pressed."""
        try:
            return Pressed(**json.loads((self.directory / f"{name}.json").read_text()))
        except FileNotFoundError:
            return None

    def all(self) -> Iterator[Pressed]:
        """Yield every press."""
        for path in sorted(self.directory.glob("*.json")):
            pressed = self.read(path.stem)
            if pressed is not None:
                yield pressed

    def write(self, pressed: Pressed) -> None:
        """Write a press, replacing an older one of that fault."""
        self._replace(f"{pressed.name}.json", json.dumps(asdict(pressed)))

    def remove(self, name: str) -> None:
        """Delete the press of a fault."""
        (self.directory / f"{name}.json").unlink(missing_ok=True)

    def write_environment(self, backend: str, environment: Mapping[str, str]) -> None:
        """Keep the environment of a backend that is about to be killed."""
        self._replace(f"{backend}.environment", json.dumps(dict(environment)))

    def read_environment(self, backend: str) -> dict[str, str]:
        """Return what was kept; empty when nothing was."""
        try:
            kept: dict[str, str] = json.loads(
                (self.directory / f"{backend}.environment").read_text()
            )
        except FileNotFoundError:
            return {}
        return kept

    def _replace(self, name: str, text: str) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        scratch = self.directory / f".{name}.{os.getpid()}"
        # It may hold secrets.
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        os.replace(scratch, self.directory / name)
