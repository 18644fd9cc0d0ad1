"""Options that decorators set on views and that the code around a view reads.

Nothing here imports Flask or interprets an option. The value is an attribute of the function, so
``functools.wraps`` copies it to decorators above.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
View = TypeVar("View", bound=Callable[..., Any])


class ViewOption(Generic[T]):
    """One option of views, such as a threshold.

    Args:
        name: Unique among options; part of the attribute's name.
    """

    def __init__(self, name: str) -> None:
        self._attribute = f"_view_option_{name}"

    def set(self, value: T) -> Callable[[View], View]:
        """Return a decorator that sets the option; above or below the decorator of the route."""

        def decorate(view: View) -> View:
            setattr(view, self._attribute, value)
            return view

        return decorate

    def get(self, view: object) -> T | None:
        """Return the option of a view; ``None`` where it is not set or there is no view."""
        value: T | None = getattr(view, self._attribute, None)
        return value
