"""Faults without a button, planted in the sick instance while the others are pressed.

Its roll-out brought an old key, an address at which nothing takes spans, a small pool before a slow
database, and code that blocks the hub often; then a call blocks it for half a minute, its drain
does not end, and it stays away. Each goes on until the runbooks of its alerts have been followed.
Commands of those pages are followed too: what they show has to name the cause.
"""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import gevent
import requests
from gevent.event import Event

from stack import paths
from stack.payment_events import signed_headers
from tests.e2e.accounts import API
from tests.e2e.faults.follower import Follower
from tests.e2e.faults.sick import old_key
from tests.e2e.faults.stand import Stand
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.runbooks import blocks

FOLLOWED_SECONDS: Final = 90.0
BLOCKED_SECONDS: Final = 26.0
"""Shorter than gunicorn's own time-out, which would kill the worker."""
HANGS_SECONDS: Final = 120.0
ENDS_SECONDS: Final = 30.0
READERS: Final = 10
READS_EVERY_SECONDS: Final = 0.5
SLOW_MS: Final = 800
MANAGEMENT: Final = "http://127.0.0.1:9464"
"""The management port as the pages have it."""

AFTER_ROLL_OUT: Final = (
    "DatabasePoolWaiters",
    "HubBlocked",
    "KeyTooOld",
    "RefundFailed",
    "SpansNotTaken",
    "TelemetryLost",
)
WHILE_BLOCKED: Final = ("EvidenceStale",)
WHILE_DRAINING: Final = ("DrainOverdue",)
WHILE_AWAY: Final = ("ScrapeMissing-ticket", "FreshnessBurnFast", "FreshnessBurnSlow")


class Planted:
    """Plants all, one after the other.

    Args:
        stand: Under traffic.
        follower: Runs beside.

    Attributes:
        problems: What went wrong.
        missing: By runbook, what a command of its first check showed, where that has no cause.
    """

    def __init__(self, stand: Stand, follower: Follower) -> None:
        self._stack = stand.stack
        self._sick = stand.sick
        self._booking = stand.booking
        self._follower = follower
        self.problems: list[str] = []
        self.missing: dict[str, str] = {}

    def run(self) -> None:
        """Plant, and leave the instance as it was."""
        steps = (
            self._roll_out,
            self._block_hub,
            self._overdue_drain,
            self._stay_away,
            self._repair,
        )
        for step in steps:
            try:
                step()
            except (AssertionError, requests.RequestException) as error:
                self.problems.append(f"{error}")

    def _roll_out(self) -> None:
        """Start it with bad settings; a refund fails, and Loki refuses a line of it."""
        self._sick.stop()
        self._sick.start(
            {
                "SERENE_TOKEN_KEYS": old_key(days=100),
                "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
                "OTEL_BSP_EXPORT_TIMEOUT": "3000",
                "MONGODB_MAX_POOL_SIZE": "2",
                "DRAIN_TIMEOUT_SECONDS": f"{HANGS_SECONDS:g}",
            }
        )
        self._refund_fails()
        self._write_old_line()
        with self._sick.slow_database(SLOW_MS), self._sick.blocked_hub(), self._readers():
            self._followed(*AFTER_ROLL_OUT)
        self._shows("spans-not-taken", "/health", "trace_export")

    def _refund_fails(self) -> None:
        refund = {
            "object": "refund",
            "id": f"re_{uuid.uuid4().hex}",
            "payment_intent": f"pi_{uuid.uuid4().hex}",
            "amount": 9000,
            "status": "failed",
            "failure_reason": "expired_or_canceled_card",
            "metadata": {"booking_id": self._booking},
        }
        event = {
            "id": f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "type": "refund.failed",
            "data": {"object": refund},
        }
        body = json.dumps(event).encode()
        secret = self._stack.environment("service")["STRIPE_WEBHOOK_SECRET"]
        url = f"{self._sick.url}{API}/payments/webhook"
        response = requests.post(url, body, headers=signed_headers(body, secret), timeout=60)
        response.raise_for_status()

    def _write_old_line(self) -> None:
        """Write a line that Loki refuses because of its time; the Collector counts it as lost."""
        line = {"time": "2020-01-01T00:00:00Z", "level": "INFO", "message": "of a wrong clock"}
        with self._sick.log.open("a") as log:
            log.write(json.dumps(line | {"service": "serene"}) + "\n")

    def _block_hub(self) -> None:
        with self._request(f"/test/block/{BLOCKED_SECONDS}"):
            self._followed(*WHILE_BLOCKED)
            self._shows("evidence-stale", "/debug/hub", "/test/block")

    def _overdue_drain(self) -> None:
        with self._request(f"/test/sleep/{HANGS_SECONDS}"):
            self._is_in_flight("/test/sleep")
            self._sick.terminate()
            self._followed(*WHILE_DRAINING)
            self._shows("drain-overdue", "/debug/requests", "/test/sleep")
            self._sick.terminate()
            wait_until(self._sick.has_ended, timeout_seconds=ENDS_SECONDS, what="a forced end")

    def _stay_away(self) -> None:
        self._followed(*WHILE_AWAY)

    @contextmanager
    def _readers(self) -> Iterator[None]:
        """Let clients read for the block: more than its pool has connections."""
        stopped = Event()

        def read() -> None:
            while not stopped.wait(READS_EVERY_SECONDS):
                with suppress(requests.RequestException):
                    requests.get(f"{self._sick.url}{API}/blog/posts?limit=5", timeout=60)

        readers = [gevent.spawn(read) for _ in range(READERS)]
        try:
            yield
        finally:
            stopped.set()
            gevent.joinall(readers, timeout=HANGS_SECONDS)

    def _repair(self) -> None:
        self._sick.stop()
        self._sick.start()

    def _is_in_flight(self, path: str) -> None:
        wait_until(lambda: path in self._sick.debug("/debug/requests"), what=f"{path} is served")

    def _followed(self, *alerts: str) -> None:
        """Wait for the runbooks of alerts. Raises: AssertionError when it takes too long."""
        wait_until(
            lambda: self._follower.is_done(*alerts),
            timeout_seconds=FOLLOWED_SECONDS,
            what=f"runbooks of {', '.join(alerts)} are followed",
            interval_seconds=0.2,
        )

    def _shows(self, page: str, path: str, cause: str) -> None:
        """Follow the command of a page at a path of the management port."""
        text = (paths.ROOT / "docs/runbooks" / f"{page}.md").read_text(encoding="utf-8")
        commands = " ".join(blocks(text, "sh")).split()
        shown = self._sick.debug(path) if f"{MANAGEMENT}{path}" in commands else ""
        if cause not in shown:
            self.missing[page] = shown

    @contextmanager
    def _request(self, path: str) -> Iterator[None]:
        """Let a request of the instance run for the block; it may be cut."""

        def send() -> None:
            with suppress(requests.RequestException):
                requests.get(f"{self._sick.url}{path}", timeout=HANGS_SECONDS)

        request = gevent.spawn(send)
        try:
            yield
        finally:
            request.join(HANGS_SECONDS)
