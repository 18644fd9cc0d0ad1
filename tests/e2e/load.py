"""Concurrent clients for tests: bounded, and every answer kept."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import gevent
import requests


@dataclass(frozen=True)
class Answer:
    """One request as its client saw it."""

    path: str
    status: int | None
    error: str
    started: float
    seconds: float
    request_id: str = ""
    retry_after: str = ""


@dataclass
class Load:
    """Clients that ask for paths in turn, each on its own keep-alive connection.

    Args:
        url: The server, without path.
        paths: Asked for in turn by each client.
        clients: How many ask at once.
        pause_seconds: Between an answer and the next request of a client.
        keep_alive: Each client keeps its connection; without, workers share the requests more
            evenly.
    """

    url: str
    paths: Sequence[str]
    clients: int = 8
    pause_seconds: float = 0.05
    timeout_seconds: float = 30.0
    keep_alive: bool = True
    answers: list[Answer] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stopping = False
        self._greenlets: list[gevent.Greenlet] = []

    def __enter__(self) -> "Load":
        self._greenlets = [gevent.spawn(self._client, number) for number in range(self.clients)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        gevent.joinall(self._greenlets, timeout=self.timeout_seconds + 5, raise_error=True)

    def _client(self, number: int) -> None:
        with requests.Session() as session:
            turn = number
            while not self._stopping:
                self.answers.append(
                    ask(
                        self.url,
                        self.paths[turn % len(self.paths)],
                        session if self.keep_alive else None,
                        self.timeout_seconds,
                    )
                )
                turn += 1
                gevent.sleep(self.pause_seconds)

    def since(self, moment: float, until: float = float("inf")) -> list[Answer]:
        """The answers to requests that began between two readings of ``time.monotonic``."""
        return [answer for answer in self.answers if moment <= answer.started < until]


def ask(
    url: str, path: str, session: requests.Session | None = None, timeout_seconds: float = 30.0
) -> Answer:
    """One request; a failure is an answer too."""
    started = time.monotonic()
    try:
        answer = (session or requests).get(f"{url}{path}", timeout=timeout_seconds)
    except requests.RequestException as error:
        return Answer(path, None, type(error).__name__, started, time.monotonic() - started)
    headers = answer.headers
    return Answer(
        path,
        answer.status_code,
        "",
        started,
        time.monotonic() - started,
        headers.get("X-Request-ID", ""),
        headers.get("Retry-After", ""),
    )


def outcomes(answers: Sequence[Answer]) -> Counter[int | str]:
    """How many answers of each status, and failures of each kind."""
    return Counter(
        answer.status if answer.status is not None else answer.error for answer in answers
    )
