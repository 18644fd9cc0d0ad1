"""What a tracer's spans share: the code that makes them.

Source: OpenTelemetry specification, "Instrumentation Scope".
"""

from collections.abc import Mapping
from typing import Any

from telemetry.tracing.values import Attributes


class Scope:
    """The code that makes spans; equal only to itself, for a provider makes each one once.

    Args:
        name: Of the library or module.
        version: Of it, or empty.
        schema_url: Of the conventions that its attributes follow, or empty.
        attributes: Of it, within the limits.
    """

    __slots__ = ("attributes", "encoded", "name", "schema_url", "version")

    def __init__(self, name: str, version: str, schema_url: str, attributes: Attributes) -> None:
        self.name = name
        self.version = version
        self.schema_url = schema_url
        self.attributes: Mapping[str, Any] = attributes
        self.encoded: tuple[bytes, bytes] | None = None
        """What an encoder remembers of it: all that comes before its spans, and all after them."""

    def __repr__(self) -> str:
        return f"Scope({self.name!r}, {self.version!r})"
