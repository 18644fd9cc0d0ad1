"""A receiver of spans, metrics and lines that counts their requests and bytes."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from bench.sink import decompressed, spans_of_otlp

TRACES: Final = "/v1/traces"
METRICS: Final = "/api/v1/write"
LINES: Final = "/otlp/v1/logs"


class Receiver(ThreadingHTTPServer):
    """Takes every POST.

    Args:
        counts_spans: Whether spans are parsed to count them, which takes processor time.

    Attributes:
        bytes: Received, by path.
        posts: Requests, by path.
        spans: Number of them.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, *, counts_spans: bool) -> None:
        self.counts_spans = counts_spans
        self.bytes: Counter[str] = Counter()
        self.posts: Counter[str] = Counter()
        self.spans = 0
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, path: str, body: bytes, encoding: str) -> None:
        """Count one request."""
        counts = path == TRACES and self.counts_spans
        spans = spans_of_otlp(decompressed(body, encoding)) if counts else 0
        with self._lock:
            self.bytes[path] += len(body)
            self.posts[path] += 1
            self.spans += spans


@contextmanager
def receiving(*, counts_spans: bool = True) -> Iterator[Receiver]:
    """Run a receiver in a thread of this process until the context ends."""
    with Receiver(counts_spans=counts_spans) as receiver:
        thread = threading.Thread(target=receiver.serve_forever)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.take(self.path, body, self.headers.get("Content-Encoding", ""))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing."""
