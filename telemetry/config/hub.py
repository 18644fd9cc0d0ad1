"""Settings about the hub: what counts as a block, and whose code is named for it."""

from typing import Annotated, Final

from telemetry.config.fields import Field
from telemetry.config.settings import Settings
from telemetry.config.types import Words

LEAST_BLOCKED_SECONDS: Final = 0.01
"""No shorter turn of the hub can be a block."""


class HubSettings(Settings):
    """When a turn of the hub is a block, and which code is the application's."""

    hub_blocked_seconds: Annotated[float, Field(ge=LEAST_BLOCKED_SECONDS, le=60.0)] = Field(
        0.05,
        alias="TELEMETRY_HUB_BLOCKED_SECONDS",
        description=(
            "a turn of the hub that takes longer blocks the other requests: counted with the code "
            "that held it, logged, and an event of the requests that held it or waited"
        ),
    )
    own_code: Words = Field(
        (),
        alias="TELEMETRY_OWN_CODE",
        description=(
            "packages and modules that are the application's own code, to name it rather than a "
            "library; without it what is neither installed nor in the standard library"
        ),
    )
