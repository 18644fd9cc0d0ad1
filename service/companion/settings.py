"""Settings of the companion: the language model's endpoint, its time-outs and limits."""

from typing import Annotated, Literal

from telemetry import Field, HttpUrl, PositiveSeconds, SecretStr, Settings


class CompanionSettings(Settings):
    """The language model's endpoint, its time-outs and limits; durations are seconds.

    A call takes at most the connect and the first-byte time-out, once more for each retry, and
    never more than the whole answer's.
    """

    companion_base_url: HttpUrl = Field(
        "http://127.0.0.1:8089/v1",
        alias="COMPANION_BASE_URL",
        description="base URL of an OpenAI-compatible endpoint",
    )
    # The library requires one, also for endpoints that ignore it.
    companion_api_key: SecretStr = Field(
        SecretStr("none"), alias="COMPANION_API_KEY", description="key of that endpoint"
    )
    companion_api_key_header: Literal["Authorization", "api-key", "x-api-key"] = Field(
        "Authorization",
        alias="COMPANION_API_KEY_HEADER",
        description="header of the key: `Authorization` (as a bearer token), "
        "`api-key` (Azure) or `x-api-key`",
    )
    companion_api_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,50}$")] = Field(
        "",
        alias="COMPANION_API_VERSION",
        description="`api-version` in the query of each call, for Azure's deployments",
    )
    companion_model: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        "serene-companion", alias="COMPANION_MODEL", description="name of the model"
    )
    companion_connect_timeout_seconds: PositiveSeconds = Field(
        2.0,
        alias="COMPANION_CONNECT_TIMEOUT_SECONDS",
        description="most time to reach the endpoint",
    )
    companion_first_byte_timeout_seconds: PositiveSeconds = Field(
        30.0,
        alias="COMPANION_FIRST_BYTE_TIMEOUT_SECONDS",
        description="most time until its first byte, and between two later ones",
    )
    companion_answer_timeout_seconds: PositiveSeconds = Field(
        60.0,
        alias="COMPANION_ANSWER_TIMEOUT_SECONDS",
        description="most time for a whole answer, retries included",
    )
    companion_retries: Annotated[int, Field(ge=0, le=5)] = Field(
        1,
        alias="COMPANION_RETRIES",
        description="further attempts after a lost connection or a 5xx, before the first byte only",
    )
    companion_at_once: Annotated[int, Field(ge=1, le=1000)] = Field(
        100,
        alias="COMPANION_AT_ONCE",
        description="most concurrent calls of a worker; one more is a 503 at once",
    )
    companion_circuit_failures: Annotated[int, Field(ge=1)] = Field(
        5,
        alias="COMPANION_CIRCUIT_FAILURES",
        description="consecutive failed calls that open the circuit, so that no calls are made",
    )
    companion_circuit_open_seconds: PositiveSeconds = Field(
        15.0,
        alias="COMPANION_CIRCUIT_OPEN_SECONDS",
        description="how long the circuit stays open; then one trial call is made",
    )
    companion_context_messages: Annotated[int, Field(ge=0, le=200)] = Field(
        20,
        alias="COMPANION_CONTEXT_MESSAGES",
        description="earlier messages of a conversation that are sent to the model",
    )
    companion_heartbeat_seconds: PositiveSeconds = Field(
        15.0,
        alias="COMPANION_HEARTBEAT_SECONDS",
        description="longest silence of a stream of events; then a comment is sent",
    )
