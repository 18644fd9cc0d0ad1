"""A slow source is read in a greenlet of its own, so that its reader learns of silences and may
leave at any time.

Nothing here knows what is read.
"""

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Final, TypeVar

import gevent
from gevent.queue import Empty, Queue

Item = TypeVar("Item")

MOST_AHEAD: Final = 64
"""Items read ahead of a slow reader; then the source is read no faster than they go."""


class ReaderLeft(Exception):
    """Nobody reads any more."""


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None = None


def with_silences(
    source: Generator[Item, None, None],
    silence_seconds: float,
    stays: Callable[[], bool],
    look_every_seconds: float,
) -> Generator[Item | None, None, None]:
    """The items of a source, and ``None`` after each stretch of silence.

    Args:
        source: Not begun. It is begun, read and ended in a greenlet of its own, which belongs to
            the same request; when the reader closes this generator, or is killed in it, that is
            ended before anything else happens.
        silence_seconds: How long a silence is.
        stays: Whether the reader is still there; asked now and then during a silence.
        look_every_seconds: How often it is asked.

    Raises:
        ReaderLeft: It is not.
        Exception: What the source raised.
    """
    queue: Queue[Item | _End] = Queue(MOST_AHEAD)
    feeding = gevent.spawn(_feed, source, queue)
    silent_seconds = 0.0
    try:
        while True:
            wait_seconds = min(look_every_seconds, silence_seconds - silent_seconds)
            try:
                item = queue.get(timeout=wait_seconds)
            except Empty:
                if not stays():
                    raise ReaderLeft from None
                silent_seconds += wait_seconds
                if silent_seconds >= silence_seconds:
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
        feeding.kill()


def _feed(source: Generator[Item, None, None], queue: "Queue[Item | _End]") -> None:
    try:
        with closing(source):
            for item in source:
                queue.put(item)
    except Exception as error:
        queue.put(_End(error))
    else:
        queue.put(_End())
