"""Processors and exporters of the SDK that a user adds get the SDK's spans, of kept traces only."""

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, StatusCode

from tests.telemetry.tracing.deciding import FAILED, NOT_KEPT, Decides
from tests.telemetry.tracing.processes import run
from tests.telemetry.tracing.served import attributes_of


class Recording(SpanProcessor):
    """Adds an attribute at the start; records what it is given."""

    def __init__(self):
        self.calls = []
        self.ended = []

    def on_start(self, span, parent_context=None):
        span.set_attribute("from.processor", span.name)
        self.calls.append(("start", span.name, parent_context))

    def on_end(self, span):
        self.calls.append(("end", span.name))
        self.ended.append(span)

    def force_flush(self, timeout_millis=30000):
        self.calls.append(("flush", timeout_millis))
        return False

    def shutdown(self):
        self.calls.append(("shutdown",))


def test_kept_spans_arrive_when_the_trace_is_decided(deciding, serve):
    tracing, processor = deciding(Decides(verdict=FAILED)), Recording()
    tracing.provider.add_span_processor(processor)

    def work():
        tracing.tracer.start_span("child").end()
        assert processor.calls == [("start", "GET", None), ("start", "child", None)]

    record = serve(tracing, work)
    child, server = processor.ended
    assert [call for call in processor.calls if call[0] == "end"] == [
        ("end", "child"),
        ("end", "GET /posts"),
    ]
    assert type(child) is type(server) is ReadableSpan
    assert dict(server.attributes) == {**attributes_of(record), "from.processor": "GET"}
    assert server.context.trace_flags.sampled
    assert dict(child.resource.attributes) == dict(tracing.provider.resource.attributes)


def test_spans_that_are_not_kept_do_not_arrive(deciding, serve):
    tracing, processor = deciding(Decides(verdict=NOT_KEPT)), Recording()
    tracing.provider.add_span_processor(processor)
    serve(tracing, lambda: None)
    assert processor.ended == []


def test_exporters_of_the_sdk_read_everything(tracing_of):
    tracing = tracing_of(span_attributes=1, span_events=1, span_links=1, traces_exporter="none")
    exporter = InMemorySpanExporter()
    tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = tracing.provider.get_tracer("lib", "1.0", "https://example.org/schema", {"a": 1})
    link = Link(SpanContext(1, 2, is_remote=True), {"why": "retry"})
    with tracer.start_as_current_span("a", attributes={"x": 1, "y": 2}, links=[link] * 2) as span:
        span.add_event("first")
        span.add_event("second", {"n": 1}, 5)
        span.set_status(StatusCode.ERROR, "broke")
    [one] = exporter.get_finished_spans()
    scope = one.instrumentation_scope
    assert (scope.name, scope.version, scope.schema_url, dict(scope.attributes)) == (
        "lib",
        "1.0",
        "https://example.org/schema",
        {"a": 1},
    )
    assert (dict(one.attributes), one.dropped_attributes) == ({"y": 2}, 1)
    assert ([event.name for event in one.events], one.dropped_events) == (["second"], 1)
    assert (len(one.links), one.links[0].context, one.dropped_links) == (1, link.context, 1)
    assert (one.status.status_code, one.status.description) == (StatusCode.ERROR, "broke")
    assert '"name": "a"' in one.to_json()


def test_flush_and_shutdown_reach_the_processors(tracing_of):
    tracing, processor = tracing_of(traces_exporter="none"), Recording()
    tracing.provider.add_span_processor(processor)
    assert not tracing.provider.force_flush(500)
    tracing.provider.shutdown()
    assert processor.calls == [("flush", 500), ("shutdown",)]


def test_processor_that_fails_breaks_neither_the_host_nor_the_export(
    deciding, lenient_guard, swallowed
):
    class Broken(SpanProcessor):
        def on_start(self, span, parent_context=None):
            raise ValueError

        def on_end(self, span):
            raise ValueError

    tracing = deciding(Decides(head=True), guard=lenient_guard)
    tracing.provider.add_span_processor(Broken())
    tracing.tracer.start_span("a").end()
    assert (len(tracing.queue), swallowed) == (1, ["tracing.processor"] * 2)


def test_nothing_of_the_sdk_is_loaded_before_a_processor_is_added():
    lines = run(
        """
        import sys
        from importlib.abc import MetaPathFinder
        OPTIONAL = ("opentelemetry.sdk", "opentelemetry.proto", "opentelemetry.exporter",
                    "google.protobuf")

        class Missing(MetaPathFinder):
            def find_spec(self, name, path, target=None):
                if name in OPTIONAL:
                    raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        sys.meta_path.insert(0, Missing())
        from telemetry import Telemetry
        from flask import Flask
        app, telemetry = Flask("plain"), Telemetry.from_env({"OTEL_TRACES_EXPORTER": "otlp"})
        telemetry.init_app(app)
        app.add_url_rule("/", view_func=lambda: "served")
        telemetry.lifecycle.ready()
        print(app.test_client().get("/").text, len(telemetry.tracing.queue))
        try:
            telemetry.tracing.provider.add_span_processor(None)
        except ImportError as error:
            print(error)
        """,
        preamble="",
    )
    assert [line for line in lines if not line.startswith("{")] == [
        "served 1",
        "add_span_processor() needs packages that are not installed: "
        'pip install "serene-telemetry[sdk]"',
    ]


@pytest.mark.slow
def test_batch_processor_of_the_sdk_delivers():
    lines = run(
        """
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        tracing, exporter = tracing_of(traces_exporter="none"), InMemorySpanExporter()
        tracing.provider.add_span_processor(BatchSpanProcessor(exporter))
        for _ in range(3):
            tracing.tracer.start_span("a").end()
        print(tracing.provider.force_flush())
        print(len(exporter.get_finished_spans()))
        tracing.provider.shutdown()
        """,
        before="from gevent import monkey; monkey.patch_all()",
    )
    assert lines == ["True", "3"]
