"""The stack of every request, greenlet and thread, at this instant.

Read in a native thread while everything else goes on, so each line is true for its own instant.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from greenlet import greenlet

from telemetry.greenlets import stack_of_thread, stacks_of_threads, state_and_stack
from telemetry.native import sleep
from telemetry.requests.record import RequestRecord

Stack = tuple[str, ...]

STACKS_PER_PAUSE: Final = 50
PAUSE_SECONDS: Final = 0.001


def stacks_view(
    in_flight: Iterable[RequestRecord], greenlets: Callable[[], Iterable[greenlet]], hub_thread: int
) -> Iterator[bytes]:
    """Describe where each request, greenlet and thread is.

    Greenlets with the same stack are one entry, with their number.

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
        state, stack = state_and_stack(record.greenlet, lambda: running)
        age_seconds = (now_ns - record.started_ns) / 1e9
        request = f"{record.request_id} {record.method_label} {record.route}"
        yield _entry(f"request {request} {age_seconds:.3f} s {state}", stack)
    for (state, stack), count in _places(greenlets(), serving).most_common():
        yield _entry(f"{count} greenlet{'s' if count > 1 else ''} {state}", stack)
    for thread, stack in stacks_of_threads().items():
        yield _entry(f"thread {thread}{' of the hub' if thread == hub_thread else ''}", stack)


def _places(greenlets: Iterable[greenlet], serving: set[int]) -> Counter[tuple[str, Stack]]:
    """Count the greenlets that serve no request, by state and stack."""
    places: Counter[tuple[str, Stack]] = Counter()
    for number, each in enumerate(greenlets):
        if number % STACKS_PER_PAUSE == 0:
            sleep(PAUSE_SECONDS)
        if id(each) not in serving:
            # Without a frame it runs, or waits in compiled code alone.
            places[state_and_stack(each, tuple)] += 1
    return places


def _entry(title: str, stack: Stack) -> bytes:
    return "\n  ".join([title, *stack]).encode("utf-8", "replace") + b"\n\n"
