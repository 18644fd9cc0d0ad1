"""Help lines where there is no conversation: for messages that the rate limit refuses, and on every
problem of the route.

A person in danger must not be told of limits instead. So a message that is one too many is read all
the same, if it is small, and looked at for what a crisis is known by, which is cheap; it never
reaches the model or the database. Where a message cannot be read at all, the problem has the help
lines of everybody.
"""

from collections.abc import Callable
from typing import Final

from flask import Response, json, request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from service.accounts.access_tokens import Identity
from service.accounts.caller import caller
from service.companion.schemas import (
    EVENT_STREAM,
    HelpLineView,
    MessageRequest,
    Reply,
    wants_events,
)
from service.companion.streaming import STREAM_HEADERS, only_help
from service.companion.turns import NOT_KEPT, Talks
from service.http.problems import InvalidParameters
from service.http.responses import json_response
from service.http.validation import read_body
from telemetry.problem import CONTENT_TYPE

LARGEST_BODY_BYTES: Final = 64 * 1024
"""Of a message that is one too many: the longest one takes 48 kB when every character is escaped."""

ROLES: Final = ("member", "admin")


def help_instead(talks: Talks) -> Callable[[], Response | None]:
    """What answers a message that is one too many: with help lines where they are called for, else
    not at all.

    Args:
        talks: Knows who needs help, and counts it.
    """

    def look() -> Response | None:
        began, body = talks.clock(), _message()
        lines = talks.crisis.help_lines(body.message) if body else ()
        if not body or not lines:
            return None
        talks.measure("crisis", talks.clock() - began)
        shown = tuple(map(HelpLineView.of, lines))
        if wants_events(body):
            return Response(only_help(shown), mimetype=EVENT_STREAM, headers=STREAM_HEADERS)
        response = json_response(Reply(**dict(NOT_KEPT), reply=None, help_lines=shown))
        response.headers["Cache-Control"] = "no-store"
        return response

    return look


def help_on_problems(talks: Talks, endpoint: str) -> Callable[[Response], Response]:
    """What adds help lines to every problem of a route.

    Args:
        talks: Knows them.
        endpoint: Of the route.
    """
    shown = [HelpLineView.of(line).model_dump() for line in talks.crisis.everywhere]

    def add(response: Response) -> Response:
        if response.mimetype == CONTENT_TYPE and request.endpoint == endpoint:
            response.set_data(json.dumps(json.loads(response.get_data()) | {"help_lines": shown}))
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
