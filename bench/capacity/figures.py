"""The measured figures, as ``docs/capacity.json`` has them. Nothing here measures or computes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from stack import paths

FILE: Final = paths.ROOT / "docs" / "capacity.json"


@dataclass(frozen=True, slots=True)
class RouteCost:
    """What one request of the demo traffic takes, at an easy pace.

    Args:
        name: Of the request, as the demo traffic reports it.
        share: Of all requests of the demo traffic.
        requests: How many were measured.
        in_loads: Whether the open loads send it: it can be sent again.
        hub_us: Processor time of the worker's hub, user and system.
        threads_us: Processor time of the worker's other threads: password hashes, lines, files.
        database_us: Processor time of the database server.
        others_us: Processor time of the model and of the payment provider.
        commands: Database commands.
        database_ms: Time in which it waited for the database's responses.
        pool_wait_ms: Time in which it waited for a connection of the pool.
        external_ms: Time in which it waited for the model or the payment provider.
        elapsed_ms: Median time of a response.
        spans: Of its trace.
        span_bytes: Of its trace as it was exported, not compressed.
        log_bytes: Of its lines.
    """

    name: str
    share: float
    requests: int
    in_loads: bool
    hub_us: float
    threads_us: float
    database_us: float
    others_us: float
    commands: float
    database_ms: float
    pool_wait_ms: float
    external_ms: float
    elapsed_ms: float
    spans: float
    span_bytes: float
    log_bytes: float


@dataclass(frozen=True, slots=True)
class Point:
    """One offered load.

    Args:
        offered: Requests a second that were to be sent.
        answered: Answers a second.
        p50_ms, p99_ms: From the time at which a request was due to its last byte.
        failures: Requests with an unexpected answer or none.
        worker_cores, database_cores, load_cores, other_cores: Cores used.
        balance: Share of the requests of each worker.
        late_p99_ms: How late the load itself sent, while a connection was free.
    """

    offered: float
    answered: float
    p50_ms: float
    p99_ms: float
    failures: int
    worker_cores: float
    database_cores: float
    load_cores: float
    other_cores: float
    balance: tuple[float, ...]
    late_p99_ms: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a simulated load shows.

    Args:
        answered: Answers a second.
        p50_ms, p99_ms: From arrival.
        worker_cores, database_cores: Cores used.
    """

    answered: float
    p50_ms: float
    p99_ms: float
    worker_cores: float
    database_cores: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Throughput and latency by offered load.

    Args:
        workers: Of the service.
        seconds: Of each load.
        points: What was measured.
        simulated: The same loads, simulated.
    """

    workers: int
    seconds: float
    points: tuple[Point, ...]
    simulated: tuple[Outcome, ...] = ()


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of one worker.

    Args:
        worker_mib: After all requests of the demo traffic.
        arbiter_mib: Of gunicorn's first process.
        idle_connection_kib: Of one more connection that has had an answer and is idle.
        active_connection_kib: Of one more request that is in flight, its connection included.
        connections: How many of each were opened.
    """

    worker_mib: float
    arbiter_mib: float
    idle_connection_kib: float
    active_connection_kib: float
    connections: int


@dataclass(frozen=True, slots=True)
class Series:
    """What a scrape of one worker has, after all requests of the demo traffic.

    Args:
        total: Series.
        buckets: Those that are buckets of classic histograms, with ``+Inf``.
        histograms: Label sets of histograms: series that native histograms would have.
        request_buckets: Buckets of the latency of requests.
        recorded: Series of the fleet's recording rules, whatever the number of instances.
        scrape_bytes: Of the exposition in OpenMetrics.
    """

    total: int
    buckets: int
    histograms: int
    request_buckets: int
    recorded: int
    scrape_bytes: int


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the Collector takes, with one worker to scrape.

    Args:
        scrape_us: Processor time of one scrape of one worker, sent on.
        request_us: Processor time of the spans and lines of one request.
        spans: Of one request.
        sample_bytes: Of one sample as it is written to Prometheus.
        span_bytes: Of one span as it is sent to Tempo.
        line_bytes: Of the lines of one request as they are sent to Loki.
        resident_mib: Memory of the Collector.
    """

    scrape_us: float
    request_us: float
    spans: float
    sample_bytes: float
    span_bytes: float
    line_bytes: float
    resident_mib: float


@dataclass(frozen=True, slots=True)
class Minute:
    """One moment of held connections: seconds since the start, open connections, MiB."""

    at: float
    idle_open: int
    active_open: int
    resident_mib: float
    answers: int
    failures: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Held:
    """Connections held on one worker.

    Args:
        idle, active: Connections of each sort.
        seconds: For how long.
        pause_seconds: Between two requests of an active connection.
        before_mib: Resident memory of the worker before the first connection.
        minutes: What was seen meanwhile.
        idle_answered: Idle connections that got an answer at the end.
        answers, failures: Of the active ones.
        p50_ms, p99_ms, max_ms: Latencies of the active ones, from the time they were due.
        worker_cores: Cores that the worker used.
    """

    idle: int
    active: int
    seconds: float
    pause_seconds: float
    before_mib: float
    minutes: tuple[Minute, ...]
    idle_answered: int
    answers: int
    failures: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    worker_cores: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it.

    Args:
        machine: Processor, number of cores, Python.
        date: Of the measurement.
        idle_worker_cores, idle_database_cores: Cores used without a request.
        routes: Costs by request.
        curves: By number of workers.
        unshared: Full workers, simulated with a core for everything, in the order of the curves.
        held: Connections that were held for minutes.
    """

    machine: Mapping[str, str]
    date: str
    idle_worker_cores: float
    idle_database_cores: float
    routes: tuple[RouteCost, ...]
    curves: tuple[Curve, ...]
    memory: Memory
    series: Series
    pipeline: Pipeline
    unshared: tuple[Outcome, ...] = ()
    held: Held | None = None

    def write(self, file: Path = FILE) -> None:
        """Write them as JSON."""
        text = json.dumps(_rounded(asdict(self)), indent=1, ensure_ascii=False)
        file.write_text(f"{text}\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path = FILE) -> Self:
        """Read what ``write`` wrote."""
        values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        held = values.get("held")
        return cls(
            **values
            | {
                "routes": tuple(RouteCost(**one) for one in values["routes"]),
                "curves": tuple(_curve(one) for one in values["curves"]),
                "memory": Memory(**values["memory"]),
                "series": Series(**values["series"]),
                "pipeline": Pipeline(**values["pipeline"]),
                "unshared": tuple(Outcome(**one) for one in values.get("unshared", ())),
                "held": held_from(held) if held else None,
            }
        )


def held_from(values: Mapping[str, Any]) -> Held:
    """Return held connections from their JSON."""
    return Held(**{**values, "minutes": tuple(Minute(**one) for one in values["minutes"])})


def _curve(values: Mapping[str, Any]) -> Curve:
    points = [Point(**{**one, "balance": tuple(one["balance"])}) for one in values["points"]]
    outcomes = [Outcome(**one) for one in values.get("simulated", ())]
    return Curve(values["workers"], values["seconds"], tuple(points), tuple(outcomes))


def _rounded(value: Any) -> Any:
    """Return figures with four significant digits more than any table has."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_rounded(one) for one in value]
    return value
