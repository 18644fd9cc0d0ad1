"""What a client's failure means for its request: the response that it gets, and the outcome.

An application sees an ``OSError`` while it reads the body, and may make anything of it: a 400 of
its framework, a 500 of its own. What the client gets, and what is recorded, is decided here.
"""

from http import HTTPStatus
from typing import Any, Final, NamedTuple

import gevent

from telemetry.http1 import rules
from telemetry.http1.rules import BrokenRule
from telemetry.problem import CONTENT_TYPE, problem_bytes, problem_members
from telemetry.requests.record import Outcome, RequestRecord
from telemetry.server.client_pace import ClientFailure, ClientTooSlow
from telemetry.server.client_socket import ClientSocket
from telemetry.span_names import UNSENT_BYTES_ATTRIBUTE, UNSENT_EVENT

UNSENT_FROM_BYTES: Final = 64 * 1024
"""Shortest response after whose end the kernel is asked what it still holds: a send buffer has room
for what is shorter."""


class Substitute(NamedTuple):
    """A response in place of the application's."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


def substitute_for(client: ClientSocket | None, record: RequestRecord) -> Substitute | None:
    """Return the response to a client whose body did not come in time, whatever the app answers.

    Args:
        client: The client's connection, where the server provides it.
        record: Of the request; its response has not begun.
    """
    if client is None or client.too_slow is None or record.status is not None:
        return None
    status, detail = rules.BODY_TIME.status, rules.BODY_TIME.detail
    body = problem_bytes(problem_members(status, detail, request_id=record.request_id))
    return Substitute(
        f"{status} {status.phrase}",
        [
            ("Content-Type", CONTENT_TYPE),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),
        ],
        body,
    )


def outcome_by_client(error: BaseException | None) -> Outcome | None:
    """Return how a client ended its request; ``None`` when it did not.

    Args:
        error: Raised by the app or by the server that sends its response.
    """
    if isinstance(error, ClientTooSlow):
        return "client_too_slow"
    return "client_disconnected" if isinstance(error, ClientFailure) else None


def end_of_sent(record: RequestRecord, client: ClientSocket | None) -> Outcome:
    """Return how a request ended whose response was sent to its end.

    The app may have answered a client that had left in the middle of its request.

    Args:
        record: Of the request.
        client: The client's connection, where the server provides it.
    """
    if record.error_type:
        return "failed"
    left = client is not None and client.gone and record.status is not None
    return "client_disconnected" if left else "completed"


def outcome_of(error: BaseException) -> Outcome:
    """Return how a request ended whose app raised."""
    if isinstance(error, BrokenRule):
        return "completed"
    if isinstance(error, gevent.Timeout):
        return "timeout"
    if outcome := outcome_by_client(error):
        return outcome
    return "failed" if isinstance(error, Exception) else "killed"


def note_unsent(record: RequestRecord, client: ClientSocket | None) -> None:
    """Note what the kernel still holds of a response, whose duration ends nonetheless.

    Args:
        record: Of the request; one that another makes has no response of its own on the connection.
        client: The client's connection, where the server provides it.
    """
    if client is not None and record.outer is None:
        unsent_bytes = client.delivery.unsent_bytes
        if unsent_bytes:
            record.add_event(UNSENT_EVENT, {UNSENT_BYTES_ATTRIBUTE: unsent_bytes})


def status_of(error: BaseException) -> int | None:
    """Return the status that a server sends for an app that raised before its response began.

    ``None`` where no client reads it.
    """
    if isinstance(error, BrokenRule):
        return error.rule.status.value
    if isinstance(error, ClientTooSlow):
        return rules.BODY_TIME.status.value
    return None if isinstance(error, ClientFailure) else HTTPStatus.INTERNAL_SERVER_ERROR.value


def install(app: Any) -> None:
    """Keep a Flask app from logging a client's failure as its own, and from answering 500.

    Args:
        app: The Flask app.
    """
    # A client that left reads no response; one that was too slow gets the substitute.
    app.register_error_handler(ClientFailure, lambda _: ("", HTTPStatus.BAD_REQUEST))
