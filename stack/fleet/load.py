"""Load through nginx: short requests, streams of events and slow uploads; every failure is kept.

Clients keep their connections and repeat nothing, so each answer that does not come, and each
status that is not the expected one, is a failure.
"""

import http.client
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from stack.fleet.client import API, Client, member_headers
from stack.fleet.parts import WEBHOOK_SECRET
from stack.payment_events import new_event, signed_headers

CLIENTS: Final = 8
STREAMS: Final = 3
UPLOADS: Final = 3
_UPLOAD_PIECES: Final = 12
_PIECE: Final = b"22:40 to bed. 03:10 awake. Got up, read a little, slept again.\n" * 160
_PIECE_SECONDS: Final = 0.1
_JOIN_SECONDS: Final = 90.0
_END_OF_STREAM: Final = b"event: done"


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that failed.

    Args:
        began: Monotonic seconds.
        seconds: Until it had failed.
        what: Kind of the request.
        how: Status, or exception.
    """

    began: float
    seconds: float
    what: str
    how: str


def listed(failures: Sequence[Failure]) -> str:
    """Return the most frequent failures, in brackets; empty where nothing failed."""
    if not failures:
        return ""
    found = Counter(f"{one.what}: {one.how}" for one in failures)
    return " (" + ", ".join(f"{count} {what}" for what, count in found.most_common(5)) + ")"


@dataclass(slots=True)
class Load:
    """Load until a number of short requests was sent, or until its context ends.

    Args:
        address: Of nginx.
        requests: Short ones to send; without a number, as many as fit.
        pause_seconds: Between an answer and the client's next request.
    """

    address: str
    requests: int | None = None
    pause_seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    slow: list[Failure] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        headers = member_headers(self.address)
        jobs: list[Callable[[dict[str, str]], None]] = [
            *[self._short] * CLIENTS,
            *[self._stream] * STREAMS,
            *[self._upload] * UPLOADS,
        ]
        self._threads = [threading.Thread(target=job, args=(headers,), daemon=True) for job in jobs]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        deadline = time.monotonic() + _JOIN_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def short_done(self) -> int:
        """Number of short requests that have ended, well or not."""
        failed = sum(failure.what not in ("stream", "upload") for failure in self.failures)
        return failed + sum(
            count for what, count in self.done.items() if what not in ("stream", "upload")
        )

    def since(self, moment: float) -> list[Failure]:
        """Return the failures of requests that began after a moment."""
        return [failure for failure in self.failures if failure.began >= moment]

    def slow_since(self, moment: float) -> list[Failure]:
        """Return the short requests that began after a moment and took longer than a second."""
        return [one for one in self.slow if one.began >= moment]

    def _goes_on(self) -> bool:
        return not self._stop.is_set()

    def _short(self, headers: dict[str, str]) -> None:
        client = Client(self.address, headers=headers)
        random_ = random.Random()  # noqa: S311 - no secret
        while self._goes_on():
            with self._lock:
                number = next(self._numbers)
            if self.requests is not None and number >= self.requests:
                return
            self._one(client, random_.random())
            if self.pause_seconds:
                time.sleep(self.pause_seconds)
        client.close()

    def _one(self, client: Client, chance: float) -> None:
        if chance < 0.25:
            event = new_event()
            sent = signed_headers(event, WEBHOOK_SECRET)
            self._watch(
                "POST webhook",
                lambda: client.send("POST", f"{API}/payments/webhook", event, sent).status,
                200,
            )
        elif chance < 0.65:
            self._watch("GET own account", lambda: client.send("GET", f"{API}/auth/me").status, 200)
        elif chance < 0.8:
            self._watch("GET posts", lambda: client.send("GET", f"{API}/blog/posts").status, 200)
        else:
            self._watch("GET root", lambda: client.send("GET", "/").status, 200)

    def _stream(self, headers: dict[str, str]) -> None:
        client = Client(self.address, headers=headers)
        body = {"message": "My thoughts go in circles.", "stream": True}

        def whole() -> int:
            with client.streaming(f"{API}/companion/messages", body) as (status, response):
                text = response.read()
                if status == http.client.OK and _END_OF_STREAM not in text:
                    raise http.client.IncompleteRead(text)
                return status

        while self._goes_on():
            self._watch("stream", whole, 200)

    def _upload(self, headers: dict[str, str]) -> None:
        client = Client(self.address, headers=headers)

        def pieces() -> Iterator[bytes]:
            for _ in range(_UPLOAD_PIECES):
                yield _PIECE
                time.sleep(_PIECE_SECONDS)

        def whole() -> int:
            answer = client.upload(f"{API}/files", pieces(), _UPLOAD_PIECES * len(_PIECE))
            if answer.status == http.client.CREATED:
                client.send("DELETE", f"{API}/files/{answer.json['id']}")
            return answer.status

        while self._goes_on():
            self._watch("upload", whole, 201)

    def _watch(self, what: str, send: Callable[[], int], expected: int) -> None:
        began = time.monotonic()
        try:
            status = send()
            how = "" if status == expected else str(status)
        except (OSError, http.client.HTTPException) as error:
            how = type(error).__name__
        seconds = time.monotonic() - began
        result = Failure(began, seconds, what, how)
        with self._lock:
            if how:
                self.failures.append(result)
            else:
                self.done[what] += 1
            if seconds > 1.0 and what not in ("stream", "upload"):
                self.slow.append(result)
        if how:
            time.sleep(0.05)
