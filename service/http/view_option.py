"""What a decorator says of a view, until a middleware asks for it. Nothing here knows what the
marks mean.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from flask import current_app, request

View = TypeVar("View", bound=Callable[..., Any])
Said = TypeVar("Said")


class Mark(Generic[Said]):
    """One kind of mark on views. It lies on the function, so it survives ``functools.wraps`` above
    it.

    Args:
        name: Distinguishes it from other kinds.
    """

    def __init__(self, name: str) -> None:
        self._attribute = f"_serene_{name}"

    def put(self, said: Said) -> Callable[[View], View]:
        """A decorator that marks a view; above or below the decorator of its route."""

        def mark(view: View) -> View:
            setattr(view, self._attribute, said)
            return view

        return mark

    def of(self, view: Callable[..., Any] | None) -> Said | None:
        """The mark of a view; ``None`` when it has none."""
        found: Said | None = getattr(view, self._attribute, None)
        return found

    def of_request(self) -> Said | None:
        """The mark of the view that serves the current request; ``None`` when it has none or no
        route matched.
        """
        return self.of(current_app.view_functions.get(request.endpoint or ""))
