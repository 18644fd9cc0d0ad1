"""Who may call an operation, as a note on its view. Who a caller is, ``service.access`` finds out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_ATTRIBUTE: Final = "__access__"


@dataclass(frozen=True, slots=True)
class Access:
    """What a caller has to show.

    Args:
        roles: Any one of them; empty when every account will do.
    """

    roles: tuple[str, ...] = ()


def note_access(view: Callable[..., Any], access: Access) -> None:
    """Write down that a view is protected; what wraps the view keeps it."""
    setattr(view, _ATTRIBUTE, access)


def access_of(view: Callable[..., Any]) -> Access | None:
    """What the view asks for, or ``None`` when anybody may call it."""
    found: Access | None = getattr(view, _ATTRIBUTE, None)
    return found
