"""A foreign app: an instrumentation of others, and spans, events and links made by hand.

Run as a process of its own with the name of a provider, ``ours`` or ``sdk``; it prints what a
receiver of OTLP got of its traces, as JSON. With the URL of another receiver it sends there and
prints the id of its trace.
"""

import json
import sys

from gevent import monkey

monkey.patch_all()

import requests  # noqa: E402
from gevent.pywsgi import WSGIServer  # noqa: E402
from google.protobuf.json_format import MessageToDict  # noqa: E402
from opentelemetry import trace  # noqa: E402
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans  # noqa: E402
from opentelemetry.instrumentation.requests import RequestsInstrumentor  # noqa: E402
from opentelemetry.sdk.trace import TracerProvider  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import (  # noqa: E402
    InMemorySpanExporter,
)
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode  # noqa: E402

from telemetry.config import TelemetryConfig  # noqa: E402
from telemetry.guard import Guard  # noqa: E402
from telemetry.metrics import Metrics  # noqa: E402
from telemetry.tracing import Tracing  # noqa: E402
from tests.telemetry.tracing.collector import Collector, spans_of  # noqa: E402

ORDER = SpanContext(0xABCDEF, 0x123, is_remote=True)


def answer(environ, start_response):
    """A shop that another one calls."""
    status = {"/missing": "404 Not Found", "/broken": "500 Internal Server Error"}
    start_response(status.get(environ["PATH_INFO"], "200 OK"), [("Content-Length", "2")])
    return [b"ok"]


def work(provider, url):
    """What the app does, by the API alone."""
    tracer = provider.get_tracer("shop.checkout", "3.1", attributes={"team": "blue"})
    with tracer.start_as_current_span(
        "checkout",
        kind=SpanKind.CONSUMER,
        attributes={"cart.items": 3, "cart.ids": ["a", "b"], "paid": True, "total": 9.5},
        links=[Link(ORDER, {"why": "retried"})],
    ) as root:
        for path in ("/stock?page=2", "/missing", "/broken"):
            requests.get(url + path, timeout=30)
        try:
            requests.get("http://127.0.0.1:1/", timeout=30)
        except requests.ConnectionError:
            root.add_event("no answer", {"attempt": 1})
        try:
            with tracer.start_as_current_span("charge", kind=SpanKind.PRODUCER) as charge:
                charge.add_event("declined", {"code": 51, "codes": [5, 1], "raw": b"\xff"})
                charge.add_link(trace.get_current_span().get_span_context(), {"self": True})
                raise LookupError("no card")
        except LookupError:
            root.set_status(Status(StatusCode.ERROR, "declined"))
        with tracer.start_as_current_span("mail") as mail:
            mail.update_name("mail customer")
            mail.set_attributes({"nested": {"to": ["x", {"y": None}]}, "empty": ""})
            mail.set_status(StatusCode.OK)
    tracer.start_span("another trace").end()
    return f"{root.get_span_context().trace_id:032x}"


def provider_of(name, endpoint):
    """A provider that sends to the receiver, and what flushes it."""
    if name == "ours":
        config = TelemetryConfig(otlp_endpoint=endpoint, sampler="always_on")
        tracing = Tracing(config, Metrics(), Guard(strict=True, on_error=print))
        return tracing.provider, lambda: tracing.flush(30)
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    def send():
        RequestsInstrumentor().uninstrument()
        body = encode_spans(exporter.get_finished_spans()).SerializeToString()
        headers = {"Content-Type": "application/x-protobuf"}
        url = f"{endpoint}/v1/traces"
        requests.post(url, body, headers=headers, timeout=30).raise_for_status()

    return provider, send


def main(name, endpoint=""):
    """Run the app and print what a receiver got."""
    shop = WSGIServer(("127.0.0.1", 0), answer, log=None, error_log=None)
    shop.start()
    with Collector() as collector:
        provider, flush = provider_of(name, endpoint or collector.endpoint)
        RequestsInstrumentor().instrument(tracer_provider=provider)
        trace_id = work(provider, f"http://127.0.0.1:{shop.server_port}")
        flush()
        found = spans_of(collector.accepted)
    shop.stop()
    print(json.dumps({"port": shop.server_port, "trace": trace_id, "spans": as_json(found)}))


def as_json(found):
    """Spans with their scopes; ids in base64."""
    return [
        MessageToDict(span, preserving_proto_field_name=True)
        | {"scope": MessageToDict(scope, preserving_proto_field_name=True)}
        for _, scope, span in found
    ]


if __name__ == "__main__":
    main(*sys.argv[1:])
