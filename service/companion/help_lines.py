"""Help lines without a conversation: for messages over the rate limit, and on every problem.

A person in danger must get help lines even over the rate limit. So a small message over the limit
is still read and checked for alarming phrases, which is cheap; it never reaches the model or the
database. When a message cannot be read at all, the problem has the worldwide help lines.
"""

from collections.abc import Callable
from typing import Final

from flask import Response, json, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from service.accounts.access_tokens import Identity
from service.accounts.caller import caller
from service.companion.schemas import (
    HelpLineView,
    MessageRequest,
    Reply,
    wants_events,
)
from service.companion.streaming import STREAM_HEADERS, help_events
from service.companion.turns import NOT_STORED, TurnFactory
from service.http.operation import EVENT_STREAM
from service.http.problems import InvalidParameters
from service.http.responses import json_response
from service.http.validation import read_body
from telemetry.problem import CONTENT_TYPE

LARGEST_BODY_BYTES: Final = 64 * 1024
"""Of a message over the limit; the longest one takes 48 kB when every character is escaped."""

ROLES: Final = ("member", "admin")


def help_over_the_limit(turns: TurnFactory) -> Callable[[], Response | None]:
    """Return the handler of messages over the rate limit.

    It returns a response with help lines to an alarming message, and ``None`` to any other.

    Args:
        turns: Detects alarming messages, and records them.
    """

    def respond() -> Response | None:
        began, body = turns.clock(), _message()
        lines = turns.crisis.help_lines(body.message) if body else ()
        if not body or not lines:
            return None
        turns.record_duration("crisis", turns.clock() - began)
        views = tuple(map(HelpLineView.of, lines))
        if wants_events(body):
            return Response(help_events(views), mimetype=EVENT_STREAM, headers=STREAM_HEADERS)
        response = json_response(Reply(**dict(NOT_STORED), reply=None, help_lines=views))
        response.headers["Cache-Control"] = "no-store"
        return response

    return respond


def help_on_problems(turns: TurnFactory, endpoint: str) -> Callable[[Response], Response]:
    """Return a handler that adds the worldwide help lines to every problem of a route.

    Args:
        turns: Holds the help lines.
        endpoint: Of the route.
    """
    lines = [HelpLineView.of(line).model_dump() for line in turns.crisis.worldwide_help_lines]

    def add(response: Response) -> Response:
        if response.mimetype == CONTENT_TYPE and request.endpoint == endpoint:
            response.set_data(json.dumps(json.loads(response.get_data()) | {"help_lines": lines}))
        return response

    return add


def _message() -> MessageRequest | None:
    account, length = caller(), request.content_length
    if (
        not isinstance(account, Identity)
        or account.role not in ROLES
        or length is None
        or length > LARGEST_BODY_BYTES
    ):
        return None
    try:
        return read_body(MessageRequest)
    except (BadRequest, InvalidParameters, UnsupportedMediaType):
        return None
