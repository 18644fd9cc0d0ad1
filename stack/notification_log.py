"""A receiver of Alertmanager's notifications that appends each to a file, one line of JSON each.

`python stack/notification_log.py --port PORT --file FILE` takes `POST /alerts`, Alertmanager's
webhook; `GET /alerts` returns the file and `GET /health` 200. A line is on disk before the response
is sent, so that what was acknowledged is not lost, and what was not is sent again. Two files of at
most a few MB are kept. A container runs this one file: it imports no other.

Source: Alertmanager's documentation, "webhook_config" (version 4 of its message).
"""

import argparse
import json
import os
import signal
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock
from typing import Any, Final

MAX_BODY_BYTES: Final = 4 * 1024**2
MAX_FILE_BYTES: Final = 8 * 1024**2
PATH: Final = "/alerts"


class NotificationLog:
    """The file.

    Args:
        path: Where lines are appended; the one before is kept with `.1` at its end.
        max_bytes: A longer file is begun anew.
    """

    def __init__(self, path: Path, max_bytes: int = MAX_FILE_BYTES) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._lock = Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def append(self, notification: dict[str, Any]) -> None:
        """Append one notification, and wait until it is on disk. Raises: OSError."""
        received = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"received": received, **notification}, ensure_ascii=False)
        with self._lock:
            if self._path.stat().st_size >= self._max_bytes:
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
                file.flush()
                os.fsync(file.fileno())

    def read(self) -> bytes:
        """Return the lines of the present file."""
        return self._path.read_bytes()


class Server(ThreadingHTTPServer):
    """The server.

    Args:
        address: Host and port to listen on.
        log: Where notifications go.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], log: NotificationLog) -> None:
        self.log = log
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path == "/health":
            self._respond(200, b"ok\n")
        elif self.path == PATH:
            self._respond(200, self.server.log.read(), "application/x-ndjson")
        else:
            self._respond(404)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path != PATH:
            self._respond(404)
        elif not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            self._respond(413)
        else:
            self._take(self.rfile.read(int(length)))

    def _take(self, body: bytes) -> None:
        try:
            notification = json.loads(body)
        except ValueError:
            notification = None
        if not isinstance(notification, dict):
            self._respond(400)
            return
        try:
            self.server.log.append(notification)
        except OSError as error:
            # Alertmanager sends it again.
            print(f"notification not written: {error}", file=sys.stderr, flush=True)
            self._respond(503)
        else:
            self._respond(204)

    def _respond(self, status: int, body: bytes = b"", kind: str = "text/plain") -> None:
        self.send_response(status)
        if body:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Log nothing: what is received is in the file."""


def main() -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--file", type=Path, required=True)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with Server((options.host, options.port), NotificationLog(options.file)) as server:
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
