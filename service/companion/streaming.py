"""A turn as an answer: whole, or as server-sent events.

Events are ``help`` (first, where it is called for), ``message`` with each piece, then ``done`` with
the ids or ``error`` with the problem. A comment goes out in every long silence. Until the first
event or comment is there, no response has begun, so that what fails early is a problem with a
status of its own.

Source: WHATWG HTML, "Server-sent events".
"""

import json
import select
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, Final

from gevent import GreenletExit, monkey

from service.companion import problems
from service.companion.failures import ModelUnavailable, Result
from service.companion.heartbeat import ReaderLeft, with_silences
from service.companion.schemas import HelpLineView, Reply
from service.companion.turns import NOT_KEPT, Turn
from service.http.problems import DATABASE_UNAVAILABLE, problem_members
from service.mongo.connection import Unreachable
from telemetry import current_record

STREAM_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
SILENCE: Final = b": still here\n\n"
LOOK_EVERY_SECONDS: Final = 1.0
"""How often a silent stream looks whether its client is still there."""


def whole(turn: Turn) -> Reply:
    """The answer in one piece.

    Raises:
        ModelUnavailable: There is none, and no need for help either.
    """
    result: Result = "error"
    try:
        with closing(turn.pieces()) as pieces:
            turn.said.extend(pieces)
        result = "answered"
    except GreenletExit:
        result = "disconnected"
        raise
    except ModelUnavailable as error:
        result = error.result
        turn.said.clear()  # half an answer is none to whoever wants it whole
        if not turn.help_lines:
            raise
    finally:
        kept = turn.end(result, is_whole=result == "answered")
    return Reply(**dict(kept), reply=turn.reply, help_lines=turn.help_lines)


class Events:
    """The body of a stream of events; its first one is there when this is made.

    Args:
        turn: To answer.
        path: Of the request.
        heartbeat_seconds: Longest silence.
        stays: Whether the client is still there.

    Raises:
        ModelUnavailable: The model failed before anything was sent.
    """

    def __init__(
        self, turn: Turn, path: str, heartbeat_seconds: float, stays: Callable[[], bool]
    ) -> None:
        self._events = _events(turn, path, heartbeat_seconds, stays)
        self._first: bytes | None = next(self._events, b"")

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        return next(self._events) if first is None else first

    def close(self) -> None:
        """End the model's call, and keep what was said; what a server calls when its client has
        gone.
        """
        self._events.close()


def only_help(help_lines: Sequence[HelpLineView]) -> bytes:
    """The events of a message that gets help and nothing else, and is not kept."""
    return _help(help_lines) + _event("done", NOT_KEPT.model_dump())


def _help(help_lines: Sequence[HelpLineView]) -> bytes:
    return _event("help", {"help_lines": [line.model_dump() for line in help_lines]})


def _events(
    turn: Turn, path: str, heartbeat_seconds: float, stays: Callable[[], bool]
) -> Generator[bytes, None, None]:
    result: Result = "error"
    failed: ModelUnavailable | None = None
    has_begun = bool(turn.help_lines)
    try:
        if turn.help_lines:
            yield _help(turn.help_lines)
        with closing(
            with_silences(turn.pieces(), heartbeat_seconds, stays, LOOK_EVERY_SECONDS)
        ) as pieces:
            for piece in pieces:
                if piece is not None:
                    turn.said.append(piece)
                has_begun = True
                yield SILENCE if piece is None else _event("message", {"delta": piece})
        result = "streamed"
    except ReaderLeft:
        result = "disconnected"
        _note_departure()
    except (GeneratorExit, GreenletExit):
        result = "disconnected"
        raise
    except ModelUnavailable as error:
        result, failed = error.result, error
        if not has_begun:
            raise
    finally:
        last = _last(turn, result, failed, path)
    yield last


def _last(turn: Turn, result: Result, failed: ModelUnavailable | None, path: str) -> bytes:
    try:
        kept = turn.end(result, is_whole=result == "streamed")
    except Unreachable:
        return _event(
            "error",
            problem_members(
                503, "The conversation could not be kept.", path=path, type=DATABASE_UNAVAILABLE
            ),
        )
    if failed is None or (turn.help_lines and not turn.said):
        return _event("done", kept.model_dump())
    return _event("error", problems.as_members(failed, path) | kept.model_dump())


def _note_departure() -> None:
    record = current_record()
    if record is not None:
        record.outcome = "client_disconnected"


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def presence(environ: dict[str, Any]) -> Callable[[], bool]:
    """A look whether the client of a request is still there, which it is taken to be where the
    server does not show its connection.

    A write to a connection that the client has closed tells it only the second time, which would be
    two silences later.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return lambda: True

    def stays() -> bool:
        # The original one: it is asked for what is the case now, and never waits.
        poll = monkey.get_original("select", "poll")()
        poll.register(connection.fileno(), select.POLLRDHUP)
        return not poll.poll(0)

    return stays
