"""Sending a turn's reply: as a whole, or as server-sent events.

Events are ``help`` (first, if needed), ``message`` with each piece, then ``done`` with the ids or
``error`` with the problem. A comment is sent after each interval of silence. The response starts
with the first event or comment, so that an early failure is a problem response with its own status.

Source: WHATWG HTML, "Server-sent events".
"""

import json
import select
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, Final

from gevent import GreenletExit, monkey

from service.companion import problems
from service.companion.failures import ModelUnavailable, Result
from service.companion.heartbeat import ReaderDisconnected, with_keepalive
from service.companion.schemas import HelpLineView, Reply
from service.companion.turns import NOT_STORED, Turn
from service.http.problems import DATABASE_UNAVAILABLE, problem_members
from service.mongo.connection import Unreachable
from telemetry import current_record

STREAM_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Vary": "Accept",
    "X-Accel-Buffering": "no",
}
KEEPALIVE_COMMENT: Final = b": still here\n\n"
CONNECTION_CHECK_SECONDS: Final = 1.0
"""Interval at which a silent stream checks whether its client is still connected."""


def whole_reply(turn: Turn) -> Reply:
    """Return the reply as a whole.

    Raises:
        ModelUnavailable: The reply is missing or incomplete, and no help lines are needed.
    """
    result: Result = "error"
    try:
        with closing(turn.reply_pieces()) as pieces:
            turn.sent_pieces.extend(pieces)
        result = "answered"
    except GreenletExit:
        result = "disconnected"
        raise
    except ModelUnavailable as error:
        result = error.result
        turn.sent_pieces.clear()  # an incomplete reply is not returned as a whole one
        if not turn.help_lines:
            raise
    finally:
        ids = turn.finish(result, is_whole=result == "answered")
    return Reply(**dict(ids), reply=turn.reply, help_lines=turn.help_lines)


class EventStream:
    """The body of a stream of events; its first event is read by the constructor.

    Args:
        turn: To reply to.
        path: Of the request.
        heartbeat_seconds: Longest silence.
        is_connected: Whether the client is still connected.

    Raises:
        ModelUnavailable: The model failed before anything was sent.
    """

    def __init__(
        self, turn: Turn, path: str, heartbeat_seconds: float, is_connected: Callable[[], bool]
    ) -> None:
        self._events = _events(turn, path, heartbeat_seconds, is_connected)
        self._first: bytes | None = next(self._events, b"")

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        return next(self._events) if first is None else first

    def close(self) -> None:
        """End the model's call and store the messages; servers call it after a disconnect."""
        self._events.close()


def help_events(help_lines: Sequence[HelpLineView]) -> bytes:
    """Return the events of a message that gets help lines only, and is not stored."""
    return _help(help_lines) + _event("done", NOT_STORED.model_dump())


def connection_check(environ: Mapping[str, Any]) -> Callable[[], bool]:
    """Return a function that checks whether the client of a request is still connected.

    It returns true where the server does not provide the connection. Without the check, only the
    second write after a disconnect fails, which would be two silences later.

    Args:
        environ: WSGI's, of the request.
    """
    connection = environ.get("gunicorn.socket")
    if connection is None:
        return lambda: True

    def is_connected() -> bool:
        # The unpatched poll: it only reads the current state and never waits.
        poll = monkey.get_original("select", "poll")()
        poll.register(connection.fileno(), select.POLLRDHUP)
        return not poll.poll(0)

    return is_connected


def _events(
    turn: Turn, path: str, heartbeat_seconds: float, is_connected: Callable[[], bool]
) -> Generator[bytes, None, None]:
    result: Result = "error"
    failure: ModelUnavailable | None = None
    has_begun = bool(turn.help_lines)
    try:
        if turn.help_lines:
            yield _help(turn.help_lines)
        source = with_keepalive(
            turn.reply_pieces(), heartbeat_seconds, is_connected, CONNECTION_CHECK_SECONDS
        )
        with closing(source) as pieces:
            for piece in pieces:
                if piece is not None:
                    turn.sent_pieces.append(piece)
                has_begun = True
                yield KEEPALIVE_COMMENT if piece is None else _event("message", {"delta": piece})
        result = "streamed"
    except ReaderDisconnected:
        result = "disconnected"
        _record_disconnect()
    except (GeneratorExit, GreenletExit):
        result = "disconnected"
        raise
    except ModelUnavailable as error:
        result, failure = error.result, error
        if not has_begun:
            raise
    finally:
        last = _last_event(turn, result, failure, path)
    yield last


def _last_event(turn: Turn, result: Result, failure: ModelUnavailable | None, path: str) -> bytes:
    try:
        ids = turn.finish(result, is_whole=result == "streamed")
    except Unreachable:
        return _event(
            "error",
            problem_members(
                503, "The conversation could not be stored.", path=path, type=DATABASE_UNAVAILABLE
            ),
        )
    if failure is None or (turn.help_lines and not turn.sent_pieces):
        return _event("done", ids.model_dump())
    return _event("error", problems.as_members(failure, path) | ids.model_dump())


def _record_disconnect() -> None:
    record = current_record()
    if record is not None:
        record.outcome = "client_disconnected"


def _help(help_lines: Sequence[HelpLineView]) -> bytes:
    return _event("help", {"help_lines": [line.model_dump() for line in help_lines]})


def _event(name: str, data: dict[str, Any]) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
