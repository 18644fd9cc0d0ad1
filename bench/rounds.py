"""Interleaved rounds, A B A B …: a drift of the machine affects all conditions alike.

Results are medians and ratios with their spread.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Round:
    """What clients measured in one period; seconds."""

    latencies: tuple[float, ...]
    failures: int

    def quantile(self, share: float) -> float:
        """Return the latency within which ``share`` of the requests were answered."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def send_requests(
    port: int,
    paths: Sequence[str],
    seconds: float,
    *,
    clients: int = 4,
    pause_seconds: float = 0.01,
) -> Round:
    """Send requests to a server on 127.0.0.1.

    Args:
        port: Of the server.
        paths: Requested in turn by each client.
        seconds: Duration.
        clients: Native threads, each with a keep-alive connection.
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

    run_in_threads(client, clients)
    return Round(tuple(latencies), len(failures))


def run_in_threads(work: Callable[[int], None], count: int) -> None:
    """Call ``work`` with each number below ``count`` in a native thread of its own, and wait."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def spread(values: Sequence[float], unit: str = "") -> str:
    """Return ``median (min to max)`` of some figures."""
    return f"{statistics.median(values):.2f}{unit} ({min(values):.2f} to {max(values):.2f})"


def microseconds_by_name(
    works: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    clock: Callable[[], float],
    seconds: float,
) -> dict[str, list[float]]:
    """Measure pieces of work in interleaved rounds.

    Args:
        works: By name.
        rounds: Number of turns of each.
        clock: In seconds, such as ``time.perf_counter`` or ``time.thread_time``.
        seconds: Duration of one turn, by ``clock``.

    Returns:
        The mean time of one call in each round, in microseconds, by name.
    """
    measured: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            calls, began = 0, clock()
            while (spent := clock() - began) < seconds:
                work()
                calls += 1
            measured[name].append(spent / calls * 1e6)
    return measured


def compare(
    names: tuple[str, str],
    enter: tuple[Callable[[], None], Callable[[], None]],
    measure: Callable[[], Round],
    rounds: int,
) -> None:
    """Measure two conditions in turn; print p50 and p99 of each, and the ratios round by round.

    Args:
        names: Of the conditions.
        enter: Brings about each condition; returns when it holds.
        measure: One round.
        rounds: Number of pairs.
    """
    measured: tuple[list[Round], list[Round]] = ([], [])
    for number in range(rounds):
        for which in (0, 1):
            enter[which]()
            measured[which].append(measure())
        print(f"  round {number + 1} of {rounds} done", flush=True)
    for name, found in zip(names, measured, strict=True):
        requests = sum(len(each.latencies) for each in found)
        failures = sum(each.failures for each in found)
        line = f"{name}: {requests} requests, {failures} failed"
        for share in (0.5, 0.99):
            milliseconds = [each.quantile(share) * 1e3 for each in found]
            line += f", p{round(share * 100)} {spread(milliseconds, ' ms')}"
        print(line)
    for share in (0.5, 0.99):
        ratios = [
            second.quantile(share) / first.quantile(share)
            for first, second in zip(*measured, strict=True)
        ]
        print(f"p{round(share * 100)} {names[1]} / {names[0]}: {spread(ratios)}")
