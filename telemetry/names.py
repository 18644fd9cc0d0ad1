"""The names that telemetry exposes, each defined once.

Metrics with their labels and buckets, span attributes, headers and fixed label values live here and
nowhere else; dashboards and tests import them, so that a panel cannot drift from its metric. A
service describes its own metrics with ``counter``, ``gauge`` and ``histogram``. Nothing here has
behaviour.

Source: OpenTelemetry semantic conventions (HTTP, database, process), in Prometheus spelling: dots
become underscores, SI base units are suffixes, counters end in ``_total``.
"""

from typing import Literal

from telemetry.metric import Metric as Metric
from telemetry.metric import counter as counter
from telemetry.metric import gauge as gauge
from telemetry.metric import histogram as histogram

Phase = Literal[
    "queue",
    "cpu",
    "hub_wait",
    "db",
    "db_pool_wait",
    "db_connect",
    "external",
    "threadpool",
    "lock",
    "sleep",
    "client_read",
    "client_write",
    "gc",
    "other",
]
"""What a request spends its time in; the phases are disjoint and add up to its duration."""

OTHER_CODE = "_OTHER"
UNKNOWN_CODE = "_UNKNOWN"
"""Code labels: of code that is not among the costliest, and of what was not seen."""

UNMATCHED_ROUTE = "_UNMATCHED"
"""Route label of a request that no URL rule matched: one fixed value, never the raw path."""

OTHER_METHOD = "_OTHER"
"""Method label of a request with an unknown method.

Source: semantic conventions, ``http.request.method``.
"""

KNOWN_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)

REQUEST_ID_HEADER = "X-Request-ID"
RESPONSE_TIME_HEADER = "X-Response-Time"
SERVER_TIMING_HEADER = "Server-Timing"
API_VERSION_HEADER = "API-Version"
API_SUPPORTED_VERSIONS_HEADER = "API-Supported-Versions"

# The boundaries that the semantic conventions recommend for http.server.request.duration, with
# 1 ms and 2.5 ms below them: most responses take less than the first one of theirs.
# fmt: off
LATENCY_BUCKETS = (
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
    0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0
)
# fmt: on
# 300 ms is a usual target for what a person waits for; a share within it is exact only at a bound.
REQUEST_BUCKETS = tuple(sorted((*LATENCY_BUCKETS, 0.3)))
# db.client.connection.*: from an idle pool (microseconds) to a wait-queue time-out.
POOL_BUCKETS = (0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0)
# Below 5 ms a late timer is the operating system's; above 100 ms clients notice.
HUB_LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

# --- requests -------------------------------------------------------------------------------------
METHOD, ROUTE, STATUS = "http_request_method", "http_route", "http_response_status_code"
REQUEST_DURATION = histogram(
    "http_server_request_duration_seconds",
    "Time from the arrival of a request to the last byte of its response.",
    REQUEST_BUCKETS,
    METHOD,
    ROUTE,
    STATUS,
)
ACTIVE_REQUESTS = gauge(
    "http_server_active_requests",
    "Requests that have arrived and whose response is not complete.",
    METHOD,
)
ABORTED_REQUESTS = counter(
    "http_server_aborted_requests_total",
    "Requests that were cut: client gone or too slow, greenlet killed, time-out, or a failure after"
    " the response had begun. The status is the one that was sent; empty where none was.",
    ROUTE,
    "reason",
    STATUS,
)
UNREADABLE_REQUESTS = counter(
    "http_server_unreadable_requests_total",
    "Requests that were refused before the app: their head was invalid or too large.",
    STATUS,
)
SLOW_CLIENTS = counter("http_server_slow_clients_total", "Clients that were too slow.", "reason")
REFUSED_CONNECTIONS = counter(
    "http_server_refused_connections_total", "Connections beyond a bound.", "reason"
)
SLOW_REQUESTS = counter(
    "http_server_slow_requests_total",
    "Requests over their threshold, by the phase that took most.",
    ROUTE,
    "dominant_phase",
)
REQUEST_PHASE = counter(
    "http_server_request_phase_seconds_total",
    "Time of requests by phase; phases are disjoint and add up to the duration.",
    ROUTE,
    "phase",
)
RESPONSE_SIZE = counter(
    "http_server_response_body_bytes_total", "Bytes of response bodies sent.", ROUTE
)

# --- database client ------------------------------------------------------------------------------
POOL = "db_client_connection_pool_name"
DB_OPERATION_DURATION = histogram(
    "db_client_operation_duration_seconds",
    "Time of MongoDB commands, measured in the client.",
    LATENCY_BUCKETS,
    "db_operation_name",
    "db_collection_name",
    "error_type",
)
DB_SLOW_OPERATIONS = counter(
    "db_client_slow_operations_total",
    "MongoDB commands that kept waiting for the server past the threshold.",
    "db_operation_name",
    "db_collection_name",
)
POOL_COUNT = gauge(
    "db_client_connection_count",
    "Connections of a pool, by state.",
    POOL,
    "db_client_connection_state",
)
POOL_MAX = gauge("db_client_connection_max", "Most connections that a pool may open.", POOL)
POOL_IDLE_MIN = gauge(
    "db_client_connection_idle_min", "Connections that a pool keeps open at least.", POOL
)
POOL_PENDING = gauge(
    "db_client_connection_pending_requests", "Greenlets that wait for a connection.", POOL
)
POOL_TIMEOUTS = counter(
    "db_client_connection_timeouts_total", "Waits for a connection that ended without one.", POOL
)
POOL_WAIT = histogram(
    "db_client_connection_wait_time_seconds",
    "Time until a connection was handed out.",
    POOL_BUCKETS,
    POOL,
)
POOL_USE = histogram(
    "db_client_connection_use_time_seconds",
    "Time a connection was out of the pool.",
    POOL_BUCKETS,
    POOL,
)
POOL_CREATE = histogram(
    "db_client_connection_create_time_seconds",
    "Time to establish a connection.",
    POOL_BUCKETS,
    POOL,
)
POOL_CLEARED = counter(
    "db_client_connection_cleared_total",
    "Times that a pool dropped its connections.",
    POOL,
    "reason",
)

