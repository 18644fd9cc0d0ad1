"""Which limit a route is under: what its mark says, or else whether its method reads or writes."""

from collections.abc import Callable
from typing import Any, Final, Literal, get_args

from service.middleware.marks import Mark, View

Group = Literal["login", "read", "write", "companion", "upload"]
GROUPS: Final[tuple[Group, ...]] = get_args(Group)
UNLIMITED: Final = "unlimited"

_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_GROUP: Final = Mark[str]("rate_limit")


def limited(group: Group) -> Callable[[View], View]:
    """Mark a route as one of a group whose requests are counted together.

    Args:
        group: One of ``GROUPS``.

    Raises:
        ValueError: There is no such group.
    """
    if group not in GROUPS:
        raise ValueError(f"limited: there is no group {group!r}; there is {', '.join(GROUPS)}")
    return _GROUP.put(group)


def unlimited(view: View) -> View:
    """Mark a route that answers however often it is asked, such as health."""
    return _GROUP.put(UNLIMITED)(view)


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
