"""Two conditions measured in turn, A B A B …, so that a drift of the machine falls on both alike.

Said as ratios with their spread.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Round:
    """What clients saw in one stretch of time; seconds."""

    latencies: tuple[float, ...]
    failures: int

    def quantile(self, share: float) -> float:
        """The latency that ``share`` of the requests stayed within."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ask_for(
    port: int,
    paths: Sequence[str],
    seconds: float,
    *,
    clients: int = 4,
    pause_seconds: float = 0.01,
) -> Round:
    """Ask a server on loopback for paths in turn.

    Args:
        port: On 127.0.0.1.
        paths: In turn, by each client.
        seconds: How long.
        clients: Native threads, each on a keep-alive connection.
        pause_seconds: Between an answer and that client's next request.

    Returns:
        The latency of every request, whatever its status; a request without an answer is a failure.
    """
    latencies: list[float] = []
    failures: list[BaseException] = []
    deadline = time.monotonic() + seconds

    def client(turn: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < deadline:
            began = time.perf_counter()
            try:
                connection.request("GET", paths[turn % len(paths)])
                connection.getresponse().read()
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)
                connection.close()
            else:
                latencies.append(time.perf_counter() - began)
            turn += 1
            time.sleep(pause_seconds)
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Round(tuple(latencies), len(failures))


def spread(values: Sequence[float], unit: str = "") -> str:
    """``median (min to max)`` of some figures."""
    return f"{statistics.median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})"


def compare(
    names: tuple[str, str],
    enter: tuple[Callable[[], None], Callable[[], None]],
    measure: Callable[[], Round],
    rounds: int,
) -> None:
    """Measure two conditions in turn and print p50 and p99 of each, and the ratio second to first
    pair by pair.

    Args:
        names: Of the conditions.
        enter: Brings each condition about; returns when it holds.
        measure: One round.
        rounds: Pairs.
    """
    measured: tuple[list[Round], list[Round]] = ([], [])
    for number in range(rounds):
        for which in (0, 1):
            enter[which]()
            measured[which].append(measure())
        print(f"  round {number + 1} of {rounds} done", flush=True)
    for name, found in zip(names, measured, strict=True):
        requests, failures = (
            sum(len(each.latencies) for each in found),
            sum(each.failures for each in found),
        )
        print(f"{name}: {requests} requests, {failures} failed", end="")
        for share in (0.5, 0.99):
            print(
                f", p{round(share * 100)} {spread([each.quantile(share) * 1e3 for each in found], ' ms')}",
                end="",
            )
        print()
    for share in (0.5, 0.99):
        ratios = [
            second.quantile(share) / first.quantile(share)
            for first, second in zip(*measured, strict=True)
        ]
        print(f"p{round(share * 100)} {names[1]} / {names[0]}: {spread(ratios)}")
