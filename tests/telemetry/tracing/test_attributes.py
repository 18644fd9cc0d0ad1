"""Name, attributes and status of a server span, for each way that a request may go."""

import pytest
from opentelemetry.trace import StatusCode

from telemetry.names import UNMATCHED_ROUTE
from tests.telemetry.tracing.served import ENVIRON, attributes_of, complete


@pytest.mark.parametrize(
    ("fields", "facts", "name", "others", "status"),
    [
        pytest.param(
            {},
            {"route": UNMATCHED_ROUTE, "status": 404},
            "GET",
            {"http.route": None, "http.response.status_code": 404},
            StatusCode.UNSET,
            id="no route",
        ),
        pytest.param(
            {"method": "FOOBAR", "method_label": "_OTHER"},
            {"status": 405},
            "HTTP /posts",
            {
                "http.request.method": "_OTHER",
                "http.request.method_original": "FOOBAR",
                "http.response.status_code": 405,
            },
            StatusCode.UNSET,
            id="unknown method",
        ),
        pytest.param(
            {},
            {"status": 503, "outcome": "rejected"},
            "GET /posts",
            {"http.response.status_code": 503, "error.type": "503"},
            StatusCode.ERROR,
            id="status above 500",
        ),
        pytest.param(
            {},
            {"status": 500, "outcome": "failed", "error_type": "KeyError"},
            "GET /posts",
            {"http.response.status_code": 500, "error.type": "KeyError"},
            StatusCode.ERROR,
            id="exception",
        ),
        pytest.param(
            {},
            {"outcome": "failed", "error_type": "KeyError"},
            "GET /posts",
            {"error.type": "KeyError"},
            StatusCode.ERROR,
            id="exception while streaming",
        ),
        pytest.param(
            {},
            {"outcome": "client_disconnected", "error_type": "BrokenPipeError"},
            "GET /posts",
            {"error.type": "client_disconnected"},
            StatusCode.UNSET,
            id="client left",
        ),
        pytest.param(
            {},
            {
                "status": None,
                "outcome": "killed",
                "error_type": "GreenletExit",
                "response_bytes": 0,
            },
            "GET /posts",
            {
                "http.response.status_code": None,
                "http.response.body.size": 0,
                "error.type": "killed",
            },
            StatusCode.ERROR,
            id="killed",
        ),
        pytest.param(
            {},
            {"outcome": "timeout", "error_type": "Timeout"},
            "GET /posts",
            {"error.type": "timeout"},
            StatusCode.ERROR,
            id="time-out",
        ),
        pytest.param(
            {
                "host": "[2001:db8::1]",
                "scheme": "https",
                "query": "",
                "user_agent": "",
                "client_address": "",
            },
            {},
            "GET /posts",
            {
                "server.address": "2001:db8::1",
                "server.port": 443,
                "url.scheme": "https",
                "url.query": None,
                "user_agent.original": None,
                "client.address": None,
            },
            StatusCode.UNSET,
            id="no port, query or user agent",
        ),
        pytest.param(
            {"host": "x:99999"},
            {},
            "GET /posts",
            {"server.address": "x:99999", "server.port": None},
            StatusCode.UNSET,
            id="port",
        ),
        pytest.param(
            {"host": "[half"},
            {},
            "GET /posts",
            {"server.address": "[half", "server.port": None},
            StatusCode.UNSET,
            id="host",
        ),
        pytest.param(
            {},
            {"dominant_phase": "db"},
            "GET /posts",
            {"request.slow": True, "request.dominant_phase": "db"},
            StatusCode.UNSET,
            id="slow",
        ),
    ],
)
def test_span_describes_how_the_request_ended(
    tracing, server_spans, make_record, spans_in, fields, facts, name, others, status
):
    record = make_record(**fields)
    server_spans.open(record, ENVIRON)
    complete(record, **facts)
    server_spans.close(record)
    (span,) = spans_in(tracing.queue)
    assert (span.name, dict(span.attributes), span.status.status_code) == (
        name,
        attributes_of(record, **others),
        status,
    )
