"""Telemetry of a message: spans, phases, metrics; never the conversation's text."""

import gevent
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import generate_latest

from service.settings import telemetry_config
from telemetry import Telemetry
from telemetry.requests import inheritance
from tests.support.polling import wait_until

CALL = "chat serene-companion"
CANARY = "canary-tweet"


@pytest.fixture
def telemetry():
    """Telemetry that samples every trace."""
    telemetry = Telemetry(
        telemetry_config({"DEPLOYMENT_ENVIRONMENT": "test", "TELEMETRY_STRICT": "true"})
    )
    inheritance.install()
    telemetry.logs.install()
    yield telemetry
    telemetry.logs.uninstall()
    inheritance.uninstall()
    telemetry.shutdown()


@pytest.fixture
def records(telemetry):
    found = []
    telemetry.recorder.add_sink("test", found.append)
    return found


@pytest.fixture
def spans(telemetry):
    exporter = InMemorySpanExporter()
    telemetry.tracing.provider.add_span_processor(SimpleSpanProcessor(exporter))
    return exporter


def calls(spans) -> list:
    return [
        span
        for span in spans.get_finished_spans()
        if span.kind is SpanKind.CLIENT and span.name.startswith("chat")
    ]


def server_span(spans):
    (found,) = [span for span in spans.get_finished_spans() if span.kind is SpanKind.SERVER]
    return found


def attributes(model, **more) -> dict:
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "serene-companion",
        "server.address": "127.0.0.1",
        "server.port": model.port,
        **more,
    }


@pytest.mark.parametrize("kind", ["send", "stream"])
def test_call_is_a_client_span_until_the_end_of_the_stream(companion, model, spans, records, kind):
    model.behave(tokens_per_second=100)
    getattr(companion, kind)("one two three")
    (call,) = calls(spans)
    server = server_span(spans)

    assert (call.name, call.parent.span_id, call.context.trace_id) == (
        CALL,
        server.context.span_id,
        server.context.trace_id,
    )
    assert call.status.status_code is StatusCode.UNSET
    used = {
        name: call.attributes[f"gen_ai.usage.{name}"] for name in ("input_tokens", "output_tokens")
    }
    assert dict(call.attributes) == attributes(
        model, **{f"gen_ai.usage.{name}": count for name, count in used.items()}
    )
    assert used["input_tokens"] > 3
    # Three words of the member and twenty of the model, at a hundred per second.
    took_seconds = (call.end_time - call.start_time) / 1e9
    assert took_seconds > used["output_tokens"] / 100 > 0.1
    assert records[-1].phase_seconds["external"] == pytest.approx(took_seconds, abs=0.005)
    assert [
        span.name for span in spans.get_finished_spans() if span.parent == call.get_span_context()
    ] == []


@pytest.mark.parametrize(
    ("behaviour", "more"),
    [
        ({"status": 401}, {"error.type": "ModelFailed", "http.response.status_code": 401}),
        ({"status": 429}, {"error.type": "ModelLimited", "http.response.status_code": 429}),
        ({"fault": "hang"}, {"error.type": "ModelTimedOut"}),
        ({"fault": "cut", "fault_after_tokens": 2}, {"error.type": "ModelFailed"}),
        ({"fault": "garbage", "fault_after_tokens": 2}, {"error.type": "ModelFailed"}),
    ],
    ids=str,
)
def test_span_of_a_failed_call_records_the_failure(
    companion_with, model, spans, records, behaviour, more
):
    companion = companion_with(COMPANION_FIRST_BYTE_TIMEOUT_SECONDS="0.5")
    model.behave(**behaviour)
    companion.send()
    (call,) = calls(spans)
    assert (dict(call.attributes), call.status.status_code, call.events) == (
        attributes(model, **more),
        StatusCode.ERROR,
        (),
    )
    assert (server_span(spans).attributes["error.type"], records[-1].error_type) == (
        more["error.type"],
    ) * 2


def test_each_attempt_is_a_span(companion_with, model, spans):
    model.behave(status=500)
    companion_with(COMPANION_RETRIES="2").send()
    expected = attributes(model, **{"error.type": "ModelFailed", "http.response.status_code": 500})
    assert [dict(call.attributes) for call in calls(spans)] == [expected] * 3


def test_client_disconnect_ends_the_span(companion, model, spans, records):
    model.behave(fault="hang", fault_after_tokens=2)
    leaving = gevent.spawn(companion.stream)
    wait_until(
        lambda: model.active_calls() == 1 and companion.active_calls() == 1, what="the call runs"
    )
    leaving.kill()
    (call,) = calls(spans)
    assert (call.attributes["error.type"], call.parent.span_id) == (
        "GreenletExit",
        server_span(spans).context.span_id,
    )
    assert (records[-1].outcome, records[-1].phase_seconds["external"] > 0) == ("killed", True)


