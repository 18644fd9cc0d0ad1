"""What runs, on disk: one small JSON file a process, so that any later command finds it and none
rewrites another's.

A record says what was started; whether that still runs is asked of the operating system each time,
by pid and start time. Files appear whole or not at all.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from stack import processes
from stack.processes import Identity


@dataclass(frozen=True, slots=True)
class Record:
    """One started process: what `Stack.start` knew of it."""

    name: str
    pid: int
    started: str
    workers: int

    @property
    def identity(self) -> Identity:
        """For `stack.processes`."""
        return Identity(self.pid, self.started)


class Records:
    """The records in one folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> Record | None:
        """The record of `name`; None when nothing of that name was started, or it was stopped."""
        try:
            return Record(**json.loads(self._path(name).read_text()))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def alive(self, name: str) -> Record | None:
        """The record of `name` if that very process runs."""
        record = self.read(name)
        return record if record is not None and processes.is_alive(record.identity) else None

    def all(self) -> Iterator[Record]:
        """Every record, of live and of dead processes."""
        for path in sorted(self._directory.glob("*.json")):
            record = self.read(path.stem)
            if record is not None:
                yield record

    def write(self, record: Record) -> None:
        """Keep `record`, in place of an older one of that name."""
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=self._directory)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(record), file)
        os.replace(scratch, self._path(record.name))

    def remove(self, name: str) -> None:
        """Forget `name`."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"
