"""Why a receiver does not take spans, in words that name the setting that is probably wrong.

Source: OTLP 1.x, "OTLP/HTTP Response"; RFC 9113, section 3.4 (how HTTP/2 begins); RFC 8446, section
6 (how TLS refuses).
"""

import re
import ssl
from collections.abc import Mapping
from http.client import BadStatusLine
from socket import gaierror
from typing import Final, Literal
from urllib.parse import urlsplit

from telemetry.config import TelemetryConfig

Problem = Literal[
    "",
    "not_found",
    "redirected",
    "unauthorized",
    "too_large",
    "not_a_collector",
    "not_http",
    "grpc",
    "needs_tls",
    "no_tls",
    "certificate",
    "rejected",
    "partial",
    "unavailable",
    "error",
    "timeout",
    "refused",
    "unknown_host",
    "unreachable",
]
"""One word for each, also the label ``reason`` of the metric; empty without a problem."""

PASSING: Final[frozenset[Problem]] = frozenset(
    {"unavailable", "error", "timeout", "refused", "unknown_host", "unreachable"}
)
"""What a restart of the receiver resembles: a problem only when it lasts."""

GRPC_PORT: Final = 4317
_WORDS: Final[Mapping[Problem, str]] = {
    "not_found": "it has no such path: check the path of {endpoint}, /v1/traces is usual",
    "redirected": "it redirects to another URL, which is not followed: set {endpoint} to that one",
    "unauthorized": "it refuses the credentials: check {headers}",
    "too_large": "requests are too large for it: set OTEL_BSP_MAX_EXPORT_BATCH_SIZE lower",
    "not_a_collector": "a web server answers, no Collector: check host and port of {endpoint}",
    "not_http": "what answers there does not speak HTTP: check host and port of {endpoint}",
    "grpc": "that is a port for gRPC: set the port of {endpoint} to that for HTTP, 4318 is usual",
    "needs_tls": "it wants TLS: begin {endpoint} with https://",
    "no_tls": "it does not speak TLS: begin {endpoint} with http://",
    "certificate": "its certificate cannot be verified: check {certificate} and the host of "
    "{endpoint}",
    "rejected": "it rejects the requests as invalid: check that {endpoint} is an OTLP receiver for "
    "traces",
    "partial": "it takes only some of the spans: its own log has the reason",
    "unavailable": "it is overloaded or not ready: the Collector's own log has the reason",
    "error": "it fails: the Collector's own log has the reason",
    "timeout": "it does not answer in time: check the Collector, and {timeout}",
    "refused": "nothing listens there: start the Collector, or check host and port of {endpoint}",
    "unknown_host": "its host name is not known: check the host of {endpoint}",
    "unreachable": "the connection fails: check host and port of {endpoint}",
}
_ERRORS: Final[tuple[tuple[type[Exception], Problem], ...]] = (
    (ssl.SSLCertVerificationError, "certificate"),
    (ConnectionRefusedError, "refused"),
    (gaierror, "unknown_host"),
)
_SETTINGS_FRAME: Final = re.compile(r"\x00\x00.\x04|PRI \* HTTP/2", re.DOTALL)
_TLS_ALERT: Final = "\x15\x03"
_STATUS: Final[Mapping[int, Problem]] = {
    401: "unauthorized",
    403: "unauthorized",
    404: "not_found",
    405: "not_found",
    407: "unauthorized",
    408: "unavailable",
    413: "too_large",
    429: "unavailable",
    502: "unavailable",
    503: "unavailable",
    504: "unavailable",
}


def problem_of_status(status: int, body: bytes) -> Problem:
    """Return what a status code that is not 2xx means.

    Args:
        status: Of the response.
        body: Of the response; servers that want TLS write it in the text of a 400.
    """
    if 300 <= status < 400:
        return "redirected"
    if status in (400, 497) and b"HTTPS" in body.upper():
        return "needs_tls"
    return _STATUS.get(status, "error" if status >= 500 else "rejected")


def problem_of_error(error: Exception) -> Problem:
    """Return what an exception of the connection means."""
    if isinstance(error, BadStatusLine) and not isinstance(error, ConnectionError):
        line = str(error.args[0] if error.args else "")
        if _SETTINGS_FRAME.search(line):
            return "grpc"
        return "needs_tls" if _TLS_ALERT in line else "not_http"
    if isinstance(error, ssl.SSLError) and _is_no_tls(error):
        return "no_tls"
    return next((problem for kind, problem in _ERRORS if isinstance(error, kind)), "unreachable")


def _is_no_tls(error: ssl.SSLError) -> bool:
    reason = error.reason or ""
    return reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG") or (
        "RECORD_LAYER" in reason
    )


def advice(problem: Problem, config: TelemetryConfig) -> str:
    """Return a problem in words, with the settings that this process uses."""
    signal = "TRACES_" if config.otlp_traces_endpoint else ""
    words = _WORDS[problem].format(
        endpoint=f"OTEL_EXPORTER_OTLP_{signal}ENDPOINT",
        headers="OTEL_EXPORTER_OTLP_HEADERS",
        certificate="OTEL_EXPORTER_OTLP_CERTIFICATE",
        timeout="TELEMETRY_EXPORT_TIMEOUT_SECONDS",
    )
    vague = problem in ("unreachable", "timeout", "not_http")
    if vague and urlsplit(config.traces_url).port == GRPC_PORT:
        words += "; port 4317 is usually that for gRPC, 4318 that for HTTP"
    return words
