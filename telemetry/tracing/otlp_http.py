"""One attempt to send a request to the receiver over OTLP/HTTP.

Cooperative whether or not the process is monkey-patched, because it uses gevent's own sockets, and
bounded in total: a receiver that refuses, hangs, trickles or does not speak HTTP costs at most the
time-out. What a result means for the spans is decided elsewhere.

Source: OTLP 1.x, "OTLP/HTTP"; RFC 9110, section 10.2.3 for ``Retry-After``.
"""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import gevent
import gevent.socket

from telemetry.tracing.batch import Compression
from telemetry.tracing.problems import Problem, problem_of_error, problem_of_status
from telemetry.tracing.tls import NO_FILES, TlsFiles, client_context
from telemetry.tracing.wire import fields_of
from telemetry.urls import DEFAULT_PORTS

AttemptResult = Literal["ok", "rejected", "unavailable", "error", "timeout", "unreachable"]
"""How one attempt ended, the label ``result`` of the export's duration.

- ``ok``: 2xx.
- ``rejected``: a status after which the request must not be sent again.
- ``unavailable``: 408, 429, 502, 503, 504: to be sent again later.
- ``error``: any other 5xx.
- ``timeout``: no whole response in time.
- ``unreachable``: no connection, or it broke, or what came back was not HTTP.
"""

MAX_RESPONSE_BYTES: Final = 65_536
RETRYABLE: Final = frozenset({408, 429, 502, 503, 504})
USER_AGENT: Final = "serene-telemetry"


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where requests go, and how.

    Args:
        url: Whole, of scheme http or https.
        timeout_seconds: Bound of one attempt, from resolving the name to the response's last byte.
        headers: Of each request, beside those that describe its body.
        compression: Of the bodies that are sent.
        tls: For a URL of scheme https.
    """

    url: str
    timeout_seconds: float
    # May hold the receiver's key.
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    compression: Compression = "none"
    tls: TlsFiles = NO_FILES


@dataclass(frozen=True, slots=True)
class ExportResult:
    """How an attempt ended.

    Args:
        result: In one word.
        retry_after_seconds: Pause that the receiver asked for; 0 without one.
        rejected_spans: Of an ``ok``, how many of its spans the receiver reports as not accepted.
        problem: Why not all was taken, in one word; see ``problems``.
    """

    result: AttemptResult
    retry_after_seconds: float = 0.0
    rejected_spans: int = 0
    problem: Problem = field(default="", compare=False)


class OtlpHttpSender:
    """Keeps one connection to the receiver.

    Args:
        receiver: Where to connect to.

    Raises:
        SettingError: A file for TLS cannot be used.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._url = urlsplit(receiver.url)
        self._target = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        self._headers = _headers(receiver)
        self._tls: ssl.SSLContext | None = None
        if self._url.scheme == "https" and receiver.tls != NO_FILES:
            self._tls = client_context(receiver.tls)
        self._connection: GeventConnection | None = None

    def send(self, body: bytes) -> ExportResult:
        """Post one serialized ``ExportTraceServiceRequest``.

        Args:
            body: Protobuf, compressed as the receiver's ``compression`` names it.

        Returns:
            The result; nothing that the receiver does raises an exception.
        """
        keep = False
        with gevent.Timeout(self._receiver.timeout_seconds) as limit:
            try:
                response = self._post(body)
                outcome = _read(response, response.read(MAX_RESPONSE_BYTES))
                keep = response.isclosed() and not response.will_close
            except gevent.Timeout as timeout:
                if timeout is not limit:
                    raise
                outcome = ExportResult("timeout", problem="timeout")
            except (OSError, HTTPException) as error:
                outcome = ExportResult("unreachable", problem=problem_of_error(error))
            finally:
                # Half a response may still arrive on a connection that was interrupted.
                if not keep:
                    self.close()
        return outcome

    def _post(self, body: bytes) -> HTTPResponse:
        reused = self._connection is not None
        try:
            return self._exchange(body)
        except ConnectionError:
            # The receiver may have closed a connection that was idle, never one that was opened for
            # this request.
            if not reused:
                raise
            self.close()
            return self._exchange(body)

    def _exchange(self, body: bytes) -> HTTPResponse:
        if self._connection is None:
            self._connection = GeventConnection(self._url, self._tls_context)
        self._connection.request("POST", self._target, body, self._headers)
        return self._connection.getresponse()

    def _tls_context(self) -> ssl.SSLContext:
        # Reading the system's certificates takes tens of milliseconds: once, not once a connection.
        if self._tls is None:
            self._tls = client_context(NO_FILES)
        return self._tls

    def close(self) -> None:
        """Close the connection; the next attempt opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class GeventConnection(HTTPConnection):
    """The standard library's connection over gevent's own sockets.

    It never blocks the hub, whether the process is monkey-patched or not.

    Args:
        url: Scheme, host and port count.
        tls_context: Makes or returns the context of a connection over TLS.
    """

    def __init__(self, url: SplitResult, tls_context: Callable[[], ssl.SSLContext]) -> None:
        self._tls_context = tls_context if url.scheme == "https" else None
        super().__init__(url.hostname or "", url.port or DEFAULT_PORTS[url.scheme])

    def connect(self) -> None:
        """Open the socket, and the TLS session where the scheme asks for one."""
        self.sock = gevent.socket.create_connection((self.host, self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls_context is not None:
            self.sock = self._tls_context().wrap_socket(self.sock, server_hostname=self.host)


def _headers(receiver: Receiver) -> dict[str, str]:
    """Headers of every request; lower case, so that none is sent twice."""
    headers = {"user-agent": USER_AGENT}
    headers |= {name.lower(): value for name, value in receiver.headers}
    headers["content-type"] = "application/x-protobuf"
    if receiver.compression != "none":
        headers["content-encoding"] = receiver.compression
    return headers


def _read(response: HTTPResponse, body: bytes) -> ExportResult:
    status, headers = response.status, response.headers
    if 200 <= status < 300:
        # A page of a web server: no Collector has taken anything.
        if headers.get_content_type() in ("text/html", "application/xhtml+xml"):
            return ExportResult("rejected", problem="not_a_collector")
        rejected = _rejected_spans(body)
        return ExportResult("ok", rejected_spans=rejected, problem="partial" if rejected else "")
    problem = problem_of_status(status, body)
    if status in RETRYABLE:
        seconds = _retry_after_seconds(headers.get_all("Retry-After"))
        return ExportResult("unavailable", seconds, problem=problem)
    return ExportResult("error" if status >= 500 else "rejected", problem=problem)


def _rejected_spans(body: bytes) -> int:
    """``rejected_spans`` of ``partial_success``; 0 in a body that a proxy wrote.

    Source: ``opentelemetry/proto/collector/trace/v1/trace_service.proto``.
    """
    try:
        partial = fields_of(body).get(1, b"")
        rejected = fields_of(partial).get(1, 0) if isinstance(partial, bytes) else 0
    except ValueError:
        return 0  # the status is what counts
    # A negative number has its highest bit set.
    return rejected if isinstance(rejected, int) and rejected < 1 << 63 else 0


def _retry_after_seconds(values: list[str] | None) -> float:
    if not values:
        return 0.0
    if values[0].isascii() and values[0].isdigit():
        return float(values[0][:9])
    try:
        moment = parsedate_to_datetime(values[0])
    except ValueError:
        return 0.0
    return max(
        0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    )
