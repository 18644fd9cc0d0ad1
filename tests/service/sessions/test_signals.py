"""Signals of bookings hold no name, key, payment method or token."""

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from service.settings import telemetry_config
from telemetry import Telemetry
from tests.service.sessions.clinic import Clinic

KEY, METHOD, NAME, BIO = "canary-key", "pm_canary_card", "canary therapist", "canary words"


@pytest.fixture
def telemetry():
    """Telemetry that keeps every trace, unlike that of other tests."""
    telemetry = Telemetry(
        telemetry_config({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
    )
    yield telemetry
    telemetry.shutdown()


@pytest.fixture
def clinic(build_service, telemetry):
    """A clinic that is observed as in production."""
    telemetry.logs.install()
    yield Clinic(build_service)
    telemetry.logs.uninstall()


def test_nothing_personal_is_in_a_log_a_span_or_a_metric(clinic, api, telemetry, capfd):
    exporter = InMemorySpanExporter()
    telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
    clinic.put_therapist(clinic.therapist, name=NAME, bio=BIO)
    session_id = api.booked()
    clinic.provider.lost_responses = 1
    statuses = [api.pay(session_id, KEY, METHOD).status_code for _ in range(3)]
    statuses.append(api.pay(session_id, KEY, "pm_canary_other").status_code)
    statuses.append(api.get(f"/sessions/{session_id}/calendar.ics", clinic.member).status_code)
    statuses.append(api.get(f"/therapists/{clinic.therapist}").status_code)
    statuses.append(api.cancel(session_id, KEY).status_code)
    clinic.recover()
    assert statuses == [503, 200, 200, 422, 200, 200, 200]

    logged = "".join(capfd.readouterr())
    traced = "".join(span.to_json() for span in exporter.get_finished_spans())
    measured = generate_latest(telemetry.registry).decode()
    assert logged.count('"logger":"access"') == len(statuses) + 1
    assert 'db.collection.name": "slot_sales"' in traced
    assert 'serene_bookings_total{result="paid"} 1.0' in measured
    sinks = {"logs": logged, "spans": traced, "metrics": measured}
    assert [
        (sink, secret)
        for sink, text in sinks.items()
        for secret in ("canary", "Bearer")
        if secret in text
    ] == []
