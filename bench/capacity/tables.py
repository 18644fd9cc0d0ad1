"""The tables of what was measured and simulated, from the figures alone."""

import math
from collections.abc import Callable, Sequence

from bench.capacity.accuracy import TIGHT, Compared, compare, load_us, stretch
from bench.capacity.figures import Figures, Held, RouteCost
from bench.capacity.plan import ASSUMED, Mean, worker_rate
from bench.connections.clients import PER_ADDRESS
from stack.cluster.numbers import Numbers
from stack.cluster.settings import VALUES

NOT_MEASURED = "Not measured yet: `python -m bench.capacity curves`."


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])


def number(value: float, digits: int = 3) -> str:
    """Return a figure with so many significant digits, and thousands apart."""
    if value == 0:
        return "0"
    shown = float(f"{value:.{digits}g}")
    return f"{shown:,.0f}" if abs(shown) >= 100 or shown == int(shown) else f"{shown:g}"


def costs(figures: Figures) -> str:
    """Return the costs of every kind of request, and their mean."""
    head = (
        *("request", "share", "hub µs", "threads µs", "database µs", "commands"),
        *("in the database", "response ms", "spans", "lines B"),
    )
    rows = [_cost(route) for route in sorted(figures.routes, key=lambda one: -one.share)]
    mean = Mean.of(figures)
    database_us = _weighted(figures, lambda one: one.database_us)
    rows.append(
        [
            "**mean request**",
            "",
            *(number(one) for one in (mean.hub_us, mean.threads_us, database_us)),
            f"{mean.commands:.1f}",
            f"{mean.database_ms / _request_ms(mean.elapsed_ms):.0%}",
            number(mean.elapsed_ms),
            f"{mean.spans:.1f}",
            number(mean.log_bytes),
        ]
    )
    return table(head, rows)


def _cost(route: RouteCost) -> list[str]:
    return [
        route.name,
        f"{route.share:.1%}" if route.share else "once",
        *(number(one) for one in (route.hub_us, route.threads_us, route.database_us)),
        f"{route.commands:.1f}",
        f"{min(1.0, route.database_ms / _request_ms(route.elapsed_ms)):.0%}",
        number(route.elapsed_ms),
        f"{route.spans:.1f}",
        number(route.log_bytes),
    ]


def _request_ms(elapsed_ms: float) -> float:
    return elapsed_ms or 1.0


def _weighted(figures: Figures, value: Callable[[RouteCost], float]) -> float:
    return sum(one.share * value(one) for one in figures.routes)


def worker(figures: Figures) -> str:
    """Return what one worker and the Collector take."""
    memory, series, pipeline = figures.memory, figures.series, figures.pipeline
    rows = [
        ("memory of a worker, every kind of request answered", f"{memory.worker_mib:.0f} MiB"),
        ("memory of gunicorn's arbiter", f"{memory.arbiter_mib:.0f} MiB"),
        ("memory of one more idle connection", f"{memory.idle_connection_kib:.1f} KiB"),
        (
            "memory of one more request in flight (waiting for the model)",
            f"{memory.active_connection_kib:.0f} KiB",
        ),
        ("processor time without a request", f"{figures.idle_worker_cores:.1%} of a core"),
        ("series", number(series.total, 5)),
        ("… of them buckets of histograms", number(series.buckets, 5)),
        ("… with native histograms", number(series.total - series.buckets - series.histograms, 5)),
        ("a scrape, not compressed", f"{series.scrape_bytes / 1000:.0f} kB"),
        ("Collector: processor time of a scrape", f"{pipeline.scrape_us / 1000:.1f} ms"),
        (
            f"Collector: of spans ({pipeline.spans:.1f}) and lines of a request",
            f"{pipeline.request_us:.0f} µs",
        ),
        ("Collector: a sample on its way to Prometheus", f"{pipeline.sample_bytes:.1f} B"),
        ("Collector: a span on its way to Tempo", f"{pipeline.span_bytes:.0f} B"),
        ("Collector: lines of a request on their way to Loki", f"{pipeline.line_bytes:.0f} B"),
        ("Collector: memory", f"{pipeline.resident_mib:.0f} MiB"),
    ]
    return table(("of one worker", "measured"), rows)


def curve(figures: Figures) -> str:
    """Return every load as it was measured and simulated."""
    if not figures.curves:
        return NOT_MEASURED
    head = (
        *("workers", "offered/s", "answered/s", "simulated", "error"),
        *("p50 ms", "simulated", "p99 ms", "simulated", "cores: workers, database, load"),
    )
    return table(head, [_compared(one) for one in compare(figures)])


