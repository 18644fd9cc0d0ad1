"""What is kept of one request while it is in flight: its log lines and its snapshots.

Most requests have none, and no object for them. The lines of all requests together are bounded, so
that a flood of lines cannot fill the memory.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from telemetry.flight_recorder.snapshot import Snapshot
from telemetry.native import new_lock
from telemetry.requests.record import RequestRecord

MOST_LINES: Final = 200
MOST_CHARACTERS: Final = 65_536
"""Of the lines of one request, roughly."""
LONGEST_LINE: Final = 16_384
"""A longer one is left out whole: half a secret may not be recognised as one."""
MEMBERS_CHARACTERS: Final = 200
"""Of the members of a line beside its message: ids and names."""

_making: Final = new_lock()


class QuietLine(NamedTuple):
    """A line below the log's level: not redacted, and formatted only if its request turns out bad.

    Args:
        unix_seconds: When.
        level: Its name.
        logger: Its name.
        message: A format where there are ``args``, else the text.
        args: Texts and numbers alone; anything else was formatted at once.
        members: Further ones, plain.
    """

    unix_seconds: float
    level: str
    logger: str
    message: str
    args: tuple[object, ...] = ()
    members: Mapping[str, Any] = {}

    def text(self) -> str:
        """Return the message, whatever is wrong with the format."""
        try:
            return self.message % self.args if self.args else self.message
        except Exception as error:
            return f"{self.message} ({type(error).__name__}: {error})"

    def characters(self) -> int:
        """Return its size, roughly."""
        texts = [self.message, *(each for each in self.args if isinstance(each, str))]
        return (
            MEMBERS_CHARACTERS
            + sum(map(len, texts))
            + (len(str(self.members)) if self.members else 0)
        )


class Notes:
    """Of one request.

    Attributes:
        lines: The newest ones, each with its size.
        characters: Of them together.
        left_out: Number of lines that had no room.
        snapshots: In order.
        due_seconds: Age of the request at which the next snapshot is due; 0 before the first.
        tries: Snapshots that were begun.
    """

    __slots__ = ("characters", "due_seconds", "left_out", "lines", "snapshots", "tries")

    def __init__(self) -> None:
        self.lines: deque[tuple[QuietLine | Mapping[str, Any], int]] = deque()
        self.characters = 0
        self.left_out = 0
        self.snapshots: list[Snapshot] = []
        self.due_seconds = 0.0
        self.tries = 0


def notes_of(record: RequestRecord) -> Notes:
    """Return the notes of a request, made at the first call; from any thread."""
    found = record.notes
    if not isinstance(found, Notes):
        with _making:
            found = record.notes
            if not isinstance(found, Notes):
                found = record.notes = Notes()
    return found


class LineKeeper:
    """Adds lines to notes within the bounds.

    Args:
        most_characters: Of the lines of all requests in flight.
    """

    def __init__(self, most_characters: int) -> None:
        self._most = most_characters
        self._characters = 0

    def add(
        self, record: RequestRecord, line: QuietLine | Mapping[str, Any], characters: int
    ) -> None:
        """Keep a line of a request in flight."""
        if record.outcome is not None:
            return
        notes = notes_of(record)
        if characters > LONGEST_LINE or self._characters + characters > self._most:
            notes.left_out += 1
            return
        while notes.lines and (
            len(notes.lines) >= MOST_LINES or notes.characters + characters > MOST_CHARACTERS
        ):
            _, freed = notes.lines.popleft()
            self._count(notes, -freed)
            notes.left_out += 1
        notes.lines.append((line, characters))
        self._count(notes, characters)

    def release(self, notes: Notes) -> None:
        """Give the room back: the request has ended."""
        self._characters -= notes.characters

    def _count(self, notes: Notes, characters: int) -> None:
        notes.characters += characters
        self._characters += characters


def size_of(line: Mapping[str, Any]) -> int:
    """Return the size of a line that was written, roughly."""
    long: Iterable[Any] = (line.get("message", ""), *_exception(line))
    return MEMBERS_CHARACTERS + sum(len(each) for each in long if isinstance(each, str))


def _exception(line: Mapping[str, Any]) -> Iterable[Any]:
    found = line.get("exception")
    return found.values() if isinstance(found, Mapping) else ()
