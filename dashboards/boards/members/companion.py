"""The Members board's companion: answers, the model's calls and tokens, the circuit breaker.

Source: OpenTelemetry semantic conventions for generative AI, client metrics.
"""

from typing import Final

from dashboards.layout import Band, Section
from dashboards.panels import EXEMPLARS, Heatmap, StackedTimeSeries, Target, TimeSeries
from dashboards.queries import members as queries

_ANSWERS = Band(
    9,
    StackedTimeSeries(
        title="Companion answers by result",
        unit="reqps",
        description=(
            "Messages to the companion. rejected: the worker's maximum of concurrent model calls"
            " was reached. circuit_open: the model failed before. timeout and error: the model."
        ),
        targets=(Target(queries.COMPANION_ANSWERS, "{{result}}"),),
    ),
    TimeSeries(
        title="Companion answer time",
        unit="s",
        description=(
            "Time until a message was answered completely. It occupies no shared resource, so only"
            " the sender waits; a rise without one of the model's calls is this service's own."
        ),
        targets=(
            Target(queries.COMPANION_P50, "p50"),
            Target(queries.COMPANION_P95, "p95"),
            Target(queries.COMPANION_EXEMPLARS, EXEMPLARS, exemplars=True),
        ),
    ),
    TimeSeries(
        title="Time to first text",
        unit="s",
        description=(
            "Time from the call of the model to the first text of its reply: what a member waits"
            " before something appears. It rises before answers fail: the model is busy."
        ),
        targets=(
            Target(queries.FIRST_CHUNK_P50, "p50"),
            Target(queries.FIRST_CHUNK_P95, "p95"),
        ),
    ),
    Heatmap(
        title="Time to first text, distribution",
        unit="s",
        description=(
            "Number of replies by the time to their first text; dots are requests with a trace:"
            " click one. A band at the time-out: the model hangs."
        ),
        buckets=queries.FIRST_CHUNK_BUCKETS,
        exemplars=queries.FIRST_CHUNK_EXEMPLARS,
    ),
)

_MODEL = Band(
    7,
    TimeSeries(
        title="Model calls by error",
        unit="reqps",
        description=(
            "Calls of the model by model and error; a retry is another call, none without a name"
            " succeeded. ModelLimited: its rate limit, ask for a higher one. ModelTimedOut: it is"
            " slow. ModelFailed: it refuses or breaks; the log names the reason."
        ),
        targets=(Target(queries.MODEL_CALLS, "{{gen_ai_request_model}} {{error_type}}"),),
    ),
    TimeSeries(
        title="Model call duration p95",
        unit="s",
        description=(
            "Time of a whole call, by model. A new model is slower than the old one, or all became"
            " slower: its provider's status page."
        ),
        targets=(Target(queries.MODEL_CALLS_P95, "{{gen_ai_request_model}}"),),
    ),
)

_TOKENS = Band(
    7,
    TimeSeries(
        title="Tokens",
        unit="ops",
        description=(
            "Tokens per second by model and type, as the endpoint counts them: what the provider"
            " bills. input rises without more messages: conversations got longer, lower"
            " COMPANION_CONTEXT_MESSAGES."
        ),
        targets=(Target(queries.TOKENS, "{{gen_ai_request_model}} {{gen_ai_token_type}}"),),
    ),
    TimeSeries(
        title="Tokens of a call, p95",
        unit="short",
        description=(
            "One call in twenty uses more. Many of output make replies slow: each takes time. At"
            " the model's limit it forgets the beginning of a conversation."
        ),
        targets=(Target(queries.TOKENS_P95, "{{gen_ai_token_type}}"),),
    ),
)

_BREAKER = Band(
    7,
    TimeSeries(
        title="Model calls in flight",
        unit="short",
        description=(
            "Concurrent calls of the model: all, and those of the worker with the most. At"
            " COMPANION_AT_ONCE further messages of that worker are refused: the model is slow, or"
            " there are too few workers."
        ),
        targets=(
            Target(queries.COMPANION_CALLS, "all"),
            Target(queries.COMPANION_CALLS_WORST, "worst instance"),
        ),
    ),
    StackedTimeSeries(
        title="Circuit breaker state",
        unit="short",
        description=(
            "Number of workers in each state. open: no calls. half_open: one trial call is allowed."
            " Open on one worker only: its own network."
        ),
        targets=(Target(queries.COMPANION_CIRCUIT, "{{state}}"),),
    ),
)

SECTION: Final = Section("Where? The companion and its model", _ANSWERS, _MODEL, _TOKENS, _BREAKER)