def _compared(one: Compared) -> list[str]:
    measured, simulated = one.measured, one.simulated
    return [
        str(one.workers),
        number(measured.offered),
        number(measured.answered),
        number(simulated.answered),
        f"{one.throughput_error:+.0%}",
        number(measured.p50_ms),
        number(simulated.p50_ms),
        number(measured.p99_ms),
        number(simulated.p99_ms),
        f"{measured.worker_cores:.2f}, {measured.database_cores:.2f}, {measured.load_cores:.2f}",
    ]


def errors(figures: Figures) -> str:
    """Return the errors of the simulation by number of workers."""
    if not figures.curves:
        return NOT_MEASURED
    rows = []
    for workers in sorted({one.workers for one in compare(figures)}):
        some = [one for one in compare(figures) if one.workers == workers]
        answered = [one for one in some if not one.is_full]
        rows.append(
            [
                str(workers),
                _range([one.throughput_error for one in some]),
                _range([one.p50_error for one in answered if not one.is_tight]),
                _range([one.p50_error for one in answered if one.is_tight]),
                _range([one.throughput_error for one in some if one.is_full]),
            ]
        )
    head = (
        "workers",
        "answers a second",
        f"p50 below {TIGHT:.0%} of the cores",
        "p50 above",
        "answers a second of full workers",
    )
    return table(head, rows)


def _range(values: Sequence[float]) -> str:
    if not values:
        return "not reached"
    return f"{min(values):+.0%} to {max(values):+.0%}"


def shared(figures: Figures) -> str:
    """Return what the shared cores do: most answers here, and with cores of their own."""
    if not figures.curves:
        return NOT_MEASURED
    rows = [
        [
            str(curve.workers),
            number(max(point.answered for point in curve.points)),
            number(outcome.answered),
            f"{outcome.worker_cores:.2f}",
            f"{outcome.database_cores:.2f}",
        ]
        for curve, outcome in zip(figures.curves, figures.unshared, strict=True)
    ]
    head = (
        *("workers", "most answers/s on two shared cores, measured"),
        *("with a core for each, simulated", "cores of the workers", "cores of the database"),
    )
    return table(head, rows)


def held(figures: Figures) -> str:
    """Return what was seen of the connections that were held for minutes."""
    if figures.held is None:
        return "Not measured yet: `python -m bench.connections --json docs/capacity.json`."
    one = figures.held
    rows = [
        ("connections", f"{one.idle:,} idle, {one.active:,} active, from {_addresses(one)}"),
        ("held for", f"{one.seconds:.0f} s; a request every {one.pause_seconds:.0f} s"),
        ("open at the end", f"{one.minutes[-1].idle_open:,} and {one.minutes[-1].active_open:,}"),
        ("requests of the active ones", f"{one.answers:,} answered, {one.failures} failures"),
        ("latency", f"p50 {one.p50_ms:.1f} ms, p99 {one.p99_ms:.1f} ms, most {one.max_ms:.0f} ms"),
        ("memory of the worker", " → ".join(f"{mib:.0f}" for mib in _memory(one)) + " MiB"),
        ("memory of a connection", f"{_connection_kib(one):.1f} KiB"),
        ("processor time of the worker", f"{one.worker_cores:.0%} of a core"),
        ("idle ones that got an answer at the end", f"{one.idle_answered:,} of {one.idle:,}"),
    ]
    return table(("on one worker", "measured"), rows)


def _addresses(one: Held) -> str:
    return f"{math.ceil((one.idle + one.active) / PER_ADDRESS)} addresses"


def _memory(one: Held) -> tuple[float, float, float]:
    """Return the memory before, with all connections, and at the end."""
    return one.before_mib, one.minutes[0].resident_mib, one.minutes[-1].resident_mib


def _connection_kib(one: Held) -> float:
    return (one.minutes[0].resident_mib - one.before_mib) / (one.idle + one.active) * 1024


def facts(figures: Figures) -> str:
    """Return the figures that the text needs."""
    machine, assumed = figures.machine, ASSUMED
    lines = [
        f"- Measured {figures.date} on {machine['cores']} cores of an {machine['processor']}, "
        f"Python {machine['python']}.",
        f"- One worker takes {worker_rate(figures):.0f} requests a second of the demo traffic "
        f"with {assumed.utilisation:.0%} of its core.",
        f"- A pod reserves {Numbers.of(VALUES).memory_mib} MiB: what it has here, and every "
        "store that a setting bounds, full.",
    ]
    if figures.curves:
        lines += [
            f"- Under load, processor times are {stretch(figures):.2f} of those at an easy pace, "
            "by one worker's heaviest load; two and four workers are predicted with it.",
            f"- The load takes {load_us(figures):.0f} µs a request on the same cores.",
        ]
    return "\n".join(lines)
