"""Polling of servers that may not answer yet."""

from collections.abc import Callable
from typing import TypeVar

import requests

from tests.support.polling import TIMEOUT_SECONDS, wait_until

T = TypeVar("T")


def poll(condition: Callable[[], T], *, timeout_seconds: float = TIMEOUT_SECONDS, what: str) -> T:
    """Poll with ``wait_until``; a request that fails counts as "not yet"."""
    return wait_until(
        condition,
        timeout_seconds=timeout_seconds,
        what=what,
        interval_seconds=0.1,
        retry_on=(requests.RequestException,),
    )
