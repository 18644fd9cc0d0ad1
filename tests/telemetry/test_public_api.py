"""The package exports what a second service needs, and its own metrics need nothing else."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

import telemetry
from telemetry import Telemetry, counter, gauge, histogram

ORDERS = counter("shop_orders_total", "Orders, by result.", "result")
STOCK = gauge("shop_stock_items", "Items in stock.")
CHECKOUT = histogram("shop_checkout_seconds", "Time of a checkout.", (0.1, 1.0), "result")


def test_every_public_name_is_the_object_of_its_module():
    assert sorted(telemetry.__all__) == telemetry.__all__
    assert set(telemetry.__all__) == set(telemetry._HOMES)
    for name, home in telemetry._HOMES.items():
        assert getattr(telemetry, name) is getattr(importlib.import_module(home), name)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'telemetry' has no attribute 'unknown'"):
        telemetry.unknown  # noqa: B018 - the access is the test


def test_the_package_loads_neither_flask_nor_pymongo_nor_opentelemetry():
    program = (
        "import sys, telemetry; "
        "print(sorted({'flask', 'pymongo', 'opentelemetry', 'gevent'} & set(sys.modules)))"
    )
    process = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(telemetry.__file__).parents[1],
    )
    assert process.stdout == "[]\n"


def test_a_service_registers_its_own_typed_metrics():
    observed = Telemetry.from_env({"TELEMETRY_STRICT": "true"})
    observed.metrics.counter(ORDERS).labels("paid").inc()
    observed.metrics.counters(ORDERS)["paid",].inc()
    observed.metrics.gauge(STOCK).set(3)
    observed.metrics.histogram(CHECKOUT).labels("paid").observe(0.5)
    read = observed.registry.get_sample_value
    assert (
        read("shop_orders_total", {"result": "paid"}),
        read("shop_stock_items"),
        read("shop_checkout_seconds_bucket", {"result": "paid", "le": "1.0"}),
        read("shop_checkout_seconds_bucket", {"result": "paid", "le": "0.1"}),
    ) == (2.0, 3.0, 1.0, 0.0)


def test_a_name_cannot_be_registered_with_two_descriptors():
    metrics = Telemetry.from_env({}).metrics
    metrics.counter(ORDERS)
    assert metrics.counter(counter("shop_orders_total", "Orders, by result.", "result"))
    with pytest.raises(ValueError, match="shop_orders_total is registered already"):
        metrics.counter(counter("shop_orders_total", "Orders.", "channel"))


def test_a_service_adds_a_sink_of_completed_requests():
    observed, received = Telemetry.from_env({"TELEMETRY_STRICT": "true"}), []
    observed.recorder.add_sink("orders", received.append)
    app = Flask("shop")
    app.add_url_rule("/orders", view_func=lambda: "none")
    observed.init_app(app)
    app.test_client().get("/orders", buffered=True)
    assert [
        (type(request), request.route, request.status, request.outcome) for request in received
    ] == [(telemetry.CompletedRequest, "/orders", 200, "completed")]


@pytest.mark.parametrize(
    ("server_spans", "opted_in"), [("wsgi", "None"), ("instrumentation-flask", "http,database")]
)
def test_only_the_flask_instrumentation_sets_its_variable_and_only_when_used(
    server_spans, opted_in
):
    program = f"""
import os
from flask import Flask
from telemetry import Telemetry
telemetry = Telemetry.from_env({{"TELEMETRY_SERVER_SPANS": "{server_spans}"}})
telemetry.mongo_listeners()
print(os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN"))
telemetry.init_app(Flask("shop"))
print(os.environ.get("OTEL_SEMCONV_STABILITY_OPT_IN"))
"""
    process = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(telemetry.__file__).parents[1],
        env={},
    )
    assert process.stdout.split() == ["None", opted_in]
