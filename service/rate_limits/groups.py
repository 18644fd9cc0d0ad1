"""Which limit a route is under: what its mark says, or else whether its method reads or writes."""

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from flask import Response

from service.http.view_option import Mark, View

Group = Literal["login", "read", "write", "companion", "upload"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)
UNLIMITED: Final = "unlimited"

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_GROUP: Final = Mark[str]("rate_limit")
_ON_LIMITED: Final = Mark["OnLimited"]("on_limited")

OnLimited = Callable[[], Response | None]
"""Answers the current request although it is one too many, or leaves it refused by returning
``None``.
"""


def limited(group: Group, *, on_limited: OnLimited | None = None) -> Callable[[View], View]:
    """Mark a route as one of a group whose requests are counted together.

    Args:
        group: One of ``GROUPS``.
        on_limited: Has the last word on requests that are one too many. Nothing of them has been read,
            and nothing bounds them: it does.

    Raises:
        ValueError: There is no such group.
    """
    if group not in GROUPS:
        raise ValueError(f"limited: there is no group {group!r}; there is {', '.join(GROUPS)}")
    put = _GROUP.put(group)
    return put if on_limited is None else lambda view: _ON_LIMITED.put(on_limited)(put(view))


def unlimited(view: View) -> View:
    """Mark a route that answers however often it is asked, such as health."""
    return _GROUP.put(UNLIMITED)(view)


def on_limited_of(view: Callable[..., Any]) -> OnLimited | None:
    """What has the last word on a route's requests that are one too many."""
    return _ON_LIMITED.of(view)


def group_of(view: Callable[..., Any] | None, method: str) -> Group | None:
    """The group of a route; ``None`` when it is not limited.

    Args:
        view: What serves it.
        method: Of the request.
    """
    said = _GROUP.of(view)
    if said == UNLIMITED:
        return None
    found: dict[str | None, Group] = {group: group for group in GROUPS}
    return found.get(said) or ("read" if method in _READING else "write")
