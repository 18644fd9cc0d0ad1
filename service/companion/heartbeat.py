"""Keepalive for slow sources: detects silence, and a reader that has disconnected.

The source is read in a greenlet of its own, so that its reader can act meanwhile. Nothing here
knows what is read.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Final, TypeVar

import gevent
from gevent.queue import Empty, Queue

Item = TypeVar("Item")

MOST_QUEUED_ITEMS: Final = 64
"""Items read ahead of a slow reader; the source is read no further until the reader takes one."""


class ReaderDisconnected(Exception):
    """The reader of a source has disconnected."""


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None = None


def with_keepalive(
    source: Generator[Item, None, None],
    interval_seconds: float,
    is_connected: Callable[[], bool],
    check_interval_seconds: float,
) -> Generator[Item | None, None, None]:
    """Yield the items of a source, and ``None`` after each interval of silence.

    Args:
        source: Not started. It is started, read and closed in a greenlet of its own, which belongs
            to the same request; when the reader closes this generator, or is killed in it, that
            greenlet is killed before anything else happens.
        interval_seconds: Length of the silence.
        is_connected: Whether the reader is still connected; called during silence.
        check_interval_seconds: Between two such calls.

    Raises:
        ReaderDisconnected: ``is_connected`` returned false.
        Exception: The error of the source.
    """
    queue: Queue[Item | _End] = Queue(MOST_QUEUED_ITEMS)
    feeder = gevent.spawn(_feed, source, queue)
    silent_seconds = 0.0
    try:
        while True:
            wait_seconds = min(check_interval_seconds, interval_seconds - silent_seconds)
            try:
                item = queue.get(timeout=wait_seconds)
            except Empty:
                if not is_connected():
                    raise ReaderDisconnected from None
                silent_seconds += wait_seconds
                if silent_seconds >= interval_seconds:
                    silent_seconds = 0.0
                    yield None
                continue
            silent_seconds = 0.0
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        feeder.kill()


def _feed(source: Generator[Item, None, None], queue: "Queue[Item | _End]") -> None:
    try:
        with closing(source):
            for item in source:
                queue.put(item)
    except Exception as error:
        queue.put(_End(error))
    else:
        queue.put(_End())
