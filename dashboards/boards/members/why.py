"""The Members board's causes: waits for other services, the circuit breaker, and refusals."""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import WORKER_LEGEND, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import members as queries

_WAITS = Band(
    7,
    StackedTimeSeries(
        title="External wait by route",
        unit="s",
        description=(
            "Seconds per second that requests wait for other services, by route. When only one"
            " route rises, the service that it calls became slower."
        ),
        targets=(Target(queries.EXTERNAL_BY_ROUTE, "{{http_route}}"),),
    ),
    TimeSeries(
        title="Mean latency of session routes",
        unit="s",
        description=(
            "Mean time of the routes of sessions. A payment waits for the provider: compare with"
            " External wait by route."
        ),
        targets=(Target(queries.SESSION_ROUTES_MEAN, "{{http_route}}"),),
    ),
    TimeSeries(
        title="Model calls in flight",
        unit="short",
        description=(
            "Concurrent calls to the model, by worker. At the bulkhead's size further messages are"
            " refused: the model is slow, or there are too few workers."
        ),
        targets=(Target(queries.COMPANION_CALLS, WORKER_LEGEND),),
    ),
    TimeSeries(
        title="Requests that MongoDB failed",
        unit="reqps",
        description=(
            "Requests that ended with an error of MongoDB, by kind; the log states what to check."
            " unauthorized, storage_full and configuration last until a person acts; invalid and"
            " resources are mistakes of the service."
        ),
        targets=(Target(queries.DATABASE_FAILURES, "{{kind}}"),),
    ),
)

_REFUSALS = Band(
    7,
    StackedTimeSeries(
        title="Circuit breaker state",
        unit="short",
        description=(
            "Number of workers in each state. Open: no calls. Half open: one trial call is allowed."
        ),
        targets=(Target(queries.COMPANION_CIRCUIT, "{{state}}"),),
    ),
    TimeSeries(
        title="Rate-limited requests by group",
        unit="reqps",
        description=(
            "429s by the rate limit group of their route. The access log has the addresses,"
            " `status` 429."
        ),
        targets=(Target(queries.RATE_LIMITED, "{{group}}"),),
    ),
    TimeSeries(
        title="Unauthorized requests",
        unit="reqps",
        description=(
            "401s and 403s of protected routes, by reason. Many expired: a client does not refresh"
            " its token. Not yet valid: the clocks of two servers differ. Key or signature: a"
            " signing key was removed too early, or tokens are forged. Missing: the client is not"
            " logged in. Role: a client offers what its account may not do. The access log has the"
            " reason as `refusal`."
        ),
        targets=(Target(queries.UNAUTHORIZED, "{{reason}}"),),
    ),
    TimeSeries(
        title="Rate limit fallbacks",
        unit="short",
        description=(
            "Requests that a worker counted in its own memory because Redis did not count. Limits"
            " then apply to each worker separately; see the health report."
        ),
        targets=(Target(queries.FALLBACKS, "requests"),),
    ),
)

SECTION: Final = Section("Why?", _WAITS, _REFUSALS)
