"""Settings that bound what one client, or one address, may take of a server.

They hold for gunicorn's worker and for the standalone server. A time in them is time in which the
server waits for the client; while the application works, none passes.
"""

from typing import Annotated

from telemetry.config.fields import Field
from telemetry.config.settings import Settings
from telemetry.config.types import PositiveSeconds, Seconds

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class ClientSettings(Settings):
    """How slow a client may be, and how many connections there may be."""

    request_head_seconds: PositiveSeconds = Field(
        20.0,
        alias="REQUEST_HEAD_SECONDS",
        description="most time from a request's first byte to the end of its head; then a 408",
    )
    request_body_seconds: PositiveSeconds = Field(
        900.0,
        alias="REQUEST_BODY_SECONDS",
        description="most time to wait for one whole request body; then a 408",
    )
    response_seconds: PositiveSeconds = Field(
        900.0,
        alias="RESPONSE_SECONDS",
        description="most time to wait for a client to read one whole response; then it is cut",
    )
    client_stall_seconds: PositiveSeconds = Field(
        20.0,
        alias="CLIENT_STALL_SECONDS",
        description=(
            "period of waiting for a client over which `CLIENT_BYTES_PER_SECOND` is measured"
        ),
    )
    client_bytes_per_second: Annotated[int, Field(ge=0, le=1_000_000_000)] = Field(
        500,
        alias="CLIENT_BYTES_PER_SECOND",
        description=(
            "slowest rate of a body or a response, while the server waits for the client; 0 sets "
            "no rate, but nothing at all in a period is too slow"
        ),
    )
    keepalive_seconds: PositiveSeconds = Field(
        75.0,
        alias="KEEPALIVE_SECONDS",
        description=(
            "most time that a connection waits for its next request; more than the load "
            "balancer's, which must close first"
        ),
    )
    connections_per_worker: Count = Field(
        1000,
        alias="CONNECTIONS_PER_WORKER",
        description=(
            "open connections of a worker; a further one takes the place of the one that has "
            "been idle for longest, else it gets a 503"
        ),
    )
    connections_per_address: Count = Field(
        500,
        alias="CONNECTIONS_PER_ADDRESS",
        description=(
            "open connections of a worker from one address, or one /64 of IPv6; a further one "
            "gets a 429. Trusted proxies are exempt"
        ),
    )
    request_start_seconds: Annotated[Seconds, Field(le=3600)] = Field(
        0.0,
        alias="TELEMETRY_REQUEST_START_SECONDS",
        description=(
            "begin a request at the time in a trusted proxy's `X-Request-Start`, where that is so "
            "many seconds before its arrival at most; 0 ignores the header"
        ),
    )
