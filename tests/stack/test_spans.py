"""Tempo's JSON of a trace becomes spans."""

from stack.spans import Span, spans_of


def of_text(**values: str) -> list[dict[str, object]]:
    return [
        {"key": key.replace("_", "."), "value": {"stringValue": value}}
        for key, value in values.items()
    ]


def test_each_span_is_read_once_with_its_resource() -> None:
    root = {
        "spanId": "a",
        "name": "GET /posts",
        "startTimeUnixNano": "1",
        "endTimeUnixNano": "5",
        "attributes": [{"key": "http.response.status_code", "value": {"intValue": "500"}}],
        "status": {"code": "STATUS_CODE_ERROR"},
    }
    child = {
        "spanId": "b",
        "parentSpanId": "a",
        "name": "find",
        "startTimeUnixNano": "2",
        "endTimeUnixNano": "3",
    }
    batch = {
        "resource": {"attributes": of_text(service_name="serene")},
        "scopeSpans": [{"spans": [root, child]}, {"spans": [child]}],
    }
    resource = {"service.name": "serene"}
    assert spans_of({"batches": [batch]}) == [
        Span("a", "", "GET /posts", 1, 5, True, {"http.response.status_code": "500"}, resource),
        Span("b", "a", "find", 2, 3, False, {}, resource),
    ]


def test_trace_that_tempo_does_not_have_has_no_spans() -> None:
    assert spans_of({}) == []
