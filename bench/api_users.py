"""Users of ``bench.api``, one class a kind: a locust file, which no module imports.

BENCH_KIND selects the kind, BENCH_PAUSE_SECONDS is each user's mean pause between requests, and the
file BENCH_DATA holds access tokens of members and free slots (``bench.api_data``).
"""

import json
import os
import random
import time
import uuid
from itertools import count
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, task
from locust.env import Environment

_API = "/api/v1"
_KIND = os.environ["BENCH_KIND"]
_PAUSE_SECONDS = float(os.environ["BENCH_PAUSE_SECONDS"])
_DATA: dict[str, Any] = json.loads(Path(os.environ["BENCH_DATA"]).read_text(encoding="utf-8"))
_FILE = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + os.urandom(100_000)
if not _PAUSE_SECONDS:
    _DATA["slots"].reverse()  # the easy part has booked the last ones
_turns = count()


def _next(kind: str) -> Any:
    return _DATA[kind][next(_turns) % len(_DATA[kind])]


class _User(FastHttpUser):
    """Repeats its task at the configured pace."""

    abstract = True
    environment: Environment

    def wait_time(self) -> float:
        """Return the seconds until the next request, random so that users are not in step."""
        return random.uniform(0.5, 1.5) * _PAUSE_SECONDS

    def on_start(self) -> None:
        gevent.sleep(random.uniform(0, _PAUSE_SECONDS))
        self.token = {"Authorization": f"Bearer {_next('tokens')}"}


class Simple(_User):
    """Requests liveness, which needs no database."""

    abstract = _KIND != "simple"

    @task
    def get(self) -> None:
        self.client.get(f"{_API}/health/liveness", name="simple")


class Health(_User):
    """Requests the health report."""

    abstract = _KIND != "health"

    @task
    def get(self) -> None:
        self.client.get(f"{_API}/health", name="health")


class Database(_User):
    """Reads its own account: one read by ``_id``."""

    abstract = _KIND != "database"

    @task
    def get(self) -> None:
        self.client.get(f"{_API}/auth/me", name="database", headers=self.token)


class Blog(_User):
    """Reads a page of the blog and one of its posts."""

    abstract = _KIND != "blog"

    @task
    def read(self) -> None:
        page = self.client.get(f"{_API}/blog/posts?limit=10", name="blog, page")
        if page.status_code == 200:
            slug = page.json()["posts"][0]["slug"]
            self.client.get(f"{_API}/blog/posts/{slug}", name="blog, post")


class Login(_User):
    """Logs in."""

    abstract = _KIND != "login"

    @task
    def log_in(self) -> None:
        self.client.post(f"{_API}/auth/login", json=_next("members"), name="login")


class Booking(_User):
    """Books a free slot and pays for it."""

    abstract = _KIND != "booking"

    @task
    def book(self) -> None:
        if not _DATA["slots"]:
            self.stop()
            return
        booked = self.client.post(
            f"{_API}/sessions", json=_DATA["slots"].pop(), headers=self.token, name="booking, book"
        )
        if booked.status_code == 201:
            headers = self.token | {"Idempotency-Key": str(uuid.uuid4())}
            path = f"{_API}/sessions/{booked.json()['id']}/payment"
            card = {"payment_method": "pm_card_visa"}
            self.client.post(path, json=card, headers=headers, name="booking, pay")


class Companion(_User):
    """Sends a message to the companion; records the time to the first word of the stream."""

    abstract = _KIND != "companion"

    @task
    def send_message(self) -> None:
        began = time.perf_counter()
        body = {"message": "What helps against a short night?", "stream": True}
        with self.client.post(
            f"{_API}/companion/messages",
            json=body,
            headers=self.token,
            stream=True,
            catch_response=True,
            name="companion, whole stream",
        ) as response:
            if response.status_code != 200:
                response.failure(f"status {response.status_code}")
                return
            first_seconds = self._first_word_seconds(response.stream, began)
            response.request_meta["response_time"] = (time.perf_counter() - began) * 1e3
            response.success()
        request_events: Any = self.environment.events.request
        request_events.fire(
            request_type="POST",
            name="companion, first word",
            response_time=first_seconds * 1e3,
            response_length=0,
            exception=None,
            context={},
        )

    def _first_word_seconds(self, stream: Any, began: float) -> float:
        first = 0.0
        while line := stream.readline():
            if not first and line.startswith(b"event: message"):
                first = time.perf_counter() - began
        return first or time.perf_counter() - began


class Upload(_User):
    """Uploads a file of 100 kB."""

    abstract = _KIND != "upload"

    @task
    def upload(self) -> None:
        headers = self.token | {"Content-Type": "application/octet-stream"}
        # locust's types do not know that bytes are accepted.
        content: Any = _FILE
        self.client.post(f"{_API}/files", data=content, headers=headers, name="upload")
