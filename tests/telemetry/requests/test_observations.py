"""A service's own histogram names only traces that are kept, as that of the requests does."""

import pytest
from flask import Flask

from telemetry import Telemetry, TelemetryConfig, histogram

TURN = histogram("shop_turn_seconds", "Time of a turn.", (0.1, 1.0), "result")


def served(**settings):
    """An app that observes a turn in its view, and its telemetry."""
    config = TelemetryConfig(strict=True, otlp_endpoint="http://127.0.0.1:1", **settings)
    telemetry, app = Telemetry(config), Flask("shop")
    turns = telemetry.metrics.histograms(TURN)

    @app.get("/turn")
    def turn():
        before = counted(telemetry)
        telemetry.observe(turns["ok",], 0.3)
        assert counted(telemetry) == before, "observed before the decision"
        return "done"

    @app.get("/failing")
    def failing():
        telemetry.observe(turns["ok",], 0.3)
        raise LookupError

    telemetry.init_app(app)
    return telemetry, app.test_client()


def counted(telemetry):
    return telemetry.registry.get_sample_value("shop_turn_seconds_count", {"result": "ok"}) or None


def exemplars(telemetry):
    return [
        sample.exemplar.labels["trace_id"]
        for family in telemetry.registry.collect()
        if family.name == "shop_turn_seconds"
        for sample in family.samples
        if sample.exemplar
    ]


def trace_id(response):
    return response.headers["X-Request-ID"].replace("-", "")


@pytest.mark.parametrize(
    ("path", "settings", "named"),
    [
        ("/turn", {}, True),
        ("/turn", {"sample_ratio": 0}, False),
        ("/failing", {"sample_ratio": 0}, True),
        ("/failing", {"sample_ratio": 0, "keep_failed_and_slow": False}, False),
        ("/failing", {"sample_ratio": 0, "kept_spans_per_second": 0}, False),
        ("/turn", {"traces_exporter": "none"}, False),
    ],
)
def test_exemplar_names_the_trace_if_that_is_kept(path, settings, named):
    telemetry, client = served(**settings)
    response = client.get(path, buffered=True)
    assert counted(telemetry) == 1
    assert exemplars(telemetry) == ([trace_id(response)] if named else [])


def test_trace_that_the_full_queue_refuses_is_not_named():
    telemetry, client = served(queue_spans=1)
    first = client.get("/turn", buffered=True)
    client.get("/failing", buffered=True)
    assert (counted(telemetry), exemplars(telemetry)) == (2, [trace_id(first)])


def test_value_outside_of_a_request_is_observed_at_once():
    telemetry, _ = served()
    telemetry.observe(telemetry.metrics.histograms(TURN)["ok",], 0.3)
    assert (counted(telemetry), exemplars(telemetry)) == (1, [])


def test_requests_that_end_keep_nothing():
    telemetry, client = served()
    left = []
    telemetry.recorder.add_record_sink("test", lambda record: left.append(record.observed))
    for _ in range(3):
        client.get("/turn", buffered=True)
    assert (counted(telemetry), left) == (3, [None] * 3)
