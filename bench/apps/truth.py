"""The app whose requests ``bench.truth`` measures from outside: every kind of wait, on a busy hub.

Each request has a number, and each of its commands a marker with that number, which the proxy
before the database reads.
"""

import os
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import gevent
from flask import Flask, Response, request
from gevent import monkey
from pymongo import MongoClient

from telemetry import Telemetry, waiting

LARGE = bytes(65536)
LARGE_PIECES = 200
"""13 MB: the kernel takes up to 4 of them."""
_native_sleep = monkey.get_original("time", "sleep")


def compute(seconds: float) -> None:
    """Keep the hub busy."""
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        sum(range(500))


class Pages:
    """The views.

    Args:
        telemetry: Observes them.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        uri = os.environ["TRUTH_MONGODB_URI"]
        self._many, self._few = (
            MongoClient[dict[str, Any]](
                uri, event_listeners=telemetry.mongo_listeners(), maxPoolSize=size
            ).truth.items
            for size in (100, 2)
        )
        self._lock = threading.Lock()

    @property
    def marker(self) -> str:
        """Of the request's commands."""
        return f"marker-{int(request.args['n']):06d}"

    def find(self, marker: str) -> None:
        """Run one command."""
        self._many.find_one({"marker": marker})

    def page(self) -> dict[str, str]:
        """Two commands, and a little to compute."""
        for _ in range(2):
            self.find(self.marker)
            compute(0.002)
        return {"page": self.marker}

    def pool(self) -> dict[str, str]:
        """A command of a pool that is too small."""
        self._few.find_one({"marker": self.marker})
        compute(0.002)
        return {"pool": self.marker}

    def external(self) -> dict[str, int]:
        """A call to another service."""
        url = os.environ["TRUTH_SERVICE_URL"]
        with self._telemetry.http_client.http("GET", url) as call:
            with urlopen(Request(url, headers=call.headers)) as response:
                size = len(response.read())
            call.answered(response.status)
        return {"external": size}

    def sleep(self) -> dict[str, str]:
        """A sleep."""
        compute(0.002)
        gevent.sleep(0.01)
        return {"slept": "10 ms"}

    def lock(self) -> dict[str, str]:
        """Something that one request at a time may do."""
        with self._lock:
            gevent.sleep(0.002)
        compute(0.002)
        return {"lock": "released"}

    def threadpool(self) -> dict[str, str]:
        """Work in a native thread."""
        with waiting("threadpool"):
            gevent.get_hub().threadpool.apply(_native_sleep, (0.005,))
        return {"threadpool": "done"}

    def stream(self) -> Response:
        """A response in parts, with a command between them."""
        marker = self.marker

        def parts() -> Iterator[bytes]:
            for _ in range(3):
                self.find(marker)
                yield b"part of a stream\n"
                gevent.sleep(0.002)

        return Response(parts())

    def large(self) -> Response:
        """More than the kernel takes for a client that does not read."""
        size = LARGE_PIECES * len(LARGE)
        return Response((LARGE for _ in range(LARGE_PIECES)), headers={"Content-Length": str(size)})

    def parallel(self) -> dict[str, str]:
        """Three commands at once."""
        marker = self.marker
        gevent.joinall([gevent.spawn(self.find, marker) for _ in range(3)], raise_error=True)
        return {"parallel": marker}

    def body(self) -> dict[str, int]:
        """Read a body."""
        return {"bytes": len(request.get_data())}

    def error(self) -> None:
        """Fail after a command."""
        self.find(self.marker)
        raise RuntimeError("this page always fails")

    def burn(self) -> dict[str, str]:
        """Keep every other request waiting."""
        compute(0.02)
        return {"burnt": "20 ms"}


def create() -> Flask:
    """Return the app, observed."""
    app, telemetry = Flask("bench"), Telemetry.from_env()
    telemetry.init_app(app)
    pages = Pages(telemetry)
    views = ["page", "pool", "external", "sleep", "lock", "threadpool", "stream", "large"]
    for name in (*views, "parallel", "error", "burn"):
        app.add_url_rule(f"/{name}", name, getattr(pages, name))
    app.add_url_rule("/body", "body", pages.body, methods=["POST"])
    return app
