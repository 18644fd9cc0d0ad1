"""What is happening in this process right now: requests in flight, and where every greenlet and
thread is.

Read in a native thread while everything else goes on, so each line is true for its own instant.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from greenlet import greenlet

from telemetry.greenlets import is_running, stack_of, stack_of_thread, stacks_of_threads
from telemetry.native import sleep
from telemetry.requests.record import RequestRecord

STACKS_A_PAUSE = 50
PAUSE_SECONDS = 0.001


def requests_view(in_flight: Iterable[RequestRecord]) -> dict[str, Any]:
    """The requests in flight, oldest first; routes and ids, no values of the client's.

    Args:
        in_flight: The requests in flight.
    """
    now_ns = time.perf_counter_ns()
    shown = [
        {
            "requestId": record.request_id,
            "traceId": record.trace_id,
            "method": record.method_label,
            "route": record.route,
            "ageSeconds": round((now_ns - record.started_ns) / 1e9, 6),
            "status": record.status,
            "waitSeconds": {
                phase: round(seconds, 6) for phase, seconds in record.waits.copy().items()
            },
            "running": is_running(record.greenlet),
        }
        for record in in_flight
    ]
    return {"inFlight": len(shown), "requests": sorted(shown, key=lambda each: -each["ageSeconds"])}


def stacks_view(
    in_flight: Iterable[RequestRecord], greenlets: Callable[[], Iterable[greenlet]], hub_thread: int
) -> Iterator[bytes]:
    """Where each request, greenlet and thread is; greenlets at the same place are told once, with
    their number.

    Args:
        in_flight: The requests in flight.
        greenlets: The greenlets of the hub's thread.
        hub_thread: Identifier of that thread: what it does is what the request that runs does.

    Yields:
        One entry after the other; a request's begins with ``request``.
    """
    running = stack_of_thread(hub_thread)
    serving: set[int] = set()
    now_ns = time.perf_counter_ns()
    for record in in_flight:
        serving.add(id(record.greenlet))
        state, stack = _where(record.greenlet, running)
        age_seconds = (now_ns - record.started_ns) / 1e9
        yield _entry(
            f"request {record.request_id} {record.method_label} {record.route} {age_seconds:.3f} s {state}",
            stack,
        )
    places: dict[tuple[str, tuple[str, ...]], int] = {}
    for number, each in enumerate(greenlets()):
        if number % STACKS_A_PAUSE == 0:
            sleep(PAUSE_SECONDS)
        if id(each) not in serving:
            # Without a frame it runs, or waits in compiled code alone.
            place = _where(each, ())
            places[place] = places.get(place, 0) + 1
    for (state, stack), count in sorted(places.items(), key=lambda item: -item[1]):
        yield _entry(f"{count} greenlet{'s' if count > 1 else ''} {state}", stack)
    for thread, stack in stacks_of_threads().items():
        yield _entry(f"thread {thread}{' of the hub' if thread == hub_thread else ''}", stack)


def _where(one: object, running: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    if is_running(one):
        return "running", running
    frame = one.gr_frame if isinstance(one, greenlet) else None
    return ("waiting" if frame is not None else "not started or ended"), stack_of(frame)


def _entry(title: str, stack: tuple[str, ...]) -> bytes:
    return "\n  ".join([title, *stack]).encode("utf-8", "replace") + b"\n\n"
