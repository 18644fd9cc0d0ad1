"""The business metrics of this service, each defined once.

The rooms that count them and the boards that show them import them. Metrics that every service has
are telemetry's.

Source: the naming rules of ``telemetry.names``.
"""

from telemetry import Metric, counter, gauge, histogram

POST_READS = counter("serene_post_reads_total", "Blog posts asked for, by outcome.", "result")
POST_LISTS = counter(
    "serene_post_lists_total", "Pages of the blog asked for, by the filter used.", "filter"
)
POST_WRITES = counter(
    "serene_post_writes_total",
    "Changes of blog posts asked for, by what and by outcome.",
    "action",
    "result",
)
LOGINS = counter("serene_logins_total", "Attempts to log in, by outcome.", "result")
REGISTRATIONS = counter(
    "serene_registrations_total",
    "Registrations, by outcome; `email_taken` gets the same response as `created`.",
    "result",
)
RENEWALS = counter(
    "serene_login_renewals_total",
    "Uses of refresh tokens, by what became of them: `grace` got the successor of another request, "
    "`reuse` came after the grace and ended its login.",
    "result",
)
EXPIRED_DOCUMENTS = counter(
    "serene_expired_documents_total",
    "Documents deleted after their time by the sweep, where the database has no TTL indexes.",
    "collection",
)
CDN_PURGES = counter(
    "serene_cdn_purges_total",
    "Tags whose copies were to be removed from the CDN, by outcome: `failed` is tried again, "
    "`dropped` is not, and its copies stay until they expire.",
    "result",
)
CDN_WAITING = gauge(
    "serene_cdn_purges_waiting", "Tags that wait for the CDN, and for their second purge."
)
# From an immediate refusal to the longest response that is allowed.
COMPANION_BUCKETS = (
    0.01,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.0,
    3.0,
    5.0,
    7.5,
    10.0,
    15.0,
    20.0,
    30.0,
    45.0,
    60.0,
)
COMPANION_DURATION = histogram(
    "serene_companion_seconds",
    "Time until a message was answered whole, by outcome.",
    COMPANION_BUCKETS,
    "result",
)
COMPANION_CALLS = gauge(
    "serene_companion_calls", "Calls of the companion's model that are under way."
)
COMPANION_CIRCUIT = gauge(
    "serene_companion_circuit_state",
    "1 for the state of the companion's circuit, 0 for the others.",
    "state",
)
# The boundaries that the semantic conventions recommend.
# fmt: off
GEN_AI_SECONDS_BUCKETS = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92
)
# fmt: on
_GEN_AI = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")
GEN_AI_DURATION = histogram(
    "gen_ai_client_operation_duration_seconds",
    "Time of a call of the language model, by its error; empty where there was none.",
    GEN_AI_SECONDS_BUCKETS,
    *_GEN_AI,
    "error_type",
)
GEN_AI_FIRST_CHUNK = histogram(
    "gen_ai_client_operation_time_to_first_chunk_seconds",
    "Time until the first text of the language model's reply.",
    GEN_AI_SECONDS_BUCKETS,
    *_GEN_AI,
)
# The conventions' boundaries go on to 67 million; no request of a conversation is so long.
GEN_AI_TOKENS = histogram(
    "gen_ai_client_token_usage",
    "Tokens of a call of the language model, as its endpoint reports them.",
    (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576),
    *_GEN_AI,
    "gen_ai_token_type",
)
UNAUTHORIZED = counter(
    "serene_unauthorized_total",
    "Requests refused for what they show of their account, by why.",
    "reason",
)
RATE_LIMITED = counter(
    "serene_rate_limited_total",
    "Requests that were one too many, by the group of their route.",
    "group",
)
RATE_LIMIT_FALLBACKS = counter(
    "serene_rate_limit_fallbacks_total",
    "Requests that their worker counted for itself because Redis did not.",
)
PAYMENTS = counter(
    "serene_payments_total", "Calls to the payment provider, by outcome.", "operation", "result"
)
PAYMENT_EVENTS = counter(
    "serene_payment_events_total",
    "What the payment provider's webhook brought, by what became of it.",
    "result",
)
FILE_UPLOADS = counter("serene_file_uploads_total", "Uploads of files, by outcome.", "result")
UPLOADS = histogram(
    "serene_uploads_bytes",
    "Sizes of the files that were taken.",
    (1e3, 1e4, 1e5, 1e6, 2.5e6, 5e6, 1e7, 2.7e7),
)
BOOKINGS = counter(
    "serene_bookings_total", "What came of bookings and their payments, by outcome.", "result"
)
DATABASE_FAILURES = counter(
    "serene_database_failures_total",
    "Errors of MongoDB that ended a request, by kind.",
    "kind",
)
REFUNDS = counter(
    "serene_refunds_total",
    "States that refunds have got at the provider; failed and canceled ones need a person.",
    "status",
)
PAYMENTS_UNSETTLED = gauge(
    "serene_payments_unsettled_seconds",
    "Age of the oldest payment, cancellation or refund that is not finished; 0 without one.",
)
TOKEN_KEY = gauge(
    "serene_token_key_timestamp_seconds",
    "Unix time of the date in the name of the key that signs access tokens.",
)


ALL: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""Every business metric."""
