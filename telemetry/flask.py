"""What Flask tells of a request while it is in flight: the rule that matched, and the exception
that became a 500.

The rule says which variables of the path must not be told; the exception, what the request brought
that its text may quote.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, got_request_exception, request, request_started
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import parse_options_header
from werkzeug.routing import Rule

from telemetry.guard import Guard
from telemetry.redaction import Redactor
from telemetry.requests.record import RequestRecord, current_record
from telemetry.requests.slow import slow_after_seconds_of

PRIVATE_HEADERS: Final = ("Authorization", "Content-Disposition", "Idempotency-Key")


class Watching:
    """Adds to the record of each request of an app what Flask knows of it.

    Args:
        app: It keeps no reference to this, so whoever made this does.
        redactor: Knows what must not be told.
        guard: Stands around everything here.
    """

    def __init__(self, app: Flask, redactor: Redactor, guard: Guard) -> None:
        self._redactor = redactor
        self._guard = guard
        request_started.connect(self._note_route, app)
        got_request_exception.connect(self._note_exception, app)

    def _note_route(self, app: Flask, **_: object) -> None:
        record = current_record()
        if record is None:
            return
        rule = request.url_rule
        if rule is not None:
            record.route = rule.rule
            own = slow_after_seconds_of(app.view_functions.get(rule.endpoint))
            if own is not None and math.isfinite(record.slow_after_seconds):
                record.slow_after_seconds = own
        if request.view_args or request.routing_exception is not None:
            with self._guard.at("layer.route"):
                self._hide(app, record)

    def _hide(self, app: Flask, record: RequestRecord) -> None:
        rule, values = _path_of_request()
        if rule is not None and values:
            private = self._redactor.private_variables(
                values, app.view_functions.get(rule.endpoint)
            )
            if private:
                record.path = self._redactor.path(rule.rule, values, private)
                record.keep_out(*(str(values[name]) for name in private))

    def _note_exception(self, _: Flask, exception: BaseException, **__: object) -> None:
        record = current_record()
        if record is not None:
            record.error_type = type(exception).__name__
            with self._guard.at("layer.exception"):
                record.keep_out(*_brought())


def _path_of_request() -> tuple[Rule | None, Mapping[str, Any] | None]:
    """The rule of the path, also where the method is none of its own: a wrong one must not tell
    what the right one does not.
    """
    error, adapter = request.routing_exception, request_ctx.url_adapter
    if isinstance(error, MethodNotAllowed) and error.valid_methods and adapter is not None:
        try:
            return adapter.match(method=next(iter(error.valid_methods)), return_rule=True)
        except HTTPException:  # with the right method it would be a redirect: two slashes in a row
            return None, None
    return request.url_rule, request.view_args


def _brought() -> Iterator[str]:
    yield from request.args.values()
    yield from request.cookies.values()
    for name in PRIVATE_HEADERS:
        if value := request.headers.get(name):
            yield value
            yield from parse_options_header(value)[1].values()
