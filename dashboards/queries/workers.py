"""Queries of workers: whether they report, their states, and the age of what they reported."""

from typing import Final

from dashboards.config import NOW, RECENTLY, ROWS
from dashboards.promql import (
    ENVIRONMENT_LABEL,
    RANGE,
    SERVICE_LABEL,
    VERSION_LABEL,
    WORKER,
    largest,
    ratio,
    series,
    total,
)
from dashboards.worker_promql import worker_rate, worker_requests
from service import objectives
from telemetry import names

READY: Final = series(names.SERVICE_STATE, 'state="ready"')
"""1 or 0 for every worker that exposes metrics; ``reporting`` of ``promql.or_zero``."""
UP: Final = series("up")
"""1 or 0 of every worker that is to be scraped; known to the scraper, which knows no version."""
OF_SERVICE: Final = (ENVIRONMENT_LABEL, SERVICE_LABEL)
OF_WORKER: Final = (*OF_SERVICE, WORKER)

STATES_IN_ORDER: Final = ("stopped", "draining", "starting", "ready")

_ON: Final = f"on({', '.join(OF_WORKER)})"
_STARTED: Final = series("process_start_time_seconds")


def _numbered() -> str:
    # The number of each worker's state, from 1 on in that order; 0 where it does not answer.
    one_hot = (series(names.SERVICE_STATE, f'state="{state}"') for state in STATES_IN_ORDER)
    numbers = " or ".join(f"{number} * {state}" for number, state in enumerate(one_hot, start=1))
    return f"{total(numbers, *OF_WORKER)} or {_ON} 0 * {largest(f'{UP} == 0', *OF_WORKER)}"


STATES: Final = _numbered()
NOT_READY: Final = (
    f"(1 - {largest(READY, *OF_WORKER)} > 0) or {_ON} {largest(f'{UP} == 0', *OF_WORKER)} + 1"
)
"""1 for each worker that is not ready, or does not answer; nothing for the others."""
READY_COUNT: Final = total(READY)
MISSING_COUNT: Final = f"count({NOT_READY}) or on() 0 * count({UP})"
STATE_COUNTS: Final = total(series(names.SERVICE_STATE), "state")
NOT_ANSWERING: Final = f"count({UP} == 0) or on() 0 * count({UP})"

_READY_SAMPLES = largest(f"sum_over_time({READY}[{RANGE}] @ end())", *OF_WORKER)
_LEAST_READY: Final = (
    f"bottomk({ROWS}, {_READY_SAMPLES} or {_ON} 0 * {largest(f'{UP} @ end()', *OF_WORKER)})"
)
STATES_OF_LEAST_READY: Final = f"({STATES}) and {_ON} {_LEAST_READY}"
"""Of the workers that were ready for the shortest time; all, where there are few."""

_NEWEST = f"max(timestamp({READY}))"
_NEWEST_OF_AN_HOUR = f"max(max_over_time(timestamp({READY})[1h:1m]))"
DATA_AGE: Final = f"time() - ({_NEWEST} or {_NEWEST_OF_AN_HOUR})"
"""Age of the newest sample of any worker; a sample is shown as present for five minutes."""
_RESTARTS: Final = f"changes({_STARTED}[{objectives.RESTART_WINDOW}])"
RESTARTS: Final = total(_RESTARTS)
RESTARTS_WORST: Final = largest(total(_RESTARTS, *OF_WORKER))
RESTARTS_BY_WORKER: Final = total(f"changes({_STARTED}[{RECENTLY}])", *OF_WORKER)
UPTIME: Final = f"time() - {largest(_STARTED, *OF_WORKER, VERSION_LABEL)}"
STARTS: Final = total(f"changes({_STARTED}[{NOW}])", *OF_SERVICE)
"""Over a window that is longer than a start takes: else it has the new process only."""
EVIDENCE_AGE: Final = f"time() - {series(names.MONGODB_EVIDENCE)}"
EVIDENCE_AGE_WORST: Final = f"max({EVIDENCE_AGE})"
EVIDENCE_AGE_MIDDLE: Final = f"quantile(0.5, {EVIDENCE_AGE})"
EVIDENCE_AGE_BY_WORKER: Final = largest(EVIDENCE_AGE, *OF_WORKER)

CPU_BY_WORKER: Final = total(worker_rate("process_cpu_seconds_total", NOW), *OF_WORKER)
HUB_BLOCKED_BY_WORKER: Final = total(worker_rate(names.HUB_BLOCKED, NOW), *OF_WORKER)
LATENCY_BY_WORKER: Final = ratio(
    worker_requests(names.REQUEST_DURATION, suffix="_sum", window=NOW, by=OF_WORKER),
    worker_requests(names.REQUEST_DURATION, suffix="_count", window=NOW, by=OF_WORKER),
)
