"""Settings of the flight recorder and of the debug pages on the management port."""

import re
from string import Formatter
from typing import Annotated, Final, Self

from telemetry.config.fields import AfterValidator, Field, SecretStr, model_validator
from telemetry.config.settings import Settings
from telemetry.config.types import Words, check_http_url

SHORTEST_TOKEN: Final = 16
_TOKEN: Final = re.compile(r"[\w.~+/=-]+", re.ASCII)
"""RFC 6750, section 2.1."""
PLACES: Final = {"request_id": "", "trace_id": "", "begin_ms": "0", "end_ms": "0"}
"""What a template of a link may hold, between braces."""


def check_link(template: str) -> str:
    """The template as it is, if it is a URL with places that are known.

    Raises:
        ValueError: It is not.
    """
    if not template:
        return template
    try:
        places = {place for _, place, _, _ in Formatter().parse(template) if place is not None}
        known = places <= PLACES.keys()
    except ValueError:
        known = False
    if not known:
        raise ValueError(f"should hold no braces but {{{'}, {'.join(PLACES)}}}")
    check_http_url(template.format(**PLACES))
    return template


LinkTemplate = Annotated[str, AfterValidator(check_link)]


class DebugSettings(Settings):
    """What is kept of bad requests, who may see it, and whether faults can be pressed."""

    flight_recorder_bytes: Annotated[int, Field(ge=0, le=1_000_000_000)] = Field(
        4_000_000,
        alias="TELEMETRY_FLIGHT_RECORDER_BYTES",
        description=(
            "memory of a worker for slow, failed and cut requests: each with its snapshots, events "
            "and log lines; 0 keeps none"
        ),
    )
    snapshots: bool = Field(
        True,
        alias="TELEMETRY_SNAPSHOTS",
        description="record stacks, phases and open waits of a request that has become slow",
    )
    debug_lines: bool = Field(
        True,
        alias="TELEMETRY_DEBUG_LINES",
        description=(
            "keep the lines below `LOG_LEVEL` of slow, failed and cut requests in the flight "
            "recorder"
        ),
    )
    debug_loggers: Words = Field(
        (),
        alias="TELEMETRY_DEBUG_LOGGERS",
        description=(
            "loggers whose lines below `LOG_LEVEL` are kept, with those below them, separated by "
            "commas; the app's own package when empty"
        ),
    )
    debug_token: SecretStr = Field(
        SecretStr(""),
        alias="TELEMETRY_DEBUG_TOKEN",
        description=(
            "clients on other machines see `/debug/` with `Authorization: Bearer` and this; at "
            f"least {SHORTEST_TOKEN} characters; without it only the machine itself does"
        ),
    )
    faults: bool = Field(
        False,
        alias="TELEMETRY_FAULTS",
        description=(
            "let the machine itself press faults at `/debug/faults` of the management port, for "
            "drills: a blocked hub, a leak of memory or connections, a step of the clock"
        ),
    )
    trace_link: LinkTemplate = Field(
        "",
        alias="TELEMETRY_TRACE_LINK",
        description=(
            "URL of a trace for the debug pages, with `{trace_id}`, and `{begin_ms}` and "
            "`{end_ms}` since 1970"
        ),
    )
    logs_link: LinkTemplate = Field(
        "",
        alias="TELEMETRY_LOGS_LINK",
        description=(
            "URL of a request's log lines for the debug pages, with `{request_id}` and the places "
            "of `TELEMETRY_TRACE_LINK`"
        ),
    )

    @model_validator(mode="after")
    def _check_token(self) -> Self:
        # Not at the field: a problem of a field quotes the value.
        token = self.debug_token.get_secret_value()
        if token and (len(token) < SHORTEST_TOKEN or not _TOKEN.fullmatch(token)):
            raise ValueError(
                f"TELEMETRY_DEBUG_TOKEN should have {SHORTEST_TOKEN} characters or more, of "
                "letters, digits and -._~+/="
            )
        return self
