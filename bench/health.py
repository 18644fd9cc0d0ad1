"""What one health verdict costs: ``python -m bench.health``.

With a registry as after hours of traffic. A verdict must take far less than a millisecond, whatever
the number of series; ``sample`` is the cost of the background loop once an interval.
"""

import statistics
import time
from collections.abc import Callable

from telemetry import names
from telemetry.config import TelemetryConfig
from telemetry.health import Health, HealthEvidence
from telemetry.lifecycle import Lifecycle
from telemetry.metrics import Metrics
from telemetry.process import ProcessSampler

ROUNDS = 200


def microseconds(call: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Return median and 99th percentile of the calls' time, in microseconds."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - began) / 1e3)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def filled_health(children: int) -> Health:
    """Return the health of a worker whose latency histogram has this many children."""
    metrics = Metrics()
    lifecycle = Lifecycle(metrics)
    health = Health(TelemetryConfig.from_env({}), metrics, lifecycle)
    latency = metrics.histogram(names.REQUEST_DURATION)
    for route in range(children):
        latency.labels("GET", f"/route/{route}", "200").observe(0.01)
    for state in ("used", "idle", "establishing"):
        metrics.gauge(names.POOL_COUNT).labels("127.0.0.1:27017", state).set(1)
    metrics.gauge(names.POOL_MAX).labels("127.0.0.1:27017").set(10)
    metrics.gauge(names.MONGODB_UP).set(1)
    metrics.gauge(names.MONGODB_EVIDENCE).set(time.time())
    metrics.gauge(names.ACTIVE_REQUESTS).labels("GET").set(1)
    ProcessSampler(metrics).sample()
    health.expect_database()
    health.add_indicator("store", lambda: HealthEvidence(healthy=True))
    lifecycle.ready()
    return health


def main() -> None:
    """Print one table."""
    print(f"{'latency children':>16} {'verdict':>10} {'median µs':>10} {'p99 µs':>10}")
    for children in (10, 100, 1000):
        health = filled_health(children)
        for name in ("liveness", "readiness", "report", "sample"):
            median, p99 = microseconds(getattr(health, name))
            print(f"{children:>16} {name:>10} {median:>10.1f} {p99:>10.1f}")


if __name__ == "__main__":
    main()
