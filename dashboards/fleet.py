"""Counters added up over the instances of a service: what rules record, and boards read at All.

A graph of 200 instances over a day reads hundreds of millions of samples when it adds them up at
each of its points. Rules add them up once, as they arrive; labels that no board distinguishes go
too. A board reads the raw series only where instances are chosen; see ``dashboards.promql``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service import metrics, objectives
from telemetry import names
from telemetry.names import Metric

INTERVAL: Final = "15s"
WINDOW: Final = "1m"
LEAST_WINDOW_SECONDS: Final = 4.0
"""Of rules whose durations are scaled for a test: four scrapes of a second."""

EVALUATIONS: Final = "serene:evaluations:one"
"""1 at each evaluation: their number in a window, in which a series may have begun."""
ALL_INSTANCES: Final = "all"
"""Instance of the sums: the variable's All matches it, and no chosen instance does."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A counter's rate, added up.

    Args:
        counter: Name of its series, with the suffix of a histogram's part.
        labels: That stay, beside environment, service and version.
        by_worker: Whether the instance stays too.
        matchers: Of the series that are added up.
    """

    counter: str
    labels: tuple[str, ...]
    by_worker: bool = False
    matchers: tuple[str, ...] = ()

    @property
    def record(self) -> str:
        """Name of the recorded series."""
        return f"{'serene_worker' if self.by_worker else 'serene'}:{self.counter}:rate{WINDOW}"


DRAINING: Final = "serene:service_state_draining:max"
"""1 while a worker of a version drains."""
OLDEST_START: Final = "serene:process_start_time_seconds:min"
NEWEST_START: Final = "serene:process_start_time_seconds:max"
"""Of the workers of a version, in Unix seconds."""

_OPERATION: Final = ("db_operation_name", "db_collection_name")
_MODEL: Final = "gen_ai_request_model"
_TOKEN: Final = "gen_ai_token_type"  # noqa: S105 - a label
_COUNTERS: Final = (
    names.ABORTED_REQUESTS,
    names.UNREADABLE_REQUESTS,
    names.SLOW_CLIENTS,
    names.REFUSED_CONNECTIONS,
    names.SLOW_REQUESTS,
    names.REQUEST_PHASE,
    names.RESPONSE_SIZE,
    names.DB_SLOW_OPERATIONS,
    names.HUB_BLOCKED,
    names.DRAIN_REJECTED,
    names.UNCAUGHT_EXCEPTIONS,
    names.SPANS,
    names.SPANS_OVER_BUDGET,
    names.SPANS_DROPPED,
    names.TELEMETRY_ERRORS,
    names.RECORDED_REQUESTS,
    names.LOG_LINES_DROPPED,
    metrics.POST_READS,
    metrics.POST_LISTS,
    metrics.POST_WRITES,
    metrics.LOGINS,
    metrics.REGISTRATIONS,
    metrics.RENEWALS,
    metrics.UNAUTHORIZED,
    metrics.RATE_LIMITED,
    metrics.RATE_LIMIT_FALLBACKS,
    metrics.PAYMENTS,
    metrics.PAYMENT_EVENTS,
    metrics.FILE_UPLOADS,
    metrics.BOOKINGS,
    metrics.DATABASE_FAILURES,
    metrics.REFUNDS,
)
"""Recorded with all of their labels."""
_HISTOGRAMS: Final[tuple[tuple[Metric, dict[str, tuple[str, ...]]], ...]] = (
    (
        names.REQUEST_DURATION,
        {"bucket": (names.ROUTE,), "count": (names.ROUTE, names.STATUS), "sum": (names.ROUTE,)},
    ),
    (
        names.DB_OPERATION_DURATION,
        {"bucket": _OPERATION, "count": (*_OPERATION, "error_type"), "sum": _OPERATION},
    ),
    (names.POOL_WAIT, {"bucket": ()}),
    (names.POOL_USE, {"bucket": ()}),
    (names.POOL_CREATE, {"bucket": (), "count": ()}),
    (names.HUB_LAG, {"bucket": ()}),
    (names.EXPORT_DURATION, {"bucket": ("result",), "count": ("result",)}),
    (metrics.COMPANION_DURATION, {"bucket": (), "count": ("result",)}),
    (metrics.GEN_AI_FIRST_CHUNK, {"bucket": ()}),
    (metrics.GEN_AI_DURATION, {"bucket": (_MODEL,), "count": (_MODEL, "error_type")}),
    (metrics.GEN_AI_TOKENS, {"bucket": (_TOKEN,), "sum": (_MODEL, _TOKEN)}),
    (metrics.UPLOADS, {"bucket": (), "sum": ()}),
)
"""Labels by which each part is asked for; a bucket keeps its bound."""
_OTHERS: Final = (
    Sum(names.POOL_TIMEOUTS.name, ()),
    Sum(names.POOL_CLEARED.name, ("reason",)),
    Sum("process_cpu_seconds_total", ()),
    Sum("python_gc_collections_total", ("generation",)),
    Sum("python_gc_objects_collected_total", ("generation",)),
    Sum("python_gc_objects_uncollectable_total", ("generation",)),
)
_NO_PROBES: Final = f'{names.ROUTE}!~"{"|".join(sorted(objectives.HEALTH_ROUTES))}"'


def _requests_of_worker(part: str, *labels: str) -> Sum:
    counter = f"{names.REQUEST_DURATION.name}_{part}"
    return Sum(counter, labels, by_worker=True, matchers=(_NO_PROBES,))


_BY_WORKER: Final = (
    Sum("process_cpu_seconds_total", (), by_worker=True),
    Sum(names.HUB_BLOCKED.name, (), by_worker=True),
    _requests_of_worker("count", names.STATUS),
    _requests_of_worker("sum"),
    _requests_of_worker("bucket", "le"),
)


def _sums() -> Iterator[Sum]:
    for metric, parts in _HISTOGRAMS:
        for part, labels in parts.items():
            bound = ("le",) if part == "bucket" else ()
            yield Sum(f"{metric.name}_{part}", (*labels, *bound))
    yield from (Sum(metric.name, metric.labels) for metric in _COUNTERS)
    yield from _OTHERS


SUMS: Final = {one.counter: one for one in _sums()}
"""What is recorded over all instances, by the counter."""
OF_WORKERS: Final = {one.counter: one for one in _BY_WORKER}
"""What is recorded of each instance, by the counter: few series each, those of users' requests
without their routes.
"""
