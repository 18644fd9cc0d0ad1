"""Calls at the same time."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import gevent

T = TypeVar("T")


def at_once(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Run calls in greenlets and return their results."""
    greenlets = [gevent.spawn(call) for call in calls]
    gevent.joinall(greenlets, raise_error=True)
    return [greenlet.value for greenlet in greenlets]
