"""Settings of MongoDB: address, pool sizes, time-outs, and how sure a read and a write are."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, Self

from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from telemetry import AfterValidator, EnvironmentSettings, Field, PositiveSeconds, model_validator

DNS_SCHEME: Final = "mongodb+srv://"
LEAST_STALENESS_SECONDS: Final = 90
"""The driver refuses less.

Source: Max Staleness specification (MongoDB drivers), "smallestMaxStalenessSeconds".
"""


def _mongodb_uri(value: str) -> str:
    if value.startswith(DNS_SCHEME):
        return value  # a full check would query the DNS
    try:
        parse_uri(value)
    except (PyMongoError, ValueError) as error:
        raise ValueError(
            "should be a MongoDB connection string such as mongodb://127.0.0.1:27017/serene "
            f"({error})"
        ) from None
    return value


def _by_environment(*, production: int, elsewhere: int) -> Callable[[dict[str, Any]], int]:
    return lambda given: production if given.get("environment") == "production" else elsewhere


WriteMode = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
PublicReadMode = Literal["primary", "primaryPreferred", "secondaryPreferred", "nearest"]
PoolSize = Annotated[int, Field(ge=1, le=1000)]
PoolFloor = Annotated[int, Field(ge=0, le=1000)]
# Not in repr(): a connection string may hold a password.
MongodbUri = Annotated[str, AfterValidator(_mongodb_uri), Field(repr=False)]


class MongoSettings(EnvironmentSettings):
    """Connection of a worker to MongoDB; durations are seconds, and each of them is finite.

    Without a database a request waits ``server_selection_timeout_seconds``. pymongo retries a read
    without an answer once, so it takes at most twice ``socket_timeout_seconds``.
    """

    uri: MongodbUri = Field(
        "mongodb://127.0.0.1:27017/serene",
        alias="MONGODB_URI",
        description="connection string, with the database's name",
    )
    max_pool_size: PoolSize = Field(
        default_factory=_by_environment(production=50, elsewhere=10),
        alias="MONGODB_MAX_POOL_SIZE",
        description="maximum number of connections of a worker: 50 in production, else 10",
    )
    min_pool_size: PoolFloor = Field(
        default_factory=_by_environment(production=10, elsewhere=2),
        alias="MONGODB_MIN_POOL_SIZE",
        description="connections that a worker keeps open: 10 in production, else 2",
    )
    server_selection_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS",
        description="maximum time that a request waits for a server",
    )
    connect_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="MONGODB_CONNECT_TIMEOUT_SECONDS",
        description="maximum time to establish a connection",
    )
    socket_timeout_seconds: PositiveSeconds = Field(
        3.0,
        alias="MONGODB_SOCKET_TIMEOUT_SECONDS",
        description="maximum time for one response of the database",
    )
    wait_queue_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS",
        description="maximum time that a request waits for a connection of the pool",
    )

    write_concern: WriteMode = Field(
        "majority",
        alias="MONGODB_WRITE_CONCERN",
        description=(
            "which members of the replica set confirm a write before it counts: `majority`, or the "
            "name of a mode of the replica set, such as one that asks for two regions "
            "([regions](regions.md))"
        ),
    )
    public_reads: PublicReadMode = Field(
        "primary",
        alias="MONGODB_PUBLIC_READS",
        description=(
            "member that reads what any cache may store; every other read is the primary's "
            "([data](data.md))"
        ),
    )
    max_staleness_seconds: Annotated[int, Field(ge=LEAST_STALENESS_SECONDS, le=86400)] = Field(
        LEAST_STALENESS_SECONDS,
        alias="MONGODB_MAX_STALENESS_SECONDS",
        description="how far behind the primary a secondary may be for public reads",
    )
    create_indexes: bool = Field(
        True,
        alias="MONGODB_CREATE_INDEXES",
        description=(
            "create missing indexes at the first connection; with `false` the log names them, and "
            "`python -m service.migrate --apply` creates them"
        ),
    )
    sweep_interval_seconds: Annotated[PositiveSeconds, Field(ge=1)] = Field(
        300.0,
        alias="MONGODB_SWEEP_INTERVAL_SECONDS",
        description=(
            "interval of the sweep that deletes expired documents where the database has no TTL "
            "indexes; one worker of all makes it"
        ),
    )

    @property
    def public_staleness_seconds(self) -> float:
        """How far behind the primary a public read may be."""
        return 0.0 if self.public_reads == "primary" else float(self.max_staleness_seconds)

    @model_validator(mode="after")
    def _pool_bounds(self) -> Self:
        if self.min_pool_size > self.max_pool_size:
            sizes = (
                f"MONGODB_MIN_POOL_SIZE={self.min_pool_size} and "
                f"MONGODB_MAX_POOL_SIZE={self.max_pool_size}"
            )
            raise ValueError(f"{sizes}: the first should not be more than the second")
        return self
