"""Settings of the Serene API: one frozen object, read once from an environment that is handed in.

How the process observes itself is ``telemetry``'s own group of settings; both read the same
variable for the environment's name.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, model_validator
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri

from service.settings.accounts import DEVELOPMENT_KEYS, AccountSettings, parse_keys
from service.settings.bookings import BookingSettings
from service.settings.companion import CompanionSettings
from service.settings.files import FileSettings
from service.settings.limits import LimitSettings
from service.settings.payments import PaymentSettings, missing_in_production
from telemetry.config import Environment, Port, PositiveSeconds

TELEMETRY_DEFAULTS: Final = {"TELEMETRY_HEALTH_PREFIX": "/api/v1/health"}
"""Settings of telemetry whose default is another one in this service."""

DNS_SCHEME: Final = "mongodb+srv://"


def telemetry_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that telemetry is built from.

    Args:
        environ: Variables by name; an empty value counts as not set.
    """
    return TELEMETRY_DEFAULTS | {name: value for name, value in environ.items() if value}


def _mongodb_uri(value: str) -> str:
    if value.startswith(DNS_SCHEME):
        return value  # to check more would ask the DNS
    try:
        parse_uri(value)
    except (PyMongoError, ValueError) as error:
        raise ValueError(
            f"should be a MongoDB connection string such as mongodb://127.0.0.1:27017/serene ({error})"
        ) from None
    return value


def _by_environment(*, production: int, elsewhere: int) -> Callable[[dict[str, Any]], int]:
    return lambda given: production if given.get("environment") == "production" else elsewhere


PoolSize = Annotated[int, Field(ge=1, le=1000)]
PoolFloor = Annotated[int, Field(ge=0, le=1000)]
# Not shown by repr(): a connection string may hold a password.
MongodbUri = Annotated[str, AfterValidator(_mongodb_uri), Field(repr=False)]


class ServiceConfig(
    AccountSettings,
    PaymentSettings,
    BookingSettings,
    CompanionSettings,
    FileSettings,
    LimitSettings,
):
    """How the API is served and how it reaches MongoDB; durations are seconds, and each of them is
    finite.

    A request that finds no database waits ``server_selection_timeout_seconds``. One whose answer
    never comes is read once more, so it waits at most twice ``socket_timeout_seconds``.
    """

    environment: Environment = Field(
        "development",
        alias="DEPLOYMENT_ENVIRONMENT",
        description="decides pool sizes, and is in every signal",
    )
    host: str = Field(
        "127.0.0.1", alias="SERENE_HOST", description="address that the API listens on"
    )
    port: Port = Field(8000, alias="SERENE_PORT", description="port that the API listens on")
    security_headers: bool = Field(
        True,
        alias="SECURITY_HEADERS",
        description="send the headers that keep browsers from misusing answers; HSTS in production",
    )
    compression: bool = Field(
        True,
        alias="COMPRESSION",
        description="compress answers as clients accept it (zstd, br, gzip)",
    )
    api_versioning: bool = Field(
        True,
        alias="API_VERSIONING",
        description="say that an unknown version is one, and which routes are deprecated",
    )
    cache_control: bool = Field(
        True,
        alias="CACHE_CONTROL",
        description="say who may keep an answer, and send it once only (`ETag`); without it nothing is said",
    )
    body_limit: bool = Field(
        True,
        alias="REQUEST_BODY_LIMIT",
        description="refuse request bodies larger than their route takes",
    )
    body_limit_bytes: Annotated[int, Field(ge=1, le=1024**3)] = Field(
        1024**2,
        alias="REQUEST_BODY_LIMIT_BYTES",
        description="largest request body, but for routes that take more",
    )

    mongodb_uri: MongodbUri = Field(
        "mongodb://127.0.0.1:27017/serene",
        alias="MONGODB_URI",
        description="connection string, with the database's name",
    )
    max_pool_size: PoolSize = Field(
        default_factory=_by_environment(production=50, elsewhere=10),
        alias="MONGODB_MAX_POOL_SIZE",
        description="most connections of a worker: 50 in production, else 10",
    )
    min_pool_size: PoolFloor = Field(
        default_factory=_by_environment(production=10, elsewhere=2),
        alias="MONGODB_MIN_POOL_SIZE",
        description="connections that a worker keeps open: 10 in production, else 2",
    )
    server_selection_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="MONGODB_SERVER_SELECTION_TIMEOUT_SECONDS",
        description="most time that a request waits for a server to be there",
    )
    connect_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="MONGODB_CONNECT_TIMEOUT_SECONDS",
        description="most time to establish a connection",
    )
    socket_timeout_seconds: PositiveSeconds = Field(
        3.0,
        alias="MONGODB_SOCKET_TIMEOUT_SECONDS",
        description="most time for one answer of the database",
    )
    wait_queue_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS",
        description="most time that a request waits for a connection of the pool",
    )

    @model_validator(mode="after")
    def _token_keys(self) -> Self:
        keys = self.token_keys.get_secret_value()
        if self.environment == "production" and keys == DEVELOPMENT_KEYS:
            raise ValueError(
                "SERENE_TOKEN_KEYS is not set: in production it has to be, as name:secret"
            )
        parse_keys(keys)
        return self

    @model_validator(mode="after")
    def _payment_secrets(self) -> Self:
        if self.environment == "production" and (name := missing_in_production(self)):
            raise ValueError(f"{name} is not set: in production it has to be")
        return self

    @model_validator(mode="after")
    def _pool_bounds(self) -> Self:
        if self.min_pool_size > self.max_pool_size:
            sizes = f"MONGODB_MIN_POOL_SIZE={self.min_pool_size} and MONGODB_MAX_POOL_SIZE={self.max_pool_size}"
            raise ValueError(f"{sizes}: the first should not be more than the second")
        return self
