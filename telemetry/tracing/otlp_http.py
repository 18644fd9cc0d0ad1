"""One attempt to hand a request to the Collector over OTLP/HTTP.

Cooperative whether or not the process is monkey-patched (geventhttpclient speaks through gevent's own sockets), and bounded in total: a
peer that refuses, hangs, trickles or talks nonsense costs at most the time-out. What an answer means for the spans is decided elsewhere.

Source: OTLP 1.x, "OTLP/HTTP"; RFC 9110, section 10.2.3 for ``Retry-After``.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final, Literal
from urllib.parse import urlsplit

import gevent
import gevent.ssl
from geventhttpclient import HTTPClient
from geventhttpclient.response import HTTPParseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

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
        parts = urlsplit(endpoint)
        self._host = parts.hostname or ""
        self._port = parts.port
        self._https = parts.scheme == "https"
        self._path = parts.path.rstrip("/") + TRACES_PATH
        self._timeout_seconds = timeout_seconds
        self._client: HTTPClient | None = None

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
                response = self._connected().post(self._path, body, _HEADERS)
                answer = _read(response.status_code, response.get("retry-after"), response.read(MAX_ANSWER_BYTES))
                keep = not response.should_close()
            except gevent.Timeout as timeout:
                if timeout is not limit:
                    raise
                answer = Answer("timeout")
            except (OSError, HTTPParseError):
                answer = Answer("unreachable")
            finally:
                if not keep:
                    self.close()
        return answer

    def _connected(self) -> HTTPClient:
        if self._client is None:
            self._client = HTTPClient(
                self._host,
                self._port,
                ssl=self._https,
                ssl_context_factory=_tls_context if self._https else None,
                connection_timeout=self._timeout_seconds,
                network_timeout=self._timeout_seconds,
            )
        return self._client

    def close(self) -> None:
        """Close the connection; the next attempt opens another.

        A client that was interrupted is not used again: half an answer may be on its way, and its pool counts the connection as taken.
        """
        client, self._client = self._client, None
        if client is not None:
            client.close()


@cache
def _tls_context(cafile: str | None = None) -> ssl.SSLContext:
    # Reading the system's certificates takes tens of milliseconds: once a process, not once a reconnection.
    context: ssl.SSLContext = gevent.ssl.create_default_context(cafile=cafile)
    return context


def _read(status: int, retry_after: str | list[str] | None, body: bytes) -> Answer:
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


def _retry_after_seconds(value: str | list[str] | None) -> float:
    if not isinstance(value, str):
        return 0.0
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
