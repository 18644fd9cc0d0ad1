"""One attempt to hand a request to the Collector over OTLP/HTTP.

Cooperative whether or not the process is monkey-patched, because it speaks through gevent's own
sockets, and bounded in total: a peer that refuses, hangs, trickles or talks nonsense costs at most
the time-out. What an answer means for the spans is decided elsewhere.

Source: OTLP 1.x, "OTLP/HTTP"; RFC 9110, section 10.2.3 for ``Retry-After``.
"""

import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

import gevent
import gevent.socket
import gevent.ssl
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from telemetry.urls import DEFAULT_PORTS

AttemptResult = Literal["ok", "rejected", "unavailable", "error", "timeout", "unreachable"]
"""How one attempt ended, the label ``result`` of the export's duration.

- ``ok``: 2xx.
- ``rejected``: a status that says never again.
- ``unavailable``: 408, 429, 502, 503, 504: later.
- ``error``: any other 5xx.
- ``timeout``: no whole answer in time.
- ``unreachable``: no connection, or it broke, or what came back was not HTTP.
"""

TRACES_PATH: Final = "/v1/traces"
MAX_ANSWER_BYTES: Final = 65_536
LATER: Final = frozenset({408, 429, 502, 503, 504})
_HEADERS: Final = {"Content-Type": "application/x-protobuf", "User-Agent": "serene-telemetry"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt.

    Args:
        result: How it ended.
        retry_after_seconds: What the peer asked for; 0 when it did not.
        rejected_spans: Of an ``ok``, how many spans the peer took note of not taking.
    """

    result: AttemptResult
    retry_after_seconds: float = 0.0
    rejected_spans: int = 0


class OtlpHttpSender:
    """Keeps one connection to the Collector.

    Args:
        endpoint: Base URL; ``/v1/traces`` is appended.
        timeout_seconds: Bound of one attempt, from resolving the name to the answer's last byte.
    """

    def __init__(self, endpoint: str, timeout_seconds: float) -> None:
        self._endpoint = urlsplit(endpoint)
        self._path = self._endpoint.path.rstrip("/") + TRACES_PATH
        self._timeout_seconds = timeout_seconds
        self._connection: GeventConnection | None = None

    def send(self, body: bytes) -> Answer:
        """Post one serialized ``ExportTraceServiceRequest``.

        Args:
            body: Protobuf, not compressed.

        Returns:
            The answer; what the peer does is never an exception.
        """
        keep = False
        with gevent.Timeout(self._timeout_seconds) as limit:
            try:
                response = self._post(body)
                answer = _read(
                    response.status,
                    response.headers.get_all("Retry-After"),
                    response.read(MAX_ANSWER_BYTES),
                )
                keep = response.isclosed() and not response.will_close
            except gevent.Timeout as timeout:
                if timeout is not limit:
                    raise
                answer = Answer("timeout")
            except (OSError, HTTPException):
                answer = Answer("unreachable")
            finally:
                # Half an answer may be on its way over a connection that was interrupted.
                if not keep:
                    self.close()
        return answer

    def _post(self, body: bytes) -> HTTPResponse:
        reused = self._connection is not None
        try:
            return self._exchange(body)
        except ConnectionError:
            # The peer may have closed an idle connection; one that was opened for this request it
            # has not.
            if not reused:
                raise
            self.close()
            return self._exchange(body)

    def _exchange(self, body: bytes) -> HTTPResponse:
        if self._connection is None:
            self._connection = GeventConnection(self._endpoint)
        self._connection.request("POST", self._path, body, _HEADERS)
        return self._connection.getresponse()

    def close(self) -> None:
        """Close the connection; the next attempt opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class GeventConnection(HTTPConnection):
    """The standard library's connection over gevent's own sockets, so that it never blocks the hub,
    patched or not.

    Args:
        url: Scheme, host and port count.
    """

    def __init__(self, url: SplitResult) -> None:
        self._tls = url.scheme == "https"
        super().__init__(url.hostname or "", url.port or DEFAULT_PORTS[url.scheme])

    def connect(self) -> None:
        """Open the socket, and the TLS session where the scheme asks for one."""
        self.sock = gevent.socket.create_connection((self.host, self.port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            self.sock = _tls_context().wrap_socket(self.sock, server_hostname=self.host)


@cache
def _tls_context() -> ssl.SSLContext:
    # Reading the system's certificates takes tens of milliseconds: once a process, not once a
    # reconnection.
    context: ssl.SSLContext = gevent.ssl.create_default_context()
    return context


def _read(status: int, retry_after: list[str] | None, body: bytes) -> Answer:
    if 200 <= status < 300:
        return Answer("ok", rejected_spans=_rejected_spans(body))
    if status in LATER:
        return Answer("unavailable", _retry_after_seconds(retry_after))
    return Answer("error" if status >= 500 else "rejected")


def _rejected_spans(body: bytes) -> int:
    try:
        return max(0, ExportTraceServiceResponse.FromString(body).partial_success.rejected_spans)
    except DecodeError:
        return 0  # a proxy's idea of a body; the status said that all is well


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
