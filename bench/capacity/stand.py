"""The stack that is measured: a service with so many workers, on its real backends."""

import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from bench.capacity.processes import Processes
from bench.capacity.receiver import METRICS, Receiver, receiving
from stack.backends import BY_NAME, every_port
from stack.ports import free_offset
from stack.runner import Stack
from telemetry import names

BACKENDS: Final = ("mongodb", "model", "stripe-mock")
MODEL: Final = {"MODEL_FIRST_BYTE_SECONDS": "0.3", "MODEL_TOKENS_PER_SECOND": "40"}
SCRAPE_SECONDS: Final = 1.0
"""Of the Collector, where it runs."""
WEBHOOK_SECRET: Final = BY_NAME["service"].environment["STRIPE_WEBHOOK_SECRET"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counters of all workers until now.

    Args:
        requests: By worker.
        commands: Of the database.
        phases: Seconds of requests, by phase.
    """

    requests: tuple[float, ...]
    commands: float
    phases: Mapping[str, float]

    def since(self, before: "Counts") -> "Counts":
        """Return the difference."""
        return Counts(
            tuple(now - then for now, then in zip(self.requests, before.requests, strict=True)),
            self.commands - before.commands,
            {phase: took - before.phases.get(phase, 0) for phase, took in self.phases.items()},
        )


@dataclass(frozen=True, slots=True)
class Stand:
    """Everything that runs.

    Args:
        stack: The backends and the service.
        processes: Of the service and of what it uses.
        receiver: Of its spans.
    """

    stack: Stack
    processes: Processes
    receiver: Receiver

    @property
    def port(self) -> int:
        """Of the API."""
        return self.stack.port("service")

    def scrape(self, worker: int = 0) -> str:
        """Return the exposition of one worker."""
        port = self.stack.port("service", "management") + worker
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as response:
            text: str = response.read().decode()
        return text

    def counts(self) -> Counts:
        """Read the counters of all workers."""
        commands, phases, requests = 0.0, dict[str, float](), list[float]()
        for worker in range(self.stack.workers):
            count = 0.0
            for family in text_string_to_metric_families(self.scrape(worker)):
                for sample in family.samples:
                    if sample.name == f"{names.REQUEST_DURATION.name}_count":
                        count += sample.value
                    elif sample.name == f"{names.DB_OPERATION_DURATION.name}_count":
                        commands += sample.value
                    elif sample.name == names.REQUEST_PHASE.name:
                        phase = sample.labels["phase"]
                        phases[phase] = phases.get(phase, 0.0) + sample.value
            requests.append(count)
        return Counts(tuple(requests), commands, phases)


@contextmanager
def running(
    workers: int,
    settings: Mapping[str, str] | None = None,
    *,
    backends: Sequence[str] = BACKENDS,
    counts_spans: bool = False,
) -> Iterator[Stand]:
    """Start the backends and the service with demo data; stop all when the context ends.

    Spans go to the receiver; where the Collector is one of the backends, through it, as metrics
    and lines do.

    Args:
        workers: Of the service.
        settings: Of the service, on top of the stack's.
        backends: What is started before it.
        counts_spans: See ``Receiver``.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        receiving(counts_spans=counts_spans) as receiver,
        Stack(free_offset(every_port(workers)), Path(folder), workers) as stack,
    ):
        own = {"model": MODEL, "collector": _to(receiver)}
        for name in backends:
            stack.start(name, own.get(name))
            stack.wait_ready(name)
        endpoint = stack.url("collector") if "collector" in backends else receiver.url
        service = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "TELEMETRY_FAULTS": "false"}
        stack.start("service", service | dict(settings or {}))
        stack.wait_ready("service")
        stack.seed("service")
        yield Stand(stack, Processes(stack), receiver)


def _to(receiver: Receiver) -> dict[str, str]:
    """Return the settings with which the Collector sends everything to the receiver."""
    return {
        "TEMPO_OTLP_URL": receiver.url,
        "PROMETHEUS_REMOTE_WRITE_URL": f"{receiver.url}{METRICS}",
        "LOKI_OTLP_URL": f"{receiver.url}/otlp",
        "SCRAPE_INTERVAL": f"{SCRAPE_SECONDS:.0f}s",
    }
