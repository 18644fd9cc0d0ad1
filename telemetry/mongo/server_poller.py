"""The background greenlet that checks MongoDB, so that no probe has to.

It has a client of its own with one connection: an application with an exhausted pool proves nothing
about the server, and a check takes no connection from a request. That client has no listeners, so
neither its pool nor its commands appear in the application's gauges, histograms or traces. Every
check is bounded by less than the interval, and whatever its result is, it is recorded.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import gevent
import pymongo
from gevent.event import Event

from telemetry.guard import Guard
from telemetry.mongo.private_client import private_client
from telemetry.mongo.server_check import DRIVER_SHARE, ServerCheck, check_server

CHECK_SHARE: Final = 0.9
"""Share of the interval that a check may take: a hung server is recorded before the next is due."""
CLOSE_SECONDS: Final = 0.5


class ServerPoller:
    """Checks one deployment, once per interval.

    Args:
        interval_seconds: From the beginning of one check to that of the next.
        guard: Stands around the check and around each callback.
        clock: Monotonic seconds.
        unix_time: Seconds since the epoch, for the check's timestamp.
        pause: Sleeps the seconds it is given, or less when the poller is stopped.
    """

    def __init__(
        self,
        interval_seconds: float,
        guard: Guard,
        *,
        clock: Callable[[], float] = time.perf_counter,
        unix_time: Callable[[], float] = time.time,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        self.interval_seconds = interval_seconds
        self.last_check: ServerCheck | None = None
        self.on_check: list[Callable[[], object]] = []
        self._guard = guard
        self._clock = clock
        self._unix_time = unix_time
        self._stopped = Event()
        self._pause = pause if pause is not None else self._stopped.wait
        self._client: pymongo.MongoClient[Any] | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self, client: "pymongo.MongoClient[Any]") -> None:
        """Begin to check; the first check is made at once, in the background.

        Args:
            client: The application's client; only its options are used.
        """
        self.stop()
        self._stopped.clear()
        with self._guard.at("mongo.watch"):
            self._client = private_client(
                client, self.interval_seconds * CHECK_SHARE * DRIVER_SHARE, self.interval_seconds
            )
            self._greenlet = gevent.spawn(self._run, self._client)

    def stop(self) -> None:
        """End the checks and close the client, within half a second; the last check stays."""
        self._stopped.set()
        if self._greenlet is not None:
            self._greenlet.kill()
            self._greenlet = None
        client, self._client = self._client, None
        if client is not None:
            with gevent.Timeout(CLOSE_SECONDS, False), self._guard.at("mongo.watch.close"):  # type: ignore[arg-type]
                client.close()

    def _run(self, client: "pymongo.MongoClient[Any]") -> None:
        while not self._stopped.is_set():
            began = self._clock()
            with self._guard.at("mongo.watch"):
                self.last_check = check_server(
                    client,
                    self.interval_seconds * CHECK_SHARE,
                    clock=self._clock,
                    unix_time=self._unix_time,
                )
            for callback in self.on_check:
                with self._guard.at("mongo.on_look"):
                    callback()
            self._pause(max(0.0, began + self.interval_seconds - self._clock()))
