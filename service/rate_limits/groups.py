"""The group of a route, which decides its limit: set by a decorator, else by the method.

Routes of the group ``anonymous`` are limited by address only against nonsense; what they ask for is
limited by another key, such as ``refresh`` by login.
"""

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from flask import Response

from service.http.current_view import View
from telemetry import ViewOption

Group = Literal["login", "read", "write", "companion", "upload", "anonymous", "refresh"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)

OnLimited = Callable[[], Response | None]
"""Responds to a request beyond the limit; ``None`` for the usual 429."""

_READ_METHODS: Final = frozenset({"GET", "HEAD"})
_GROUP: Final = ViewOption[Group | Literal["unlimited"]]("rate_limit")
_ON_LIMITED: Final = ViewOption[OnLimited]("on_limited")


def limited(group: Group, *, on_limited: OnLimited | None = None) -> Callable[[View], View]:
    """Return a decorator that puts a route into a group; its requests are counted together.

    Args:
        group: One of ``GROUPS``.
        on_limited: Called for each request beyond the limit. Nothing of the request has been read,
            and nothing else limits it: the function has to.

    Raises:
        ValueError: The group does not exist.
    """
    if group not in GROUPS:
        raise ValueError(f"limited: there is no group {group!r}; there is {', '.join(GROUPS)}")
    set_group = _GROUP.set(group)
    if on_limited is None:
        return set_group
    return lambda view: _ON_LIMITED.set(on_limited)(set_group(view))


def unlimited(view: View) -> View:
    """Exempt a route from rate limits, such as health."""
    return _GROUP.set("unlimited")(view)


def on_limited_of(view: Callable[..., Any]) -> OnLimited | None:
    """Return what responds to a route's requests beyond the limit, if not the usual 429."""
    return _ON_LIMITED.get(view)


def group_of(view: Callable[..., Any] | None, method: str) -> Group | None:
    """Return the group of a route; ``None`` when it is not limited, as ``OPTIONS`` never is.

    Args:
        view: The view function of the route.
        method: Method of the request.
    """
    group = _GROUP.get(view)
    if group == "unlimited" or method == "OPTIONS":
        return None
    return group or ("read" if method in _READ_METHODS else "write")
