"""What Flask finds out, on the record of a request in flight; and the answer to a malformed body.

It finds the route, and the exception behind a 500. The route's view decides which variables
of the path are private. The text of an exception may quote what the client sent, so those values
are marked for redaction.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Flask, Request, Response, got_request_exception, request
from flask.globals import request_ctx
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.http import parse_options_header
from werkzeug.routing import Rule

from telemetry.environ_keys import RECORD_ENVIRON
from telemetry.guard import Guard
from telemetry.http1.rules import MalformedBody
from telemetry.problem import CONTENT_TYPE, problem_bytes, problem_members
from telemetry.redaction import Redactor
from telemetry.requests.record import RequestRecord, current_record
from telemetry.requests.slow import slow_after_seconds_of

PRIVATE_HEADERS: Final = ("Authorization", "Content-Disposition", "Idempotency-Key")


@dataclass(frozen=True, slots=True)
class _Route:
    """What holds for all requests of a rule.

    Args:
        rule: Kept, so that its ``id`` is no other rule's.
        text: Such as ``/posts/<slug>``.
        view: The function that the rest was read from.
        slow_after_seconds: The view's own threshold.
        may_be_private: One of its variables is private, unless its value is harmless.
    """

    rule: Rule
    text: str
    view: object
    slow_after_seconds: float | None
    may_be_private: bool


class FlaskObserver:
    """Adds the route and the exception of each request of an app to its record.

    Args:
        app: Not yet served. It keeps this object, but for the exceptions, of which the signal holds
            no reference.
        redactor: Knows sensitive names and shapes.
        guard: Stands around everything.
    """

    def __init__(self, app: Flask, redactor: Redactor, guard: Guard) -> None:
        self._app = app
        self._redactor = redactor
        self._guard = guard
        self._at_route = guard.at("layer.route")
        self._routes: dict[int, _Route] = {}
        # A signal would cost ten times as much (blinker searches its receivers and inspects each of
        # them, for each request), a preprocessor of URL values twice: Flask hands it two values by
        # way of proxies.
        self._preprocess = app.preprocess_request
        app.preprocess_request = self._preprocess_request  # type: ignore[method-assign]
        got_request_exception.connect(self._record_exception, app)

    def _preprocess_request(self, *arguments: Any) -> Any:
        """As ``Flask.preprocess_request``; first of all, before others change the values."""
        try:
            self._record_route(request._get_current_object())  # type: ignore[attr-defined]
        except Exception as error:
            self._at_route.caught(error)
        return self._preprocess(*arguments)

    def _record_route(self, served: Request) -> None:
        record = _record_of(served)
        if record is None:
            return
        rule = served.url_rule
        if rule is None:
            if served.routing_exception is not None:
                self._redact_path(record)
            return
        route = self._routes.get(id(rule))
        if route is None or route.view is not self._app.view_functions.get(rule.endpoint):
            route = self._routes[id(rule)] = self._route_of(rule)
        record.route = route.text
        if route.slow_after_seconds is not None and math.isfinite(record.slow_after_seconds):
            record.slow_after_seconds = route.slow_after_seconds
        if route.may_be_private and served.view_args:
            self._redact_path(record)

    def _route_of(self, rule: Rule) -> "_Route":
        view = self._app.view_functions.get(rule.endpoint)
        return _Route(
            rule,
            rule.rule,
            view,
            slow_after_seconds_of(view),
            bool(self._redactor.private_variables(dict.fromkeys(rule.arguments), view)),
        )

    def _redact_path(self, record: RequestRecord) -> None:
        rule, values = _path_of_request()
        if rule is not None and values:
            private = self._redactor.private_variables(
                values, self._app.view_functions.get(rule.endpoint)
            )
            if private:
                record.path = self._redactor.path(rule.rule, values, private)
                record.redact_values(*(str(values[name]) for name in private))

    def _record_exception(self, _: Flask, exception: BaseException, **__: object) -> None:
        record = _record_of(request)
        if record is not None:
            record.error_type = type(exception).__name__
            with self._guard.at("layer.exception"):
                record.redact_values(*_client_values())


def malformed_body(error: MalformedBody) -> Response:
    """Answer a client whose body's framing is broken; any other answer would be 500.

    Args:
        error: Raised while the app read the body.
    """
    record, status = current_record(), error.rule.status
    members = problem_members(
        status, error.rule.detail, request_id=record.request_id if record else ""
    )
    return Response(problem_bytes(members), status, mimetype=CONTENT_TYPE)


def _record_of(served: Request) -> RequestRecord | None:
    # Not the current record: a request context that a test or a view pushes is not served.
    found = served.environ.get(RECORD_ENVIRON)
    return found if isinstance(found, RequestRecord) else None


def _path_of_request() -> tuple[Rule | None, Mapping[str, Any] | None]:
    """Return the rule and the variables of the path, whatever the method.

    A wrong method must not leak what the right one redacts.
    """
    error, adapter = request.routing_exception, request_ctx.url_adapter
    if isinstance(error, MethodNotAllowed) and error.valid_methods and adapter is not None:
        try:
            return adapter.match(method=next(iter(error.valid_methods)), return_rule=True)
        except HTTPException:  # with the right method it would be a redirect: two slashes in a row
            return None, None
    return request.url_rule, request.view_args


def _client_values() -> Iterator[str]:
    yield from request.args.values()
    yield from request.cookies.values()
    for name in PRIVATE_HEADERS:
        if value := request.headers.get(name):
            yield value
            yield from parse_options_header(value)[1].values()
