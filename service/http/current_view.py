"""The view that serves the current request, for middlewares that read its options.

A decorator sets a ``telemetry.ViewOption`` on a view; a middleware reads it with
``OPTION.get(current_view())`` and needs to know no route.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request

View = TypeVar("View", bound=Callable[..., Any])


def current_view() -> Callable[..., Any] | None:
    """Return the view function of the current request; ``None`` when no route matched."""
    return current_app.view_functions.get(request.endpoint or "")
