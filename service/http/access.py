"""Which accounts may call an operation, as an option of its view.

``service.accounts.guard`` sets the option and enforces it; rate limits and the OpenAPI document
read it.
"""

from dataclasses import dataclass
from typing import Final

from telemetry import ViewOption


@dataclass(frozen=True, slots=True)
class Access:
    """The accounts that a protected view accepts.

    Args:
        roles: Roles of which an account needs one; empty when every account is accepted.
    """

    roles: tuple[str, ...] = ()


ACCESS: Final = ViewOption[Access]("access")
"""Set on protected views only; every client may call the others."""
