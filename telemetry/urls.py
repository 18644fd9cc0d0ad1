"""Facts about URLs that several modules need."""

from collections.abc import Mapping
from typing import Final

DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
"""Port by scheme, for a URL that names none (RFC 9110, section 4.2)."""
