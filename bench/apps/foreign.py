"""The same pages, observed by what others make, each in an environment of its own.

They are installed nowhere else (``bench/requirements-*.txt``), and some patch Flask when they are
imported: so each function imports what it needs.
"""

# ruff: noqa: PLC0415

import os
from typing import Final

from flask import Flask

from bench.apps.pages import create_app

RATIO: Final = "BENCH_RATIO"


def create_usual() -> Flask:
    """Return the app with prometheus-flask-exporter and opentelemetry-instrumentation-flask.

    The SDK reads ``OTEL_*`` of the environment.
    """
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from prometheus_client import CollectorRegistry
    from prometheus_flask_exporter import PrometheusMetrics

    app = create_app()
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    PrometheusMetrics(app, group_by="url_rule", registry=CollectorRegistry())
    FlaskInstrumentor().instrument_app(app)  # type: ignore[no-untyped-call]
    return app


def create_elastic() -> Flask:
    """Return the app with Elastic's agent."""
    from elasticapm.contrib.flask import ElasticAPM

    app = create_app()
    app.config["ELASTIC_APM"] = {
        "SERVICE_NAME": "bench",
        "SERVER_URL": os.environ["BENCH_SINK"],
        "TRANSACTION_SAMPLE_RATE": os.environ.get(RATIO, "1.0"),
        "CENTRAL_CONFIG": False,
        "CLOUD_PROVIDER": "none",
    }
    ElasticAPM(app)
    return app


def create_sentry() -> Flask:
    """Return the app with Sentry's SDK."""
    import sentry_sdk

    sentry_sdk.init(
        dsn=os.environ["BENCH_SINK"].replace("http://", "http://key@"),
        traces_sample_rate=float(os.environ.get(RATIO, "1.0")),
    )
    return create_app()


def create_datadog() -> Flask:
    """Return the app with Datadog's library, which reads ``DD_*`` of the environment."""
    import ddtrace.auto  # noqa: F401

    return create_app()


def create_logfire() -> Flask:
    """Return the app with Pydantic's Logfire, which sends to the OTLP endpoint."""
    import logfire

    logfire.configure(send_to_logfire=False, console=False, service_name="bench")
    app = create_app()
    logfire.instrument_flask(app)
    return app
