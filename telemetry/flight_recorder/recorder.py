"""``FlightRecorder``: snapshots of slow requests, and the ring of slow, failed and cut ones.

The hub only appends to short lists; a native thread does the work. A good request costs two
comparisons, and what its log lines cost.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import gevent
from greenlet import greenlet

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.debug_page import DebugPage
from telemetry.flight_recorder.camera import Camera
from telemetry.flight_recorder.dump import Dump
from telemetry.flight_recorder.ended import EndedRequest, reason_to_keep
from telemetry.flight_recorder.notes import LineKeeper, Notes, size_of
from telemetry.flight_recorder.quiet import quiet_line
from telemetry.flight_recorder.request_list import PATH, RequestList
from telemetry.flight_recorder.request_page import RequestPage
from telemetry.flight_recorder.ring import Ring
from telemetry.flight_recorder.snapshot import SeenWait
from telemetry.flight_recorder.watch import Watch
from telemetry.guard import Guard
from telemetry.logs import Logs, debug_lines
from telemetry.metrics import Metrics
from telemetry.native import HubGuard, NativeThread, new_lock
from telemetry.redaction import Redactor
from telemetry.requests.completed import freeze
from telemetry.requests.holders import Holder
from telemetry.requests.record import RequestRecord, current_record
from telemetry.span_names import SNAPSHOT_EVENT

MOST_WAITING: Final = 64
"""Ended requests between the hub and the ring; more at once are left out and counted."""
DUMPED: Final = ("/debug/hub", "/debug/pool")


class RequestsInFlight(Protocol):
    """Knows the requests in flight."""

    @property
    def in_flight(self) -> tuple[RequestRecord, ...]:
        """From any thread, oldest first."""


class _NothingInFlight:
    in_flight: tuple[RequestRecord, ...] = ()


class FlightRecorder:
    """The recorder of one worker.

    Args:
        config: What is kept, and of which loggers.
        metrics: Where kept and evicted requests are counted.
        guard: Stands around all of it.
        logs: Where a dump is written, and whose lines are kept.

    Attributes:
        app_loggers: Names of the app's own, where the settings name none.
        dump: Writes one into the log when it is requested.
        ring: What is kept of ended requests.
    """

    def __init__(self, config: TelemetryConfig, metrics: Metrics, guard: Guard, logs: Logs) -> None:
        self._config = config
        self._guard = guard
        self._logs = logs
        self._recorder: RequestsInFlight = _NothingInFlight()
        self._redactor = Redactor(config.redact_names)
        self._counted = metrics.counter(names.RECORDED_REQUESTS)
        self.ring = Ring(config.flight_recorder_bytes)
        self._lines = LineKeeper(config.flight_recorder_bytes)
        self._ended: deque[EndedRequest] = deque()
        self._settling = new_lock()
        self._at_line = guard.at("flight.line")
        self._watch: Watch | None = None
        self._camera: Camera | None = None
        self.app_loggers: list[str] = []
        self.dump = Dump(logs.writer.write, logs.members)

    def pages(self, others: Mapping[str, DebugPage]) -> Mapping[str, DebugPage]:
        """Return the pages of requests with others, by path.

        Args:
            others: Those in ``DUMPED`` become part of a dump.
        """
        listed = RequestList(self._in_flight, self.past, self._open_waits)
        single = RequestPage(
            self._in_flight, self.past, lambda: self._camera, self._config, self._redactor
        )
        self.dump.pages = {path: others[path] for path in DUMPED if path in others}
        return {PATH: listed.page, f"{PATH}/": single.page, **others}

    def start(
        self,
        recorder: RequestsInFlight,
        greenlets: Callable[[], Iterable[greenlet]],
        holders: Callable[[], Iterable[Holder]],
    ) -> None:
        """Start; after the fork, from the thread whose hub serves requests.

        Args:
            recorder: Of the worker.
            greenlets: The greenlets of the hub's thread, from any thread.
            holders: The connections that are out of their pools, from any thread.
        """
        if self._watch is not None:
            return
        self._recorder = recorder
        self._camera = Camera(
            self._in_flight,
            greenlets,
            holders,
            self._redactor,
            gevent.get_hub().thread_ident,
        )
        if self._config.flight_recorder_bytes:
            self._logs.on_line(self._keep_line)
            if self._config.debug_lines:
                debug_lines.install(
                    self._config.debug_loggers or self.app_loggers, self._keep_quiet
                )
        self._watch = Watch(
            self._in_flight,
            self._camera.take if self._config.snapshots else None,
            (self.settle, self._write_dump),
            HubGuard(self._guard),
        )
        NativeThread(self._watch.run).start()

    def stop(self) -> None:
        """Stop; the thread ends within one interval. What is kept stays readable."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
            self._logs.on_line(None)
            debug_lines.uninstall()

    def add_events(self, record: RequestRecord) -> None:
        """Make its snapshots events of a request; a completion step before the span's."""
        notes = record.notes
        if isinstance(notes, Notes):
            for each in tuple(notes.snapshots):
                record.add_event(SNAPSHOT_EVENT, each.attributes(), each.unix_ns)

    def keep(self, record: RequestRecord) -> None:
        """Keep a completed request that was slow, failed or cut; a completion step, the last."""
        notes, record.notes = record.notes, None
        if isinstance(notes, Notes):
            self._lines.release(notes)
        else:
            notes = None
        reason = reason_to_keep(record)
        if not reason or not self.ring.most_bytes:
            return
        if len(self._ended) >= MOST_WAITING:
            self._counted.labels("left_out").inc()
            return
        self._ended.append(
            EndedRequest(freeze(record), reason, notes, record.events, record.redacted_values)
        )

    def settle(self) -> None:
        """Move what has ended into the ring; from any native thread."""
        with self._settling:
            while self._ended:
                ended = self._ended.popleft()
                evicted = self.ring.add(ended.summary(), ended.members(self._redactor))
                self._counted.labels("kept").inc()
                if evicted:
                    self._counted.labels("evicted").inc(evicted)

    def past(self) -> Ring:
        """Return the ring with everything that has ended until now; from any native thread."""
        self.settle()
        return self.ring

    def request_dump(self) -> None:
        """Write requests, hub and pools into the log soon; safe in a signal handler."""
        self.dump.request()

    def _in_flight(self) -> Sequence[RequestRecord]:
        return self._recorder.in_flight

    def _open_waits(self, record: RequestRecord, now_ns: int) -> Sequence[SeenWait]:
        return self._camera.open_waits(record, now_ns) if self._camera is not None else ()

    def _write_dump(self) -> None:
        if self.dump.requested and self._camera is not None:
            self.dump.write(self._in_flight(), self._camera, self.past())

    def _keep_line(self, record: RequestRecord, line: Mapping[str, Any] | str) -> None:
        try:
            if isinstance(line, Mapping):
                self._lines.add(record, line, size_of(line))
        except Exception as error:
            self._at_line.caught(error)

    def _keep_quiet(
        self,
        logger: logging.Logger,
        level: int,
        message: object,
        args: tuple[Any, ...],
        exc_info: Any,
        extra: Any,
    ) -> None:
        record = current_record()
        if record is None or record.outcome is not None:
            return
        try:
            line = quiet_line(time.time(), level, logger.name, message, args, exc_info, extra)
            self._lines.add(record, line, line.characters())
        except Exception as error:
            self._at_line.caught(error)
