"""Which part of a request's work a stack belongs to."""

import re
from collections.abc import Sequence
from typing import Final

OTHER: Final = "other"
EXPORT: Final = "export"
ENCODE: Final = "encode"

# Function and file, as py-spy names them; the innermost frame that matches one decides, and what
# matches none belongs to its caller. Files that a pattern does not find do no harm.
_RULES: Final = (
    ("receive", r"recv\S* \(gevent/|(recv|_receive|_wait_to_receive|left_\w+) \(telemetry/server/"),
    ("send", r"send\S* \(gevent/|(send|sendall|_send_\w+) \(telemetry/server/"),
    (
        "parser",
        r"\(gunicorn/http/(message|parser|unreader|body)"
        r"|\(telemetry/(http1/|gunicorn/(request|parser|unreader))",
    ),
    ("environ", r"(environ|create|proxy\S*|WSGIErr\S*) \(gunicorn/http/wsgi|/gunicorn/environ"),
    ("response", r"\(gunicorn/(http/wsgi|util)|\(telemetry/gunicorn/(exchange|response)"),
    ("server loop", r"\((gevent|gunicorn/workers|gunicorn/config|telemetry/(gunicorn|server))/"),
    ("Flask itself", r"\((flask|werkzeug|blinker|jinja2|itsdangerous|markupsafe)/|\(bench/apps/"),
    ("headers", r"(\bheaders|started|_times) \(telemetry/wsgi"),
    ("exchange", r"\(telemetry/(wsgi|exchange)\."),
    ("route", r"\(telemetry/(flask|tracing/instrumented_flask)\."),
    ("origin", r"\(telemetry/requests/(forwarded|addresses)"),
    ("redaction", r"\(telemetry/redaction"),
    ("phases", r"\(telemetry/phases/"),
    ("metrics", r"RequestMetrics|\(telemetry/(metrics|requests/slow)\.|\(prometheus_client/"),
    ("recorder, guards", r"Recorder|account_phases|\(telemetry/guard"),
    ("record and ids", r"\(telemetry/(requests/|tracing/ids)"),
    ("keeping", r"\(telemetry/tracing/(keeping|decision|fair|probab|token|sampling)"),
    ("context", r"\((opentelemetry/(context|propag|baggage)|telemetry/propagation)"),
    (
        ENCODE,
        r"\((telemetry/tracing/(\w*encod|wire|values|batch)|opentelemetry/(exporter|proto)|google/)",
    ),
    (EXPORT, r"\(telemetry/tracing/(exporter|otlp_http|export_state|span_queue|pipeline|outlet)"),
    ("span", r"\((telemetry/tracing/|opentelemetry/)"),
    ("log line", r"\(telemetry/logs/"),
    ("hub watch", r"\(telemetry/(hub|greenlets)"),
    ("background", r"\(telemetry/(process|health|management|native|runtime)"),
)
_PATTERNS: Final = tuple((name, re.compile(pattern)) for name, pattern in _RULES)

# By the outermost frame: a greenlet or thread that serves no request.
_BEHIND: Final = (
    (EXPORT, re.compile(r"\(telemetry/tracing/(exporter|otlp_http)")),
    ("log thread", re.compile(r"LogWriter|\(telemetry/logs/writer")),
    ("hub watch", re.compile(r"\(telemetry/hub/")),
    ("background", re.compile(r"\(telemetry/(management|process|health)/?|_sample_forever")),
)

PARTS: Final = tuple(dict.fromkeys([name for name, _ in (*_RULES, *_BEHIND)] + [OTHER]))
"""All names, in the order of tables."""


def part_of(frames: Sequence[str]) -> str:
    """Return the part that a stack belongs to.

    Args:
        frames: ``function (file:line)``, the outermost first.
    """
    inner = next(filter(None, map(_part_of_frame, reversed(frames))), OTHER)
    for frame in frames[:3]:
        for name, pattern in _BEHIND:
            if pattern.search(frame):
                return inner if inner == ENCODE else name
    return inner


def _part_of_frame(frame: str) -> str:
    return next((name for name, pattern in _PATTERNS if pattern.search(frame)), "")
