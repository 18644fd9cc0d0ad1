"""The background greenlet that looks at MongoDB, so that no probe has to.

It looks through a client of its own with one connection: an application that has exhausted its pool
says nothing about the server, and the look takes no connection from anybody. That client has no
listeners, so neither its pool nor its commands are seen in the application's gauges, histograms or
traces. Every look is bounded by less than the interval, and whatever it finds is written.
"""

import time
from collections.abc import Callable
from typing import Any, Final

import gevent
import pymongo
from gevent.event import Event

from telemetry.guard import Guard
from telemetry.mongo.server_check import DRIVER_SHARE, Evidence, look

LOOK_SHARE: Final = 0.9
"""Share of the interval that a look may take: a hung server is told before the next look is due."""
LEAST_HEARTBEAT_SECONDS: Final = 0.5
"""pymongo's lower bound."""
CLOSE_SECONDS: Final = 0.5


class Watch:
    """Looks at one deployment, once per interval.

    Args:
        interval_seconds: From the beginning of one look to that of the next.
        guard: Stands around the look and around each callback.
        clock: Monotonic seconds.
        unix_time: Seconds since the epoch, for the evidence's timestamp.
        pause: Sleeps the seconds it is given, or less when the watch is stopped.
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
        self.evidence: Evidence | None = None
        self.on_look: list[Callable[[], object]] = []
        self._guard = guard
        self._clock = clock
        self._unix_time = unix_time
        self._stopped = Event()
        self._pause = pause if pause is not None else self._stopped.wait
        self._client: pymongo.MongoClient[Any] | None = None
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self, client: "pymongo.MongoClient[Any]") -> None:
        """Begin to look; the first look is made at once, in the background.

        Args:
            client: The application's client; only its options are used.
        """
        self.stop()
        self._stopped.clear()
        with self._guard.at("mongo.watch"):
            self._client = self._client_like(client)
            self._greenlet = gevent.spawn(self._run, self._client)

    def stop(self) -> None:
        """End the looks and close the client, within half a second; what was found last stays."""
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
                self.evidence = look(
                    client,
                    self.interval_seconds * LOOK_SHARE,
                    clock=self._clock,
                    unix_time=self._unix_time,
                )
            for callback in self.on_look:
                with self._guard.at("mongo.on_look"):
                    callback()
            self._pause(max(0.0, began + self.interval_seconds - self._clock()))

    def _client_like(self, client: "pymongo.MongoClient[Any]") -> "pymongo.MongoClient[Any]":
        most_milliseconds = max(1, round(self.interval_seconds * LOOK_SHARE * DRIVER_SHARE * 1000))
        # Private, and the only way that keeps credentials, TLS and replica set whatever way they
        # were given; a test holds it in place.
        return client._duplicate(
            event_listeners=(),
            appname="telemetry",
            connect=False,
            maxPoolSize=1,
            minPoolSize=0,
            timeoutMS=None,
            serverSelectionTimeoutMS=most_milliseconds,
            connectTimeoutMS=most_milliseconds,
            socketTimeoutMS=most_milliseconds,
            waitQueueTimeoutMS=most_milliseconds,
            heartbeatFrequencyMS=int(max(LEAST_HEARTBEAT_SECONDS, self.interval_seconds) * 1000),
            # Polling takes one socket instead of two, and a look asks anyway.
            serverMonitoringMode="poll",
            # A look that fails says so at once; the next one is the retry.
            retryReads=False,
        )
