"""A registry rendered as a scraper gets it, and the ``Accept`` headers that scrapers send."""

import pytest

from telemetry.exposition import Exposition, choose_format
from telemetry.guard import Guard

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
ACCEPTS = [
    "",
    "text/html",
    OPENMETRICS,
    PROMETHEUS_3,
    "text/plain; version=1.0.0; escaping=allow-utf-8",
] + [
    f"application/openmetrics-text; version=1.0.0; escaping={escaping}"
    for escaping in ("dots", "values", "underscores")
]


def strict_guard():
    """A guard that raises what it would swallow."""
    return Guard(strict=True, on_error=pytest.fail)


def rendered(registry, accept, **options):
    """The whole text of a registry for an ``Accept`` header."""
    return b"".join(Exposition(registry, strict_guard()).render(choose_format(accept), **options))
