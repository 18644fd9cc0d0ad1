"""The one WSGI layer: outermost, from a request's arrival to the last byte of its response.

It opens and completes the record, adds the response headers and refuses requests that arrive after
a drain's delay. ``flask`` adds what only Flask knows of a request.
"""

import time
from collections.abc import Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Final

import gevent
from flask import Flask

from telemetry import flask_hooks, flask_shortcuts, names
from telemetry.config import TelemetryConfig
from telemetry.decimals import HUNDRED, milliseconds
from telemetry.environ_keys import RECORD_ENVIRON, REQUEST_ID_ENVIRON
from telemetry.exchange import (
    Environ,
    Exchange,
    Headers,
    StartResponse,
    WsgiApp,
)
from telemetry.flask import FlaskObserver, malformed_body
from telemetry.guard import Guard
from telemetry.http1.rules import MalformedBody
from telemetry.lifecycle import Lifecycle
from telemetry.nested_exchange import NestedExchange
from telemetry.problem import CONTENT_TYPE, problem_bytes, problem_members
from telemetry.requests.parsing import RequestParser
from telemetry.requests.record import Outcome, RequestRecord, current_record, set_current_record
from telemetry.requests.recorder import Recorder
from telemetry.server import client_outcome
from telemetry.tracing import ServerSpans

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
        self._arrival, self._beginning = guard.at("layer.arrival"), guard.at("layer.begin")
        self._headers, self._end = guard.at("layer.headers"), guard.at("layer.finish")
        self._adds_request_id = config.request_id
        self._adds_times = config.performance
        self._version_headers: Headers = [
            (names.API_VERSION_HEADER, config.api_version),
            (names.API_SUPPORTED_VERSIONS_HEADER, ", ".join(config.api_supported_versions)),
        ]
        self._version_lines: str | None = None
        if all(value.isascii() and value.isprintable() for _, value in self._version_headers):
            self._version_lines = _lines(self._version_headers)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        record: RequestRecord | None = None
        try:
            record = self._parser.parse(environ)
        except Exception as error:
            self._arrival.caught(error)
        if record is None:
            return self._app(environ, start_response)
        outer = current_record()
        if outer is not None and outer.in_app:
            return self._serve_nested(record, outer, environ, start_response)
        exchange = Exchange(self, record, environ, start_response)
        try:
            self._begin(record, environ)
        except Exception as error:
            self._beginning.caught(error)
        if not self._lifecycle.accepting:
            return exchange.run(self._refuse)
        return exchange.run(_answer_ping if environ.get("PATH_INFO") == "*" else self._app)

    def _serve_nested(
        self,
        record: RequestRecord,
        outer: RequestRecord,
        environ: Environ,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """Serve a request that another one makes: a part of its work, also in a drain."""
        record.nest_in(outer)
        exchange = NestedExchange(self, record, environ, start_response, outer)
        with self._beginning:
            exchange.begin(self._begin)
        return exchange.run(self._app)

    def observe(self, app: Flask) -> None:
        """Record the route and the exception of each request as Flask finds them."""
        self._observer = FlaskObserver(app, self._parser.redactor, self._guard)

    def _begin(self, record: RequestRecord, environ: Environ) -> None:
        set_current_record(record)
        environ[RECORD_ENVIRON] = record
        if self._adds_request_id:
            environ[REQUEST_ID_ENVIRON] = record.request_id
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

    def finish(self, record: RequestRecord, outcome: Outcome, error: BaseException | None) -> None:
        """Complete a record and make it no longer current in this greenlet."""
        try:
            self._recorder.complete(record, outcome, error)
        except Exception as wrong:
            self._end.caught(wrong)
        if current_record() is record:
            set_current_record(None)

    def resume(self, record: RequestRecord) -> None:
        """Go on with a record after a nested one has run in its greenlet."""
        if record.outcome is None:
            self._recorder.resume(record)

    def started(self, record: RequestRecord, status: str, headers: Headers) -> Headers:
        """Record a status line and return the headers to send."""
        try:
            record.status = _code_of(status)
            own = self._version_headers.copy()
            if self._adds_request_id:
                own.append((names.REQUEST_ID_HEADER, record.request_id))
            if self._adds_times:
                total, timing = _times(record)
                own.append((names.RESPONSE_TIME_HEADER, f"{total}ms"))
                own.append((names.SERVER_TIMING_HEADER, timing))
            if self._lifecycle.draining:
                own.append(("Connection", "close"))
            if record.has_nested:
                names_of_own = {name.lower() for name, _ in own}
                headers = [each for each in headers if each[0].lower() not in names_of_own]
            headers = headers + own
        except Exception as error:
            self._headers.caught(error)
        return headers

    def started_in_lines(self, record: RequestRecord, status: str) -> str | None:
        """Record a status line and return the headers to add; see ``Layer``."""
        lines = self._version_lines
        if lines is None or record.has_nested or self._lifecycle.draining:
            return None
        try:
            record.status = _code_of(status)
            if self._adds_request_id:
                lines += f"{_REQUEST_ID}{record.request_id}\r\n"
            if self._adds_times:
                total, timing = _times(record)
                lines += f"{_RESPONSE_TIME}{total}ms\r\n{_SERVER_TIMING}{timing}\r\n"
        except Exception as error:
            self._headers.caught(error)
        return lines


_REQUEST_ID: Final = f"{names.REQUEST_ID_HEADER}: "
_RESPONSE_TIME: Final = f"{names.RESPONSE_TIME_HEADER}: "
_SERVER_TIMING: Final = f"{names.SERVER_TIMING_HEADER}: "


@lru_cache(maxsize=64)
def _code_of(status: str) -> int:
    """Return the code of a status line; an app has few of them."""
    return int(status[:3])


def _lines(headers: Headers) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers)


