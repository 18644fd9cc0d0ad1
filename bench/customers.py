"""What one kind of customer does, for ``bench.api``: a locust file. Nothing imports it, because
locust patches the standard library.

The variable BENCH_KIND says which kind, BENCH_PAUSE_SECONDS how long each waits between requests,
and the file BENCH_STOCK holds what they
need: access tokens of members, and slots that nobody has booked.
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
_STOCK: dict[str, Any] = json.loads(Path(os.environ["BENCH_STOCK"]).read_text(encoding="utf-8"))
_FILE = b"\x89PNG\r\n\x1a\n" + os.urandom(100_000)
if not _PAUSE_SECONDS:
    _STOCK["slots"].reverse()  # the easy part has sold the last ones
_turns = count()


def _next(of: str) -> Any:
    return _STOCK[of][next(_turns) % len(_STOCK[of])]


class _Customer(FastHttpUser):
    """Does its task again and again, at the pace it was told."""

    abstract = True
    environment: Environment

    def wait_time(self) -> float:
        """Seconds until the next request; not in step with the others, as people are not."""
        return random.uniform(0.5, 1.5) * _PAUSE_SECONDS

    def on_start(self) -> None:
        gevent.sleep(random.uniform(0, _PAUSE_SECONDS))
        self.token = {"Authorization": f"Bearer {_next('tokens')}"}


class Simple(_Customer):
    """Asks whether the service lives: no database."""

    abstract = _KIND != "simple"

    @task
    def look(self) -> None:
        self.client.get(f"{_API}/health/liveness", name="simple")


class Health(_Customer):
    """Asks for the health report."""

    abstract = _KIND != "health"

    @task
    def look(self) -> None:
        self.client.get(f"{_API}/health", name="health")


class Database(_Customer):
    """Reads its own account: one read by ``_id``."""

    abstract = _KIND != "database"

    @task
    def look(self) -> None:
        self.client.get(f"{_API}/auth/me", name="database", headers=self.token)


class Blog(_Customer):
    """Reads a page of the blog and one of its posts."""

    abstract = _KIND != "blog"

    @task
    def read(self) -> None:
        answer = self.client.get(f"{_API}/blog/posts?limit=10", name="blog, page")
        if answer.status_code == 200:
            self.client.get(
                f"{_API}/blog/posts/{answer.json()['posts'][0]['slug']}", name="blog, post"
            )


class Login(_Customer):
    """Logs in."""

    abstract = _KIND != "login"

    @task
    def log_in(self) -> None:
        self.client.post(f"{_API}/auth/login", json=_next("members"), name="login")


class Booking(_Customer):
    """Books a slot that is free, and pays it."""

    abstract = _KIND != "booking"

    @task
    def book(self) -> None:
        if not _STOCK["slots"]:
            self.stop()
            return
        booked = self.client.post(
            f"{_API}/sessions", json=_STOCK["slots"].pop(), headers=self.token, name="booking, book"
        )
        if booked.status_code == 201:
            headers = self.token | {"Idempotency-Key": str(uuid.uuid4())}
            paid = {"payment_method": "pm_card_visa"}
            self.client.post(
                f"{_API}/sessions/{booked.json()['id']}/payment",
                json=paid,
                headers=headers,
                name="booking, pay",
            )


class Companion(_Customer):
    """Talks to the companion, in a stream; what counts is the first word of the answer."""

    abstract = _KIND != "companion"

    @task
    def talk(self) -> None:
        began = time.perf_counter()
        body = {"message": "What helps against a short night?", "stream": True}
        with self.client.post(
            f"{_API}/companion/messages",
            json=body,
            headers=self.token,
            stream=True,
            catch_response=True,
            name="companion, whole stream",
        ) as answer:
            if answer.status_code != 200:
                answer.failure(f"status {answer.status_code}")
                return
            first = self._first_word_after(answer.stream, began)
            whole_ms = (time.perf_counter() - began) * 1e3
            answer.request_meta["response_time"] = whole_ms
            answer.success()
        self.environment.events.request.fire(
            request_type="POST",
            name="companion, first word",
            response_time=first * 1e3,
            response_length=0,
            exception=None,
            context={},
        )

    def _first_word_after(self, stream: Any, began: float) -> float:
        first = 0.0
        while line := stream.readline():
            if not first and line.startswith(b"event: message"):
                first = time.perf_counter() - began
        return first or time.perf_counter() - began


class Upload(_Customer):
    """Uploads a file of 100 kB."""

    abstract = _KIND != "upload"

    @task
    def upload(self) -> None:
        headers = self.token | {"Content-Type": "application/octet-stream"}
        self.client.post(f"{_API}/files", data=_FILE, headers=headers, name="upload")
