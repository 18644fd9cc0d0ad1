"""What the panels on telemetry itself say of themselves.

A title, a unit, and a description: what it shows, and what to do when it looks bad.
"""

from dashboards.panels import Head

TRUST_SPANS = Head(
    "Spans",
    "ops",
    "Spans begun, by the sampler's decision. not_sampled: by the ratio OTEL_TRACES_SAMPLER_ARG; "
    "over_budget: callers asked for more traces than they may. Those requests have no trace to open.",
)

TRUST_DROPPED = Head(
    "Spans dropped",
    "ops",
    "Sampled spans that never reached the Collector, by reason. queue_full: more than export manages; failed and "
    "rejected: the Collector is away or refuses; shutdown: a worker's last ones. No user notices any of it.",
)

TRUST_EXPORT = Head(
    "Export p95",
    "s",
    "Time of one export to the Collector, by result. Near 2 s it times out: the Collector hangs, or is not reached.",
)

TRUST_QUEUE = Head(
    "Spans waiting",
    "short",
    "Spans in each worker's queue. A queue that only grows ends in drops.",
)

TRUST_ERRORS = Head(
    "Errors inside telemetry",
    "short",
    "Exceptions that telemetry caught and dropped, by place. Users were served; numbers from that place are wrong. Search "
    "the log for `telemetry failed`.",
)

TRUST_LOST = Head(
    "Log lines lost",
    "short",
    "Lines that could not be written, by reason. Whoever reads standard output is too slow or gone.",
)

TRUST_SENT = Head(
    "Collector: spans passed on",
    "ops",
    "Spans that the Collector accepted, sent to Tempo, and failed to send. Accepted without sent: Tempo is away, the "
    "Collector tries for two minutes.",
)

TRUST_POINTS = Head(
    "Collector: samples passed on",
    "ops",
    "Metric samples sent to Prometheus, and failed ones. If you can read this, at least some arrive.",
)
