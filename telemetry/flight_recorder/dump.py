"""A dump into the log, on request: what goes on now, and what ended badly before.

It is requested by a signal handler, which only sets an attribute, and written by a native thread,
straight to the thread that writes the log: so it comes also while the hub is held.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from telemetry.debug_page import DebugPage, Page
from telemetry.flight_recorder.camera import Camera
from telemetry.flight_recorder.ring import Ring
from telemetry.logs.lines import Line, timestamp
from telemetry.requests.phase_account import rounded_seconds
from telemetry.requests.record import RequestRecord

LOGGER: Final = "telemetry.flight_recorder"
MOST_REQUESTS: Final = 100
MOST_PAST: Final = 50


class Dump:
    """Writes dumps.

    Args:
        write: Queues a log line; from any thread.
        members: Of every line.
    """

    def __init__(self, write: Callable[[Line], None], members: Mapping[str, str]) -> None:
        self._write = write
        self._members = members
        self.requested = False
        self.pages: Mapping[str, DebugPage] = {}
        """Debug pages whose data belongs to a dump, by path."""

    def request(self) -> None:
        """Request one; safe in a signal handler."""
        self.requested = True

    def write(self, in_flight: Sequence[RequestRecord], camera: Camera, past: Ring) -> None:
        """Write what was requested.

        Args:
            in_flight: The requests in flight, oldest first.
            camera: Takes a snapshot of each.
            past: Those that have ended badly.
        """
        self.requested = False
        ended = past.summaries()
        self._line(
            f"dump: {len(in_flight)} requests in flight, {len(ended)} bad ones kept",
            {"in_flight": len(in_flight), "kept": len(ended)},
        )
        for record in in_flight[:MOST_REQUESTS]:
            self._write_request(record, camera)
        for path, page in self.pages.items():
            shown = page({})
            if isinstance(shown, Page):
                self._line(f"dump: {path}", dict(shown.data))
        for each in ended[:MOST_PAST]:
            self._line(
                f"dump: {each.reason} request: {each.method} {each.route}, {each.seconds:.3f} s",
                {
                    "status": each.status,
                    "outcome": each.outcome,
                    "began": timestamp(each.began_unix_seconds),
                    "duration_seconds": round(each.seconds, 6),
                    "phases": rounded_seconds(each.phases),
                },
                {"request_id": each.request_id, "trace_id": each.trace_id},
            )
        self._line("dump: end", {})

    def _write_request(self, record: RequestRecord, camera: Camera) -> None:
        snapshot = camera.take(record)
        self._line(
            f"dump: request in flight: {record.method_label} {record.route} for "
            f"{snapshot.age_seconds:.3f} s, {snapshot.state}",
            {
                "age_seconds": round(snapshot.age_seconds, 6),
                "phases": rounded_seconds(snapshot.phases),
                "waiting": [each.members() for each in snapshot.waiting],
                "stacks": list(snapshot.lines()),
            },
            {"request_id": record.request_id, "trace_id": record.trace_id},
        )

    def _line(
        self, message: str, fields: Mapping[str, Any], ids: Mapping[str, str] | None = None
    ) -> None:
        self._write(
            {
                "time": timestamp(time.time()),
                "level": "WARNING",
                "logger": LOGGER,
                "message": message,
                **(ids or {}),
                **fields,
                **self._members,
            }
        )
