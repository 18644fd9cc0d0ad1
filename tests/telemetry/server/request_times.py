"""The times of requests, as their clients' clocks and the log have them."""

from datetime import datetime

from tests.support.polling import wait_until

SLACK_SECONDS = 0.05
PAUSE_SECONDS = 0.3
HEALTH = b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n"


def head(path, extra=b""):
    return b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\n" + extra + b"\r\n"


def line_of(server, path):
    (line,) = wait_until(
        lambda: [line for line in server.logged("request") if line["path"] == path],
        what=f"the line of {path}",
    )
    return line


def start_of(line):
    """Unix time at which a request began."""
    return end_of(line) - line["duration_seconds"]


def end_of(line):
    """Unix time at which a request ended."""
    return datetime.fromisoformat(line["time"]).timestamp()
