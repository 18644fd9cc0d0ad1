"""Settings of what is observed of MongoDB."""

from typing import Literal

from telemetry.config.fields import Field
from telemetry.config.settings import Settings
from telemetry.config.types import PositiveSeconds


class MongoTelemetrySettings(Settings):
    """Slow commands, their plans, comments, and the pool's condition."""

    slow_command_seconds: PositiveSeconds = Field(
        0.1,
        alias="TELEMETRY_SLOW_COMMAND_SECONDS",
        description=(
            "a MongoDB command that keeps waiting for the server for longer is slow: counted, "
            "logged, an event of its request, and explained "
            "([slow commands](slow-commands.md))"
        ),
    )
    mongo_explain: Literal["off", "queryPlanner", "executionStats"] = Field(
        "queryPlanner",
        alias="TELEMETRY_MONGO_EXPLAIN",
        description=(
            "ask the server for the plans of slow commands, each shape at most once a minute; "
            "`executionStats` runs a slow read once more, to count what it examines"
        ),
    )
    mongo_comment: bool = Field(
        False,
        alias="TELEMETRY_MONGO_COMMENT",
        description=(
            "add `comment: trace_id=…` to the MongoDB commands of requests, for the server's own "
            "log and profiler"
        ),
    )
    mongo_yielding_pool: bool = Field(
        False,
        alias="TELEMETRY_MONGO_YIELDING_POOL",
        description=(
            "leave pymongo's pool as it is: it runs other greenlets twice at each check-in while "
            "it holds its lock"
        ),
    )
