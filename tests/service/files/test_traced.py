"""No name and no content of a file in any log line, span or metric; and an upload's trace is bounded."""

from collections import Counter

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import generate_latest

from service.app import create_app
from service.store import connect
from service.store.upload import CHUNK_BYTES
from telemetry import Telemetry
from tests.service.accounts import member
from tests.service.conftest import ClosingClient
from tests.service.files.calls import FILES, upload
from tests.service.files.samples import EXE

CANARY = "canary-diagnosis"


@pytest.fixture
def telemetry():
    """Telemetry that keeps every trace."""
    telemetry = Telemetry.from_env({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
    yield telemetry
    telemetry.shutdown()


@pytest.fixture
def spans(telemetry):
    exporter = InMemorySpanExporter()
    telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


@pytest.fixture
def client(config, telemetry):
    """A client of the app on a database that is watched as in production."""
    store = connect(config, telemetry.mongo_listeners())
    store.set_up()
    telemetry.lifecycle.ready()
    telemetry.logs.install()
    app = create_app(config, telemetry, store)
    app.test_client_class = ClosingClient
    yield app.test_client()
    telemetry.logs.uninstall()
    store.client.drop_database(store.database.name)
    store.close()


def use_every_route(client, ada):
    """Calls that go well and that do not; returns their statuses."""
    kept = upload(ada, f"{CANARY} and more".encode(), f"{CANARY}.txt")
    body = kept.get_json()
    part = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{CANARY}"\r\n\r\n{CANARY}\r\n--x--\r\n'
    responses = [
        kept,
        upload(ada, part.encode(), content_type="multipart/form-data; boundary=x"),
        upload(ada, part[:-9].encode(), content_type="multipart/form-data; boundary=x"),
        upload(ada, EXE + CANARY.encode(), f"{CANARY}.exe"),
        upload(ada, b"", f"{CANARY}.txt"),
    ]
    for method, url in (("GET", FILES), ("GET", body["url"]), ("GET", body["content_url"]), ("DELETE", body["url"]), ("GET", body["url"])):
        responses.append(client.open(url, method=method, headers=ada.headers))
    return [response.status_code for response in responses]


def test_no_name_and_no_content_is_in_a_log_a_span_or_a_metric(client, ada, telemetry, spans, capfd):
    assert use_every_route(client, ada) == [201, 201, 400, 415, 422, 200, 200, 200, 204, 404]
    logged = "".join(capfd.readouterr())
    traced = "".join(span.to_json() for span in spans.get_finished_spans())
    measured = generate_latest(telemetry.registry).decode()
    assert logged.count('"route":"/api/v1/files"') == 6
    assert 'db.collection.name": "uploads.chunks"' in traced
    assert 'serene_file_uploads_total{result="stored"} 2.0' in measured
    assert [sink for sink, text in {"logs": logged, "spans": traced, "metrics": measured}.items() if "canary" in text.lower()] == []


def test_an_upload_is_one_trace_of_a_span_for_each_megabyte_and_few_more(client, spans):
    ada = member(client, email="grace@serene-mail.com")
    spans.clear()
    response = upload(ada, b"x" * 5 * CHUNK_BYTES)
    found = spans.get_finished_spans()
    server = next(span for span in found if span.name == "POST /api/v1/files")
    assert response.status_code == 201
    assert Counter(span.name for span in found if span is not server) == {
        "insert uploads.chunks": 5,
        "insert uploads.files": 1,
        "insert uploads.reservations": 1,
        "find uploads.reservations": 2,
        "find uploads.files": 1,
        "delete uploads.reservations": 1,
    }
    assert {span.parent.span_id for span in found if span is not server} == {server.context.span_id}
