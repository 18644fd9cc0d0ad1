"""The ended requests that are kept: as many as fit into some bytes, the newest ones.

Each is compressed JSON, so its size is exact and it refers to nothing. Written and read by native
threads; the hub never waits for its lock.
"""

import json
import zlib
from collections import deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from telemetry.native import new_lock

SUMMARY_BYTES: Final = 1_000
"""Of the facts that stay readable, with their objects; more than they take."""


class Summary(NamedTuple):
    """What a list shows of a kept request; see ``CompletedRequest``."""

    request_id: str
    trace_id: str
    method: str
    route: str
    status: int | None
    outcome: str
    reason: str
    began_unix_seconds: float
    seconds: float
    dominant_phase: str
    phases: Mapping[str, float]
    snapshots: int
    log_lines: int


class _Kept(NamedTuple):
    summary: Summary
    body: bytes


class Ring:
    """Keeps the newest requests.

    Args:
        most_bytes: Of all of them; one that is larger alone is not kept.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.kept_bytes = 0
        self._kept: deque[_Kept] = deque()
        self._lock = new_lock()

    def add(self, summary: Summary, members: Mapping[str, Any]) -> int:
        """Keep one.

        Args:
            summary: For lists.
            members: JSON values.

        Returns:
            How many had to go for it; it counts itself when it is too large.
        """
        body = zlib.compress(json.dumps(members, default=str, separators=(",", ":")).encode(), 1)
        size = len(body) + SUMMARY_BYTES
        if size > self.most_bytes:
            return 1
        evicted = 0
        with self._lock:
            self._kept.append(_Kept(summary, body))
            self.kept_bytes += size
            while self.kept_bytes > self.most_bytes:
                self.kept_bytes -= len(self._kept.popleft().body) + SUMMARY_BYTES
                evicted += 1
        return evicted

    def summaries(self) -> list[Summary]:
        """Return those that are kept, newest first."""
        with self._lock:
            return [each.summary for each in reversed(self._kept)]

    def find(self, searched: str) -> dict[str, Any] | None:
        """Return the newest request with that request id or trace id."""
        with self._lock:
            found = next(
                (
                    each.body
                    for each in reversed(self._kept)
                    if searched in (each.summary.request_id, each.summary.trace_id)
                ),
                None,
            )
        if found is None:
            return None
        members: dict[str, Any] = json.loads(zlib.decompress(found))
        return members
