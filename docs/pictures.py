"""The three pictures of ``docs/architecture.md``: ``python docs/pictures.py`` writes them.

Takes another folder as an argument; a test compares the committed files with what this writes.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from drawing import (
    ACCENT,
    BLUE,
    GREY,
    INK,
    MONO,
    NIGHT,
    ORANGE,
    PANEL,
    PLAIN,
    arrow,
    box,
    picture,
    rectangle,
    row,
    text,
)

IMAGES: Final = Path(__file__).parent / "images"

SUBJECTS: Final = (
    ("blog", "posts"),
    ("companion", "the model"),
    ("files", "GridFS, quota"),
    ("system", "docs, health"),
    ("sessions", "bookings"),
    ("payments", "Stripe"),
)
LOWER_ROOMS: Final = (
    ("accounts", "logins, tokens, passwords, roles, the guard of a route"),
    ("foundation | rate_limits", "what a room is built on; counts of requests"),
    ("http", "@operation, OpenAPI, problems, middlewares, pages"),
    ("mongo", "connection, indexes, leases, idempotency"),
    ("metrics | server_settings", "names of the business metrics; where it listens"),
)
TELEMETRY: Final = (
    ("runtime", "Telemetry: builds, starts, ends everything below"),
    ("wsgi | gunicorn", "the outermost layer; workers, hooks, arbiter"),
    ("flask | server", "routes and errors; drain, connections, standalone"),
    ("hub | logs | management | mongo | http_client", "what observes"),
    ("exposition | health | lifecycle | process | tracing", "what reports"),
    ("greenlets / requests / metrics / native", "the record and the registry"),
    ("config | guard | redaction / names | view_option", "foundations"),
)
FILES: Final = (
    ("room.py", "builds its parts"),
    ("routes.py", "HTTP only"),
    ("schemas.py", "what clients send and get"),
    ("model.py", "rules; no Flask, no pymongo"),
    ("repository.py", "MongoDB only"),
    ("settings.py", "its variables"),
)
BESIDE: Final = (
    ("dashboards/", "boards; metric names only"),
    ("stack/", "backends without Docker"),
    ("deploy/", "what containers mount"),
    ("bench/", "measures; may import all"),
    ("tests/", "mirrors the rooms"),
)


def rooms() -> Iterator[str]:
    """Rooms and floors."""
    left, width = 36, 648
    yield rectangle(24, 20, 672, 398, PANEL)
    yield text(left, 44, "service/", size=15, font_weight="700", fill=INK)
    yield text(left + width, 44, "a room imports only from below", fill=GREY, text_anchor="end")
    yield row(left, 56, width, "wsgi | __main__ | gunicorn_conf | seed | recover | roles", "doors")
    yield row(left, 96, width, "bootstrap / settings", "build(): the only place that composes")
    each = (width - 5 * 8) / 6
    for number, (name, what) in enumerate(SUBJECTS):
        yield box(left + number * (each + 8), 136, each, 56, name, (what,), ACCENT)
    start = left + 5 * (each + 8)
    yield arrow(f"M{start - 8:g} 208H{start + 12:g}V194")
    yield text(start - 14, 212, "only sessions uses another subject", fill=GREY, text_anchor="end")
    for number, (name, what) in enumerate(LOWER_ROOMS):
        yield row(left, 224 + 38 * number, width, name, what)
    yield rectangle(24, 434, 672, 320, PANEL)
    yield text(left, 458, "telemetry/", size=15, font_weight="700", fill=INK)
    yield text(
        left + width, 458, "knows nothing of the service; a wheel", fill=GREY, text_anchor="end"
    )
    for number, (name, what) in enumerate(TELEMETRY):
        yield row(left, 470 + 40 * number, width, name, what)
    yield arrow("M360 418V432")
    yield from _beside()


def _beside() -> Iterator[str]:
    yield rectangle(720, 20, 296, 192, NIGHT)
    yield text(736, 44, "The files of a subject", size=13, font_weight="600", fill="#ffffff")
    for number, (name, what) in enumerate(FILES):
        y = 72 + 25 * number
        yield text(736, y, name, fill="#ffcf6b", font_family=MONO)
        yield text(850, y, what, fill=NIGHT.text)
    yield rectangle(720, 228, 296, 190)
    yield text(736, 254, "Beside them", size=13, font_weight="600", fill=INK)
    for number, (name, what) in enumerate(BESIDE):
        y = 284 + 28 * number
        yield text(736, y, name, fill=BLUE, font_family=MONO)
        yield text(836, y, what, fill=GREY)
    notes = (
        "a | b: the same floor; a / b: a is above b.",
        "",
        "import-linter keeps the floors: a new",
        "module fails the tests until it has one.",
        "",
        "Subjects are independent. A subject",
        "is removed with its folder and its",
        "line in bootstrap.",
        "",
        "What others may use of the layer is",
        "exported by the package telemetry; all",
        "else in it may change.",
        "",
        "Importing a module has no effect.",
    )
    yield box(720, 434, 296, 320, "Rules", notes)


INWARD: Final = (
    ("A client", "sends a request, maybe with a traceparent"),
    ("telemetry: server, gunicorn", "reads the head; one that is invalid gets a problem"),
    ("telemetry: wsgi", "sets the ids, opens the server span and the record"),
    ("rate_limits", "counts by account or address; over the limit: 429"),
    ("http: middlewares", "unknown version: 404; body too large: 413"),
    ("accounts: guard", "access token and role; 401, 403"),
    ("http: @operation", "checks query, headers and body; 400, 415, 422"),
    ("a subject: routes, model", "calls the rules, which know no HTTP"),
    ("a subject: repository", "runs the query; pymongo calls telemetry.mongo"),
)
OUTWARD: Final = (
    ("the last byte is sent", "or the client left, or the greenlet was killed"),
    ("telemetry: server", "sends the chunks; may keep the connection"),
    ("telemetry: wsgi", "X-Request-ID, Server-Timing, API-Version"),
    ("rate_limits", "RateLimit-Limit, -Remaining, -Reset, -Policy"),
    ("http: security headers", "on every response; HSTS in production"),
    ("http: compression", "zstd, brotli or gzip; not of streams"),
    ("http: cache control", "Cache-Control, ETag, 304"),
    ("a subject: schemas", "the response as JSON"),
)
RECORD: Final = (
    "request id, trace id, route, status, bytes,",
    "outcome, error type, duration, phases:",
)
PHASES: Final = (
    ("cpu", "its greenlets computed"),
    ("db", "a command ran"),
    ("db_pool_wait", "for a connection"),
    ("external", "Stripe, model, Redis"),
    ("threadpool", "a password, Markdown"),
    ("other", "the rest"),
)
SINKS: Final = (
    ("span", "ends the server span"),
    ("metrics", "histogram with exemplar"),
    ("slow", "counter and warning"),
    ("log", "one JSON line"),
)
STEP, TALL = 66, 50


def request() -> Iterator[str]:
    """The way of one request."""
    yield from _steps(24, INWARD, inward=True)
    yield from _steps(436, OUTWARD, inward=False)
    refusals = "".join(f"M376 {45 + STEP * number}H406" for number in (3, 4, 5, 6))
    yield f'<path d="{refusals}M406 243V441" stroke="{ORANGE}" stroke-dasharray="5 4" fill="none"/>'
    yield arrow("M406 441H434", ORANGE)
    yield arrow("M376 507H434")
    yield text(436, 568, "A refusal (dashed) is a problem response", fill=ORANGE)
    yield text(436, 585, "and leaves by the same way.", fill=ORANGE)
    yield arrow("M724 45H746")
    yield from _completion()


def _steps(x: float, steps: Sequence[tuple[str, str]], *, inward: bool) -> Iterator[str]:
    width = 352 if inward else 288
    for number, (title, what) in enumerate(steps):
        y = 20 + STEP * number
        style = ACCENT if "subject" in title else NIGHT if number == 0 else PLAIN
        yield box(x, y, width, TALL, title, (what,), style)
        if number:
            above, below, middle = y - STEP + TALL, y, x + width / 2
            ends = (above, below - 2) if inward else (below, above + 2)
            yield arrow(f"M{middle:g} {ends[0]:g}V{ends[1]:g}")


def _completion() -> Iterator[str]:
    x = 748
    yield box(x, 20, 268, 262, "The record is completed, once", RECORD, NIGHT)
    for number, (name, what) in enumerate(PHASES):
        y = 126 + 25 * number
        yield text(x + 12, y, name, fill="#ffcf6b", font_family=MONO)
        yield text(x + 122, y, what, fill=NIGHT.text)
    yield arrow("M882 282V310")
    yield rectangle(x, 312, 268, 286, PANEL)
    yield text(x + 12, 337, "Sinks, each behind guard", size=13, font_weight="600", fill=INK)
    for number, (name, what) in enumerate(SINKS):
        yield box(x + 12, 352 + 60 * number, 244, 52, name, (what,))


SPAN_STEPS: Final = (
    ("A span ends", "server (wsgi), client (mongo, http_client), or the service's"),
    ("tracing: span_queue", "8,192 spans at most; refuses the newest: queue_full"),
    ("tracing: encoding", "slices of 16 spans, 1 ms between them: encode_error"),
    ("tracing: exporter", "OTLP over HTTP, retries: rejected, failed, shutdown"),
)
METRIC_STEPS: Final = (
    ("A record is completed, an event is counted", "an exemplar names the trace if it is kept"),
    ("metrics", "one registry a worker; typed metrics, bounded labels"),
    ("exposition", "OpenMetrics text, in slices, on a native thread"),
    ("management", "port 9464 + slot; serves while the hub is blocked"),
)

BACKEND_COLUMNS: Final = (
    (40, "traces", "otlp, memory_limiter, batch", "Tempo", "the trace, by the request id"),
    (367, "logs", "file_log, a queue on disk", "Loki", "lines with trace_id and span_id"),
    (694, "metrics", "prometheus, batch, remote write", "Prometheus", "exemplars name a trace_id"),
)


def signals() -> Iterator[str]:
    """The way of a span, of a log line and of a metric."""
    yield rectangle(24, 20, 992, 324, PANEL)
    yield text(40, 44, "A worker of the service", size=15, font_weight="700", fill=INK)
    yield text(1000, 44, "every lost span has a counted reason", fill=GREY, text_anchor="end")
    for x, steps in ((40, SPAN_STEPS), (528, METRIC_STEPS)):
        for number, (title, what) in enumerate(steps):
            y = 56 + STEP * number
            yield box(x, y, 472, TALL, title, (what,))
            if number:
                yield arrow(f"M{x + 236} {y - STEP + TALL}V{y - 2}")
    yield text(520, 330, "One JSON log line a request, same ids", fill=GREY, text_anchor="middle")
    yield arrow("M276 304V390")
    yield arrow("M520 338V390")
    yield arrow("M764 304V390")
    yield text(290, 366, "OTLP/HTTP, port 4318", fill=GREY)
    yield text(534, 366, "a file", fill=GREY)
    yield text(778, 366, "scraped every 5 s", fill=GREY)
    yield from _backends()


def _backends() -> Iterator[str]:
    yield rectangle(24, 392, 992, 100, PANEL)
    yield text(40, 416, "OpenTelemetry Collector", size=15, font_weight="700", fill=INK)
    yield text(1000, 416, "otel-collector.yaml", fill=GREY, text_anchor="end")
    for x, above, what_above, below, what_below in BACKEND_COLUMNS:
        yield box(x, 428, 306, TALL, above, (what_above,))
        yield arrow(f"M{x + 153} 478V522")
        yield box(x, 524, 306, TALL, below, (what_below,), ACCENT)
        yield arrow(f"M{x + 153} 574V606")
    # An exemplar opens the lines and the trace; a line and a trace open each other.
    for x in (347, 674):
        yield arrow(f"M{x + 19} 549H{x + 1}")
    what = "dashboards/: queries (PromQL from names) and boards make the committed JSON"
    yield box(40, 608, 960, TALL, "A board in Grafana", (what,), NIGHT)


PICTURES: Final = {
    "rooms.svg": picture(
        "Rooms and floors",
        "The folders of the service and of the telemetry layer; a folder imports only from below.",
        774,
        rooms(),
    ),
    "request.svg": picture(
        "A request's way through the rooms",
        "Steps of a request down to the database, of its response back, and its record's sinks.",
        620,
        request(),
    ),
    "signals.svg": picture(
        "A span's, a line's and a metric's way to a board",
        "From a worker through the Collector to Tempo, Loki and Prometheus, and to a board.",
        678,
        signals(),
    ),
}


def write(folder: Path) -> None:
    """Write every picture into a folder."""
    for name, svg in PICTURES.items():
        (folder / name).write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
