"""Things done at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_SECONDS = 30.0


def at_once(jobs: Sequence[Callable[[], _T]]) -> list[_T]:
    """Run all of them in threads that begin together; returns their results in order."""
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], _T]) -> _T:
        barrier.wait(_SECONDS)
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))
