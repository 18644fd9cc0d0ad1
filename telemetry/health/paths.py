"""The URL paths of the three health routes."""

from typing import Final, NamedTuple, Self

DEFAULT_PREFIX: Final = "/health"
"""Where the management port always serves health."""


class HealthPaths(NamedTuple):
    """The paths under one prefix; also the route labels of probes in metrics."""

    report: str
    liveness: str
    readiness: str

    @classmethod
    def under(cls, prefix: str) -> Self:
        """Build the paths.

        Args:
            prefix: Begins with a slash and ends without one.
        """
        return cls(prefix, f"{prefix}/liveness", f"{prefix}/readiness")
