"""The one WSGI layer: outermost, from a request's arrival to the last byte of its response.

It opens and completes the record, adds the response headers and refuses requests that arrive after
a drain's delay. ``flask`` adds what only Flask knows of a request.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import Any, Final

import gevent
from flask import Flask

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.flask import FlaskSignals, malformed_body
from telemetry.guard import Guard
from telemetry.http1.rules import BrokenRule, MalformedBody
from telemetry.lifecycle import Lifecycle
from telemetry.problem import CONTENT_TYPE, problem_bytes, problem_members
from telemetry.requests.parsing import RequestParser
from telemetry.requests.record import Outcome, RequestRecord, current_record, set_current_record
from telemetry.requests.recorder import Recorder
from telemetry.server.handover import end_after_handover, ended_by_app, handover_of
from telemetry.tracing import ServerSpans

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Write = Callable[[bytes], object]
StartResponse = Callable[..., Write]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

RETRY_AFTER_SECONDS: Final = 1


class RequestLayer:
    """Wraps a WSGI app so that each request is recorded once, whole.

    Args:
        app: The app that answers.
        parser: Makes the records.
        recorder: Begins and completes them.
        spans: Opens the server span; a completion step of the recorder closes it.
        lifecycle: Decides whether requests are still accepted.
        guard: Stands around everything that is not the app itself.
        config: Decides which headers are added.
    """

    def __init__(
        self,
        app: WsgiApp,
        *,
        parser: RequestParser,
        recorder: Recorder,
        spans: ServerSpans,
        lifecycle: Lifecycle,
        guard: Guard,
        config: TelemetryConfig,
    ) -> None:
        self._app = app
        self._parser = parser
        self._recorder = recorder
        self._spans = spans
        self._lifecycle = lifecycle
        self._guard = guard
        self._adds_request_id = config.request_id
        self._adds_times = config.performance
        self._version_headers: Headers = [
            (names.API_VERSION_HEADER, config.api_version),
            (names.API_SUPPORTED_VERSIONS_HEADER, ", ".join(config.api_supported_versions)),
        ]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        record: RequestRecord | None = None
        with self._guard.at("layer.arrival"):
            record = self._parser.parse(environ)
        if record is None:
            return self._app(environ, start_response)
        exchange = _Exchange(self, record, environ, start_response)
        with self._guard.at("layer.begin"):
            self._begin(record, environ)
        if not self._lifecycle.accepting:
            return exchange.run(self._refuse)
        return exchange.run(_answer_ping if environ.get("PATH_INFO") == "*" else self._app)

    def connect_signals(self, app: Flask) -> None:
        """Record the route and the exception of each request from Flask's signals."""
        self._signals = FlaskSignals(app, self._parser.redactor, self._guard)

    def _begin(self, record: RequestRecord, environ: Environ) -> None:
        set_current_record(record)
        if self._adds_request_id:
            environ[names.REQUEST_ID_ENVIRON] = record.request_id
        record.greenlet = gevent.getcurrent()
        self._recorder.begin(record)
        self._spans.open(record, environ)

    def _refuse(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        record = current_record()
        if record is not None:
            record.outcome = "rejected"
        self._lifecycle.count_rejected()
        members = problem_members(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "This server is shutting down; send the request again.",
            request_id=record.request_id if record else "",
        )
        body = problem_bytes(members)
        headers = [
            ("Content-Type", CONTENT_TYPE),
            ("Content-Length", str(len(body))),
            ("Retry-After", str(RETRY_AFTER_SECONDS)),
        ]
        start_response("503 Service Unavailable", headers)
        return [body]

    def headers(self, record: RequestRecord) -> Headers:
        """Return the headers of every response: request id, API versions, time so far by phase."""
        headers = list(self._version_headers)
        if self._adds_request_id:
            headers.append((names.REQUEST_ID_HEADER, record.request_id))
        if self._adds_times:
            headers += _times(record)
        if self._lifecycle.draining:
            headers.append(("Connection", "close"))
        return headers

    def finish(self, record: RequestRecord, outcome: Outcome, error: BaseException | None) -> None:
        """Complete a record and make it no longer current in this greenlet."""
        with self._guard.at("layer.finish"):
            self._recorder.complete(record, outcome, error)
        if current_record() is record:
            set_current_record(None)

    def started(self, record: RequestRecord, status: str, headers: Headers) -> Headers:
        """Record a status line and return the headers to send."""
        with self._guard.at("layer.headers"):
            record.status = int(status[:3])
            return [*headers, *self.headers(record)]
        return headers


class _Exchange:
    """One request and its response: the iterable that the server sends and closes."""

    __slots__ = (
        "_body",
        "_chunks",
        "_environ",
        "_error",
        "_exhausted",
        "_layer",
        "_outer",
        "_record",
        "_start_response",
    )

    def __init__(
        self,
        layer: RequestLayer,
        record: RequestRecord,
        environ: Environ,
        start_response: StartResponse,
    ) -> None:
        self._layer = layer
        self._record = record
        self._environ = environ
        self._start_response = start_response
        self._body: Iterable[bytes] = ()
        self._chunks: Iterator[bytes] = iter(())
        self._exhausted = False
        self._error: BaseException | None = None
        # An exception that the caller is already handling has nothing to do with this request.
        self._outer = sys.exception()

    def run(self, app: WsgiApp) -> Iterable[bytes]:
        try:
            self._body = app(self._environ, self._start)
            self._chunks = iter(self._body)
        except BaseException as error:
            if ended_by_app(self._environ, error, started=self._record.status is not None):
                self._finish(*end_after_handover(error))
                raise
            if self._record.status is None and isinstance(error, Exception):
                self._record.status = _status_of(error)
            self._finish(_outcome_of(error), error)
            raise
        return self

    def _start(self, status: str, headers: Headers, *exc_info: Any) -> Write:
        write = self._start_response(
            status, self._layer.started(self._record, status, headers), *exc_info
        )

        def counting(data: bytes) -> object:
            self._record.response_bytes += len(data)
            return write(data)

        return counting

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = next(self._chunks)
        except StopIteration:
            self._exhausted = True
            raise
        except BaseException as error:
            self._error = error
            raise
        self._record.response_bytes += len(chunk)
        return chunk

    def close(self) -> None:
        """Complete the request: the server has sent the last byte, or gave up.

        The exception that the server is handling at this moment is the reason.
        """
        raised = sys.exception()
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        except BaseException as error:
            self._error = self._error or error
            raise
        finally:
            self._finish(*self._end_of_request(None if raised is self._outer else raised))

    def _end_of_request(self, raised: BaseException | None) -> tuple[Outcome, BaseException | None]:
        if self._error is not None:
            return _outcome_of(self._error), self._error
        if isinstance(raised, OSError) or (raised is None and not self._exhausted):
            return "client_disconnected", raised
        if raised is not None and not self._exhausted:
            return _outcome_of(raised), raised
        return self._record.outcome or ("failed" if self._record.error_type else "completed"), None

    def _finish(self, outcome: Outcome, error: BaseException | None) -> None:
        handover = handover_of(self._environ)
        if handover is not None and handover.taken:
            # Whatever the app returned or raised afterwards has not reached the client.
            self._record.status = handover.status
        self._layer.finish(self._record, outcome, error)


def _times(record: RequestRecord) -> Headers:
    # W3C Server Timing; a browser's own telemetry links a page to its ``traceparent``.
    now_ns = time.perf_counter_ns()
    milliseconds = (now_ns - record.started_ns) / 1e6
    timings = [f"total;dur={milliseconds:.2f}"]
    timings += [
        f"{phase};dur={seconds * 1e3:.2f}"
        for phase, seconds in record.phase_seconds_until(now_ns).items()
    ]
    if record.span_id:
        flags = "01" if record.sampled else "00"
        timings.append(f'traceparent;desc="00-{record.trace_id}-{record.span_id}-{flags}"')
    return [
        (names.RESPONSE_TIME_HEADER, f"{milliseconds:.2f}ms"),
        (names.SERVER_TIMING_HEADER, ", ".join(timings)),
    ]


def _answer_ping(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer ``OPTIONS *``, which asks the server itself (RFC 9110, section 9.3.7)."""
    start_response("204 No Content", [])
    return []


def _status_of(error: Exception) -> int:
    # Every server sends 500 for an app that raised, but for a body that the client has broken.
    return error.rule.status.value if isinstance(error, BrokenRule) else 500


def _outcome_of(error: BaseException) -> Outcome:
    if isinstance(error, BrokenRule):
        return "completed"
    if isinstance(error, gevent.Timeout):
        return "timeout"
    return "failed" if isinstance(error, Exception) else "killed"


def install(app: Flask, layer: RequestLayer) -> None:
    """Put the layer around a Flask app.

    Args:
        app: The app that the layer was made for; its ``wsgi_app`` becomes the layer.
        layer: Built on the app's former ``wsgi_app``.
    """
    app.register_error_handler(MalformedBody, malformed_body)
    app.wsgi_app = layer  # type: ignore[method-assign]
    layer.connect_signals(app)
