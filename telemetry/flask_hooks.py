"""The search for an app's hooks, left out where the app has none of a kind.

Flask finds the request through a proxy, and in it the blueprints, in three places of each
request: 40 k instructions, a tenth of a small one, to find three empty tables. Here the tables are
read first. Whether a view is a coroutine is one flag of a plain function, which the standard
library finds behind seven calls. An app whose class has a way of its own keeps that, and so does
one whose way someone else has replaced.
"""

from collections.abc import Callable
from inspect import CO_COROUTINE
from types import FunctionType
from typing import Any, Final

import flask.app
from flask import Flask, Response, signals
from flask.globals import request_ctx

_MARK: Final = "_is_coroutine_mark"
"""What ``inspect.markcoroutinefunction`` leaves on a function (CPython 3.12)."""


def install(app: Flask) -> None:
    """Shorten the way of an app's requests; a second call is harmless."""
    hooks = Hooks(app)
    for name in (
        "ensure_sync",
        "preprocess_request",
        "process_response",
        "do_teardown_request",
        "do_teardown_appcontext",
    ):
        if _is_flasks_own(app, name):
            setattr(app, name, getattr(hooks, name))


def _is_flasks_own(app: Flask, name: str) -> bool:
    """Return whether an app does something as Flask does; what wraps it is of another module."""
    function = vars(Flask).get(name)
    return (
        isinstance(function, FunctionType)
        and function.__globals__ is vars(flask.app)
        and getattr(type(app), name) is function
        and name not in vars(app)
    )


class Hooks:
    """The hooks of an app, and what Flask asks for each of them.

    Args:
        app: Each method is what Flask's own of that name is to it. Hooks may be added at any time.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """As ``Flask.ensure_sync``."""
        if (
            type(func) is FunctionType
            and not func.__code__.co_flags & CO_COROUTINE
            and _MARK not in func.__dict__
        ):
            return func
        return Flask.ensure_sync(self._app, func)

    def preprocess_request(self, *arguments: Any) -> Any:
        """As ``Flask.preprocess_request``."""
        app = self._app
        if app.before_request_funcs or app.url_value_preprocessors:
            return Flask.preprocess_request(app, *arguments)
        return None

    def process_response(self, *arguments: Any) -> Response:
        """As ``Flask.process_response``."""
        app = self._app
        if not app.after_request_funcs:
            context: Any = request_ctx._get_current_object()  # type: ignore[attr-defined]
            # Where the session is not kept so, this one is no null session.
            session = getattr(context, "_session", None)
            if not context._after_request_functions and app.session_interface.is_null_session(
                session
            ):
                response: Response = arguments[-1]
                return response
        return Flask.process_response(app, *arguments)

    def do_teardown_request(self, *arguments: Any) -> None:
        """As ``Flask.do_teardown_request``."""
        app = self._app
        if app.teardown_request_funcs or signals.request_tearing_down.receivers:
            Flask.do_teardown_request(app, *arguments)

    def do_teardown_appcontext(self, *arguments: Any) -> None:
        """As ``Flask.do_teardown_appcontext``."""
        app = self._app
        if app.teardown_appcontext_funcs or signals.appcontext_tearing_down.receivers:
            Flask.do_teardown_appcontext(app, *arguments)