def _times(record: RequestRecord) -> tuple[str, str]:
    """Return the milliseconds until now, and a Server-Timing that also names the phases."""
    # W3C Server Timing; a browser's own telemetry links a page to its ``traceparent``.
    now_ns = time.perf_counter_ns()
    line, began_ns = record.time_line, 0
    if line is not None and record.named_later is None:
        began_ns = line.began_ns()
    if began_ns:
        total, timing = _short_times(record.started_ns, began_ns, now_ns)
    else:
        total = milliseconds((now_ns - record.started_ns) / 1e9)
        timing = f"total;dur={total}"
        for phase, seconds in record.phase_seconds_until(now_ns).items():
            timing += f", {phase};dur={milliseconds(seconds)}"
    if record.span_id:
        flags = "01" if record.sampled else "00"
        timing += f', traceparent;desc="00-{record.trace_id}-{record.span_id}-{flags}"'
    return total, timing


def _short_times(started_ns: int, began_ns: int, now_ns: int) -> tuple[str, str]:
    """As ``_times``, for a request that has only waited in the queue and run since: as most."""
    # By integers, in hundredths: a third of what floating point numbers cost.
    total = (now_ns - started_ns + 5_000) // 10_000
    queue = (began_ns - started_ns + 5_000) // 10_000
    cpu = (now_ns - began_ns + 5_000) // 10_000
    total_text = f"{total // 100}.{HUNDRED[total % 100]}"
    return total_text, (
        f"total;dur={total_text}, queue;dur={queue // 100}.{HUNDRED[queue % 100]}, "
        f"cpu;dur={cpu // 100}.{HUNDRED[cpu % 100]}"
    )


def _answer_ping(_: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answer ``OPTIONS *``, which asks the server itself (RFC 9110, section 9.3.7)."""
    start_response("204 No Content", [])
    return []


def install(app: Flask, layer: RequestLayer) -> None:
    """Put the layer around a Flask app.

    Args:
        app: The app that the layer was made for; its ``wsgi_app`` becomes the layer.
        layer: Built on the app's former ``wsgi_app``.
    """
    app.register_error_handler(MalformedBody, malformed_body)
    app.wsgi_app = layer  # type: ignore[method-assign]
    flask_hooks.install(app)  # before what goes around one of them
    layer.observe(app)
    client_outcome.install(app)
    flask_shortcuts.install(app)