# --- database server, from the background check ---------------------------------------------------
MONGODB_UP = gauge("mongodb_up", "1 when the last check of MongoDB succeeded, else 0.")
MONGODB_PING = gauge("mongodb_ping_seconds", "Round trip of the last ping.")
MONGODB_OPCOUNTERS = counter(
    "mongodb_opcounters_total", "The server's own operation counters.", "type"
)
MONGODB_NETWORK = counter(
    "mongodb_network_bytes_total", "The server's own network counters.", "direction"
)
MONGODB_SERVER_CONNECTIONS = gauge(
    "mongodb_server_connections", "The server's connections.", "state"
)
MONGODB_EVIDENCE = gauge(
    "mongodb_evidence_timestamp_seconds",
    "Unix time at which the last check of MongoDB ended.",
)

# --- gevent hub -----------------------------------------------------------------------------------
HUB_LAG = histogram(
    "gevent_hub_lag_seconds",
    "Time that one turn of the hub kept every other greenlet waiting.",
    HUB_LAG_BUCKETS,
)
HUB_BLOCKED = counter(
    "gevent_hub_blocked_seconds_total",
    "Time that the hub was held past its threshold, by cause and code.",
    "kind",
    "code",
)
GREENLETS = gauge("gevent_greenlets", "Greenlets that exist.")

# --- process and machine --------------------------------------------------------------------------
SYSTEM_MEMORY_RATIO = gauge(
    "system_memory_utilization_ratio", "Share of the machine's memory in use."
)
SYSTEM_MEMORY_BYTES = gauge("system_memory_bytes", "The machine's memory.", "state")
SYSTEM_LOAD = gauge("system_load_average", "Load average of the machine.", "period")
SYSTEM_CPU_COUNT = gauge("system_cpu_logical_count", "Logical processors of the machine.")
SYSTEM_CPU_RATIO = gauge(
    "system_cpu_utilization_ratio",
    "Share of the machine's processor time in use since the last sample.",
)
PROCESS_THREADS = gauge("process_thread_count", "Threads of this process.")
PROCESS_CPU_RATIO = gauge(
    "process_cpu_utilization_ratio",
    "Share of one core that this process used since the last sample.",
)

# --- life cycle -----------------------------------------------------------------------------------
SERVICE_STATE = gauge(
    "service_state", "1 for the state that the process is in, 0 for the others.", "state"
)
DRAIN_IN_FLIGHT = gauge("service_drain_in_flight", "Requests that a drain is waiting for.")
DRAIN_REJECTED = counter(
    "service_drain_rejected_total",
    "Requests that arrived after the drain delay and were answered 503.",
)
DRAIN_SECONDS = gauge("service_drain_seconds", "Duration of the current drain; 0 outside of one.")
CLOCK = gauge(
    "process_clock_timestamp_seconds", "Unix time by this process's clock, when it was scraped."
)
UNCAUGHT_EXCEPTIONS = counter(
    "service_uncaught_exceptions_total",
    "Exceptions without a handler, by where they ended.",
    "where",
    "fatal",
)

# --- telemetry itself -----------------------------------------------------------------------------
SPANS = counter("telemetry_spans_total", "Ended spans, by why they were kept or not.", "decision")
SPANS_OVER_BUDGET = counter(
    "telemetry_spans_over_budget_total", "Spans left out by a budget, by their reason.", "reason"
)
SPANS_DROPPED = counter("telemetry_spans_dropped_total", "Kept spans never delivered.", "reason")
EXPORT_DURATION = histogram(
    "telemetry_export_seconds",
    "Time of one export to the Collector.",
    (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0),
    "result",
)
EXPORT_PROBLEM = gauge(
    "telemetry_export_problem",
    "1 while the receiver does not take spans for that reason, 0 afterwards.",
    "reason",
)
QUEUE_SPANS = gauge("telemetry_queue_spans", "Spans that wait for export.")
TELEMETRY_ERRORS = counter(
    "telemetry_errors_total", "Exceptions inside telemetry that were caught and dropped.", "where"
)
RECORDED_REQUESTS = counter(
    "telemetry_recorded_requests_total", "Requests of the flight recorder, by its result.", "result"
)
LOG_LINES_DROPPED = counter(
    "telemetry_log_lines_dropped_total", "Log lines that could not be written.", "reason"
)

ALL: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
"""Every metric of this module, without those of prometheus_client's own collectors."""
