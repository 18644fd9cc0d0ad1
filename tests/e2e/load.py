"""Concurrent HTTP clients: bounded, and every result is kept."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import gevent
import requests


@dataclass(frozen=True)
class Result:
    """One request as its client saw it: a status, or the name of the error."""

    path: str
    status: int | None
    error: str
    started: float
    seconds: float
    request_id: str = ""
    retry_after: str = ""


@dataclass
class Load:
    """Clients that request paths in turn, each on its own keep-alive connection.

    Args:
        url: The server, without path.
        paths: Requested in turn by each client.
        clients: Number of concurrent clients.
        pause_seconds: Between a response and the next request of a client.
        timeout_seconds: Of each request.
        keep_alive: Each client keeps its connection; without, workers share the requests more
            evenly.
    """

    url: str
    paths: Sequence[str]
    clients: int = 8
    pause_seconds: float = 0.05
    timeout_seconds: float = 30.0
    keep_alive: bool = True
    results: list[Result] = field(default_factory=list)

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
                self.results.append(
                    send(
                        self.url,
                        self.paths[turn % len(self.paths)],
                        session if self.keep_alive else None,
                        self.timeout_seconds,
                    )
                )
                turn += 1
                gevent.sleep(self.pause_seconds)

    def since(self, moment: float, until: float = float("inf")) -> list[Result]:
        """Return the results of requests sent between two readings of ``time.monotonic``."""
        return [result for result in self.results if moment <= result.started < until]


def send(
    url: str, path: str, session: requests.Session | None = None, timeout_seconds: float = 30.0
) -> Result:
    """Send one GET request; a failure is a result too."""
    started = time.monotonic()
    try:
        response = (session or requests).get(f"{url}{path}", timeout=timeout_seconds)
    except requests.RequestException as error:
        return Result(path, None, type(error).__name__, started, time.monotonic() - started)
    headers = response.headers
    return Result(
        path,
        response.status_code,
        "",
        started,
        time.monotonic() - started,
        headers.get("X-Request-ID", ""),
        headers.get("Retry-After", ""),
    )


def count_outcomes(results: Sequence[Result]) -> Counter[int | str]:
    """Count the responses of each status and the failures of each kind."""
    return Counter(
        result.status if result.status is not None else result.error for result in results
    )
