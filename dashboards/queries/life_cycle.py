"""Queries of the Life cycle board: states, starts and drains of workers, and cut requests."""

from dashboards.config import LINES, RECENTLY
from dashboards.promql import (
    VERSION_LABEL,
    highest,
    largest,
    middle,
    or_zero,
    rank_of_gauge,
    series,
    smallest,
    summed_increase,
    summed_rate,
    total,
)
from dashboards.queries.service import NO_PROBES
from dashboards.queries.workers import OF_SERVICE, OF_WORKER, READY
from telemetry import names

_DRAINING = series(names.SERVICE_STATE, 'state="draining"')
_STARTED = series("process_start_time_seconds")
_CUT = 'reason=~"failed|killed|timeout"'
_OF_VERSION = (*OF_SERVICE, VERSION_LABEL)

DRAINING = total(_DRAINING)
CUT_RECENTLY = or_zero(
    summed_increase(names.ABORTED_REQUESTS, NO_PROBES, _CUT, window=RECENTLY), READY
)
UNCAUGHT_RECENTLY = or_zero(summed_increase(names.UNCAUGHT_EXCEPTIONS, window=RECENTLY), READY)
VERSIONS = f"count(count by ({VERSION_LABEL}) ({READY}))"

WORKERS_BY_VERSION = f"count by ({VERSION_LABEL}) ({READY})"
VERSION_WORKERS = f"count by ({', '.join(_OF_VERSION)}) ({READY})"
VERSION_AGE = f"time() - {smallest(_STARTED, *_OF_VERSION)}"
PYTHON_VERSIONS = f"count by ({VERSION_LABEL}, version) ({series('python_info')})"

_CLOCK = series(names.CLOCK)
_CLOCK_OFFSET = f"abs({_CLOCK} - timestamp({_CLOCK}))"
CLOCK_OFFSET_WORST = largest(_CLOCK_OFFSET)
CLOCK_OFFSET_MEDIAN = middle(_CLOCK_OFFSET)
CLOCK_OFFSET_BY_WORKER = largest(_CLOCK_OFFSET, *OF_WORKER)
"""From the clock of the scraper, which is the same for all; the way to it is a part of it."""

DRAIN_IN_FLIGHT = highest(
    LINES,
    largest(series(names.DRAIN_IN_FLIGHT), *OF_WORKER),
    rank_of_gauge(names.DRAIN_IN_FLIGHT),
    *OF_WORKER,
)
DRAIN_SECONDS = highest(
    LINES,
    largest(series(names.DRAIN_SECONDS), *OF_WORKER),
    rank_of_gauge(names.DRAIN_SECONDS),
    *OF_WORKER,
)
DRAIN_REJECTED = summed_rate(names.DRAIN_REJECTED)
CUT_BY_REASON = or_zero(
    summed_increase(names.ABORTED_REQUESTS, NO_PROBES, by=("reason",)), READY, "reason"
)
UNCAUGHT = or_zero(summed_increase(names.UNCAUGHT_EXCEPTIONS, by=("where",)), READY, "where")
UNCAUGHT_FATAL = or_zero(summed_increase(names.UNCAUGHT_EXCEPTIONS, 'fatal="true"'), READY)
