"""What the viewer's server forwards: reads alone."""

import pytest

from stack.viewer.allowed import methods

READ = {"GET"}
QUERY = {"GET", "POST"}


@pytest.mark.parametrize(
    ("backend", "path", "expected"),
    [
        ("prom", "/api/v1/query_range", QUERY),
        ("prom", "/api/v1/label/service_name/values", READ),
        ("prom", "/api/v1/alerts", READ),
        ("tempo", "/api/traces/0af7651916cd43dd8448eb211c80319c", READ),
        ("tempo", "/api/search", READ),
        ("loki", "/loki/api/v1/query_range", QUERY),
        ("alertmanager", "/api/v2/alerts", READ),
        ("management", "/debug/requests/0af76519-16cd-43dd-8448-eb211c80319c", READ),
        ("management", "/debug/profile", READ),
    ],
)
def test_reads_are_allowed(backend, path, expected):
    assert methods(backend, path) == expected


@pytest.mark.parametrize(
    ("backend", "path"),
    [
        ("prom", "/api/v1/admin/tsdb/delete_series"),
        ("prom", "/-/reload"),
        ("prom", "/api/v1/write"),
        ("prom", "/api/v1/query/../write"),
        ("tempo", "/shutdown"),
        ("tempo", "/flush"),
        ("loki", "/loki/api/v1/push"),
        ("loki", "/loki/api/v1/delete"),
        ("alertmanager", "/-/reload"),
        ("alertmanager", "/api/v2/silence/1"),
        ("management", "/metrics"),
        ("management", "/debug/faults"),
        ("management", "/debug/requests/.."),
        ("another", "/api/v1/query"),
    ],
)
def test_everything_else_is_refused(backend, path):
    assert methods(backend, path) == frozenset()