GEN_AI = {
    "gen_ai_operation_name": "chat",
    "gen_ai_provider_name": "openai",
    "gen_ai_request_model": "serene-companion",
}


def gen_ai_samples(telemetry, name) -> list[tuple[dict, float]]:
    """Labels and value of each sample of a GenAI metric, without the labels that all have."""
    found = [
        ({key: value for key, value in one.labels.items() if key not in GEN_AI}, one.value)
        for family in telemetry.registry.collect()
        for one in family.samples
        if one.name == name and one.labels.items() >= GEN_AI.items()
    ]
    return sorted(found, key=str)


def test_call_is_measured_as_the_conventions_name_it(companion, model, spans, telemetry):
    model.behave(first_byte_seconds=0.1, tokens_per_second=100)
    companion.stream("one two three")
    (call,) = calls(spans)
    duration = gen_ai_samples(telemetry, "gen_ai_client_operation_duration_seconds_sum")
    first = gen_ai_samples(telemetry, "gen_ai_client_operation_time_to_first_chunk_seconds_sum")
    assert gen_ai_samples(telemetry, "gen_ai_client_operation_duration_seconds_count") == [
        ({"error_type": ""}, 1)
    ]
    took_seconds = (call.end_time - call.start_time) / 1e9
    assert duration == [({"error_type": ""}, pytest.approx(took_seconds, abs=0.05))]
    assert 0.1 <= first[0][1] < duration[0][1] - 0.1
    assert gen_ai_samples(telemetry, "gen_ai_client_token_usage_sum") == [
        ({"gen_ai_token_type": kind}, call.attributes[f"gen_ai.usage.{kind}_tokens"])
        for kind in ("input", "output")
    ]


@pytest.mark.parametrize(
    ("behaviour", "error_type", "first_chunks"),
    [
        ({"status": 429}, "ModelLimited", []),
        ({"fault": "cut", "fault_after_tokens": 2}, "ModelFailed", [({}, 1)]),
    ],
    ids=str,
)
def test_failed_call_is_measured_with_its_error(
    companion, model, telemetry, behaviour, error_type, first_chunks
):
    model.behave(**behaviour)
    companion.send()
    assert gen_ai_samples(telemetry, "gen_ai_client_operation_duration_seconds_count") == [
        ({"error_type": error_type}, 1)
    ]
    count = "gen_ai_client_operation_time_to_first_chunk_seconds_count"
    assert gen_ai_samples(telemetry, count) == first_chunks
    assert gen_ai_samples(telemetry, "gen_ai_client_token_usage_count") == []


def test_each_attempt_is_measured(companion_with, model, telemetry):
    model.behave(status=500)
    companion_with(COMPANION_RETRIES="2").send()
    assert gen_ai_samples(telemetry, "gen_ai_client_operation_duration_seconds_count") == [
        ({"error_type": "ModelFailed"}, 3)
    ]


def test_metric_has_an_exemplar_with_the_trace_id(companion, telemetry):
    response = companion.send()
    samples = [
        one
        for family in telemetry.registry.collect()
        for one in family.samples
        if one.name == "serene_companion_seconds_bucket"
    ]
    (exemplar,) = [one.exemplar for one in samples if one.exemplar]
    assert exemplar.labels == {"trace_id": response.headers["X-Request-ID"].replace("-", "")}


def test_message_text_is_in_no_log_span_or_metric(companion_with, model, telemetry, spans, capfd):
    companion = companion_with(
        COMPANION_API_KEY="canary-key",
        COMPANION_FIRST_BYTE_TIMEOUT_SECONDS="0.5",
        COMPANION_CIRCUIT_FAILURES="3",
    )
    conversation = companion.send(CANARY).get_json()["conversation_id"]
    companion.stream(f"{CANARY}, I want to die")
    companion.get(f"/api/v1/companion/conversations/{conversation}")
    companion.send(f"{CANARY} \0")
    for behaviour in (
        {"status": 400},
        {"status": 500},
        {"fault": "garbage"},
        {"fault": "cut", "fault_after_tokens": 12},
        {"fault": "hang"},
    ):
        model.reset()
        model.behave(**behaviour)
        companion.send(CANARY)
        companion.send(CANARY, stream=True)

    logged = "".join(capfd.readouterr())
    traced = "".join(span.to_json() for span in spans.get_finished_spans())
    measured = generate_latest(telemetry.registry).decode()
    assert logged.count('"logger":"access"') == 14
    assert "circuit of the companion: open" in logged
    assert (
        CALL in traced,
        "conversation_messages" in traced,
        'serene_companion_seconds_count{result="crisis"} 1.0' in measured,
    ) == (True,) * 3
    sinks = {"logs": logged, "spans": traced, "metrics": measured}
    assert [
        name for name, text in sinks.items() if "canary" in text.casefold() or "want to die" in text
    ] == []
