"""Records of started processes on disk: one JSON file a process, written atomically.

Any later command finds them, and none rewrites another's. A record states what was started; whether
that process still runs is checked each time, by pid and start time.
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
    """One started process."""

    name: str
    pid: int
    started: str
    workers: int

    @property
    def identity(self) -> Identity:
        """Its identity for `stack.processes`."""
        return Identity(self.pid, self.started)


class Records:
    """The records in one folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> Record | None:
        """Return the record of `name`; None when it was not started, or was stopped."""
        try:
            return Record(**json.loads(self._path(name).read_text()))
        except (FileNotFoundError, NotADirectoryError):
            return None

    def alive(self, name: str) -> Record | None:
        """Return the record of `name` if that process runs."""
        record = self.read(name)
        return record if record is not None and processes.is_alive(record.identity) else None

    def all(self) -> Iterator[Record]:
        """Yield every record, of live and of dead processes."""
        for path in sorted(self._directory.glob("*.json")):
            record = self.read(path.stem)
            if record is not None:
                yield record

    def write(self, record: Record) -> None:
        """Write `record`, replacing an older one of that name."""
        self._directory.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=self._directory)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(record), file)
        os.replace(scratch, self._path(record.name))

    def remove(self, name: str) -> None:
        """Delete the record of `name`."""
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.json"
