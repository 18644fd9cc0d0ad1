"""Settings of the server: its address and its number of workers.

gunicorn's arbiter reads them before anything is monkey-patched, so this module imports no room.
"""

import os
from typing import Annotated

from telemetry import Field, Port, Settings


class ServerSettings(Settings):
    """Address and number of workers."""

    host: str = Field(
        "127.0.0.1",
        alias="SERENE_HOST",
        description=(
            "address that the API listens on: `::` for IPv6 and IPv4, `unix:` and a path for a "
            "Unix socket ([proxies](proxies.md))"
        ),
    )
    port: Port = Field(8000, alias="SERENE_PORT", description="port that the API listens on")
    workers: Annotated[int, Field(ge=1, le=1024)] = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)),
        alias="WEB_CONCURRENCY",
        description="workers; one for each core by default",
    )

    @property
    def bind(self) -> str:
        """The address as gunicorn reads it, with the port where it has one."""
        if self.host.startswith("unix:"):
            return self.host
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
