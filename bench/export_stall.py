"""How long the export of spans delays requests, by how the encoding yields.

A gevent server answers a steady rate of requests from another process while it exports 512 spans
five times per second to a receiver in that process. Printed for each variant: the ratio of p99 to
that without export, as median and spread over the rounds, the worst stall of the hub, and the
spans delivered per second (2,560 are exported; a saturated hub delivers fewer, the smaller the
slices).

    .venv/bin/python -m bench.export_stall [rounds] [pause of a client in seconds; 0 saturates]
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import gevent
from gevent.pywsgi import WSGIServer
from gevent.socket import create_connection
from opentelemetry.trace import SpanKind

from bench import hub
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.tracing import Tracing
from telemetry.tracing.batch import MAX_SLICE_SPANS, BatchEncoder, Compression
from telemetry.tracing.encoding import SLICE_SPANS
from telemetry.tracing.otlp_http import OtlpHttpSender, Receiver
from telemetry.tracing.resource import resource_of
from telemetry.tracing.span_queue import Entry

BATCH_SPANS = 512
EXPORTS_PER_SECOND = 5
CONNECTIONS = 6
PAUSE_SECONDS = 0.004
ROUND_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of one variant in one round; seconds, and spans per second."""

    p99: float
    stall: float
    delivered: float


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to yield while a batch is encoded."""

    name: str
    slice_spans: int
    pause: Callable[[], None] | None
    compression: Compression = "none"


VARIANTS = (
    Variant("no export", 0, None),
    Variant("whole batch", BATCH_SPANS, lambda: None),
    Variant("16, sleep(0)", 16, lambda: gevent.sleep(0)),
    Variant("16, sleep(1e-6)", 16, lambda: gevent.sleep(1e-6)),
    Variant("16, sleep(1 ms)", 16, lambda: gevent.sleep(0.001)),
    Variant("16, 1 ms, gzip", 16, lambda: gevent.sleep(0.001), "gzip"),
    Variant("16, sleep(3 ms)", 16, lambda: gevent.sleep(0.003)),
    Variant("8, sleep(1 ms)", 8, lambda: gevent.sleep(0.001)),
    Variant("32, sleep(1 ms)", 32, lambda: gevent.sleep(0.001)),
    Variant("64, sleep(1 ms)", 64, lambda: gevent.sleep(0.001)),
)


def main(rounds: int, pause_seconds: float) -> None:
    """Run the comparison.

    Args:
        rounds: Number of turns of each variant.
        pause_seconds: Between an answer and the next request of a connection.
    """
    server = WSGIServer(hub.listener(), _respond, log=None)
    server.start()
    command = [sys.executable, "-m", "bench.export_stall", "peer"]
    command += [str(server.server_port), str(pause_seconds)]
    peer = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        collector_port = int(_line(peer))
        outcomes: dict[str, list[Outcome]] = {variant.name: [] for variant in VARIANTS}
        spans = _spans()
        for _ in range(rounds):
            for variant in VARIANTS:
                outcomes[variant.name].append(_round(variant, spans, collector_port, peer))
        _report(outcomes)
    finally:
        peer.kill()
        peer.wait()
        server.stop()


def _round(
    variant: Variant,
    spans: list[Entry],
    collector_port: int,
    peer: "subprocess.Popen[bytes]",
) -> Outcome:
    stalls: list[float] = []
    delivered: list[int] = []
    recorder = gevent.spawn(hub.record_stalls, stalls)
    export = gevent.spawn(_export, variant, spans, collector_port, delivered)
    gevent.sleep(0.2)
    stalls.clear()
    assert peer.stdin is not None
    peer.stdin.write(b"go\n")
    peer.stdin.flush()
    p99 = float(_line(peer))
    gevent.killall([recorder, export])
    return Outcome(p99, max(stalls), sum(delivered) / ROUND_SECONDS)


def _export(variant: Variant, spans: list[Entry], port: int, delivered: list[int]) -> None:
    if variant.pause is None:
        return
    guard = Guard(strict=True, on_error=print)
    resource = resource_of(TelemetryConfig.from_env({"OTEL_SERVICE_NAME": "bench"}))
    encoder = BatchEncoder(resource, guard, variant.pause, compression=variant.compression)
    url = f"http://127.0.0.1:{port}/v1/traces"
    sender = OtlpHttpSender(Receiver(url, 2.0, compression=variant.compression))
    while True:
        started = time.perf_counter()
        body = encoder.body(encoder.encode(spans, variant.slice_spans))
        assert sender.send(body).result == "ok"
        delivered.append(len(spans))
        gevent.sleep(max(0.0, 1 / EXPORTS_PER_SECOND - (time.perf_counter() - started)))


def _respond(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def _line(peer: "subprocess.Popen[bytes]") -> bytes:
    assert peer.stdout is not None
    gevent.socket.wait_read(peer.stdout.fileno())
    return peer.stdout.readline()


def _spans() -> list[Entry]:
    """The spans of one large trace: only those are encoded by the export."""
    config = TelemetryConfig.from_env({})
    tracing = Tracing(config, Metrics(), Guard(strict=True, on_error=print))
    attributes = {
        f"http.request.attribute.{index}": f"value of attribute {index}" for index in range(12)
    }
    with tracing.tracer.start_as_current_span("root"):
        for _ in range(BATCH_SPANS):
            tracing.tracer.start_span(
                "GET /api/v1/blog/posts/<slug>",
                kind=SpanKind.SERVER,
                attributes={**attributes, "http.response.status_code": 200},
            ).end()
    return tracing.queue.take(BATCH_SPANS)


def _report(outcomes: dict[str, list[Outcome]]) -> None:
    baseline = outcomes[VARIANTS[0].name]
    header = f"{'variant':18} {'p99 ms':>8} {'ratio of p99 (min .. median .. max)':>38}"
    print(f"{header} {'stall ms (median, worst)':>26} {'spans/s':>9}")
    for name, results in outcomes.items():
        ratios = sorted(own.p99 / base.p99 for own, base in zip(results, baseline, strict=True))
        spread = f"{ratios[0]:.2f} .. {statistics.median(ratios):.2f} .. {ratios[-1]:.2f}"
        stalls = [result.stall * 1e3 for result in results]
        p99, delivered = (
            statistics.median(values)
            for values in zip(*((r.p99 * 1e3, r.delivered) for r in results), strict=True)
        )
        stall = f"{statistics.median(stalls):.1f}, {max(stalls):.1f}"
        print(f"{name:18} {p99:8.2f} {spread:>38} {stall:>26} {delivered:9.0f}")
    print(
        f"the service encodes {SLICE_SPANS} to {MAX_SLICE_SPANS} spans a slice, more with a backlog"
    )


def _peer(api_port: int, pause_seconds: float) -> None:
    """Run the other process: the receiver of spans, and the clients."""
    collector = WSGIServer(("127.0.0.1", 0), _collect, log=None)
    collector.start()
    print(collector.server_port, flush=True)
    while True:
        gevent.socket.wait_read(sys.stdin.fileno())
        if not sys.stdin.readline():
            return
        latencies: list[float] = []
        gevent.joinall(
            [gevent.spawn(_client, api_port, latencies, pause_seconds) for _ in range(CONNECTIONS)],
            raise_error=True,
        )
        print(statistics.quantiles(latencies, n=100)[98], flush=True)


def _collect(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    environ["wsgi.input"].read()  # type: ignore[attr-defined]
    start_response("200 OK", [("Content-Length", "0")])
    return [b""]


def _client(port: int, latencies: list[float], pause_seconds: float) -> None:
    connection = create_connection(("127.0.0.1", port))
    until = time.perf_counter() + ROUND_SECONDS
    while (started := time.perf_counter()) < until:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n")
        while not connection.recv(4096).endswith(b"ok"):
            pass
        latencies.append(time.perf_counter() - started)
        gevent.sleep(pause_seconds)
    connection.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["peer"]:
        _peer(int(sys.argv[2]), float(sys.argv[3]))
    else:
        main(
            int(sys.argv[1]) if sys.argv[1:] else 5,
            float(sys.argv[2]) if sys.argv[2:] else PAUSE_SECONDS,
        )
