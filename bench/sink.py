"""A receiver of spans that counts them: ``python -m bench.sink``; prints its port.

It takes OTLP, and what Elastic's, Sentry's and Datadog's libraries send. The first part of a path
names whose spans they are. ``GET /counts`` returns the counts as JSON.
"""

import argparse
import gzip
import json
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_AGENT_ENDPOINTS: Final = b'{"endpoints": ["/v0.4/traces"], "client_drop_p0s": false}'
_DATADOG: Final = re.compile(r"^/v0\.\d/traces$")
_SENTRY: Final = re.compile(r"^/api/([^/]+)/envelope/?$")
_OTHERS: Final = re.compile(r"^/([^/]+)/(v1/traces|intake/v2/events)$")


def decompressed(body: bytes, encoding: str) -> bytes:
    """Undo a ``Content-Encoding``."""
    if encoding == "gzip":
        return gzip.decompress(body)
    return zlib.decompress(body) if encoding == "deflate" else body


def spans_of_otlp(body: bytes) -> int:
    """Count the spans of an OTLP request."""
    request = ExportTraceServiceRequest.FromString(body)
    return sum(
        len(scope.spans) for resource in request.resource_spans for scope in resource.scope_spans
    )


def spans_of_elastic(body: bytes) -> int:
    """Count the transactions and spans of an intake request; each is a line."""
    return sum(line.startswith((b'{"transaction"', b'{"span"')) for line in body.splitlines())


def spans_of_sentry(body: bytes) -> int:
    """Count the transactions of an envelope."""
    return len(re.findall(rb'^\{"type": ?"transaction"', body, re.MULTILINE))


class Sink(ThreadingHTTPServer):
    """The receiver; ``counts`` has the spans by sender."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int = 0) -> None:
        self.counts: Counter[str] = Counter()
        super().__init__(("127.0.0.1", port), _Handler)

    def count(self, path: str, body: Callable[[], bytes], traces: str) -> None:
        """Count the spans of a request.

        Args:
            path: Of the request.
            body: Returns it, decompressed.
            traces: Number of traces by Datadog's header.
        """
        path = path.partition("?")[0]
        if _DATADOG.match(path):
            self.counts["datadog"] += int(traces or 0)
        elif found := _SENTRY.match(path):
            self.counts[found[1]] += spans_of_sentry(body())
        elif found := _OTHERS.match(path):
            count = spans_of_otlp if found[2] == "v1/traces" else spans_of_elastic
            self.counts[found[1]] += count(body())


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Sink

    def do_GET(self) -> None:
        body = json.dumps(self.server.counts).encode()
        self._respond(200, body if self.path == "/counts" else _AGENT_ENDPOINTS)

    def do_POST(self) -> None:
        body = self._read_body()
        encoding = self.headers.get("Content-Encoding", "")
        self.server.count(
            self.path,
            lambda: decompressed(body, encoding),
            self.headers.get("X-Datadog-Trace-Count", ""),
        )
        if "/v1/traces" in self.path:
            self._respond(200, b"", "application/x-protobuf")
        else:
            self._respond(202 if "/intake/" in self.path else 200, b"{}")

    do_PUT = do_POST  # Datadog's method

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _respond(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--core", type=int, help="the only core that this process may use")
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    sink = Sink(options.port)
    print(sink.server_address[1], flush=True)
    sink.serve_forever()


if __name__ == "__main__":
    main()
