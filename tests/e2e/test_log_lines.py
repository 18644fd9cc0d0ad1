"""A request's lines in Loki: found by its ids, and by the links of trace, line and exemplar."""

import socket
import time

import pytest
import requests

from stack import cli
from tests.e2e.logs import access_line
from tests.e2e.metrics import exemplars
from tests.e2e.polling import poll
from tests.e2e.traces import trace_id_of, wait_for_trace
from tests.support import grafana_links
from tests.support.loki import index_labels, query_lines

pytestmark = pytest.mark.e2e

ROUTE = "/api/v1/blog/posts"


@pytest.fixture(scope="module")
def request_id(stack):
    response = requests.get(f"{stack.url('service')}{ROUTE}", timeout=60)
    assert response.status_code == 200
    return response.headers["X-Request-ID"]


def lines_in_loki(stack, query):
    return poll(lambda: query_lines(stack.url("loki"), query), what=f"lines of {query}")


def test_line_of_a_request_is_found_by_its_trace_with_its_ids(stack, request_id):
    trace_id = trace_id_of(request_id)
    (line,) = lines_in_loki(stack, f'{{service_name="serene"}} | trace_id="{trace_id}"')
    in_file = access_line(stack.log_path("service"), request_id)
    assert line.text in stack.log_path("service").read_text()
    assert line.labels.pop("service_instance_id") in {
        f"{socket.gethostname()}/{slot}" for slot in (0, 1)
    }
    assert line.labels == {
        "service_name": "serene",
        "level": "INFO",
        "deployment_environment_name": "development",
        "http_request_method": "GET",
        "http_response_status_code": "200",
        "http_route": ROUTE,
        "request_id": request_id,
        "scope_name": "access",
        "severity_number": "9",
        "severity_text": "INFO",
        "span_id": in_file["span_id"],
        "trace_id": trace_id,
    }


def test_labels_are_few_and_have_few_values(stack, request_id):
    lines_in_loki(stack, f'{{service_name="serene"}} | request_id="{request_id}"')
    url = stack.url("loki")
    assert index_labels(url) == {"service_name", "service_instance_id", "level"}
    series = requests.get(
        f"{url}/loki/api/v1/series", params={"match[]": '{service_name="serene"}'}, timeout=60
    ).json()["data"]
    # Two workers and lines without one, five levels and lines without one.
    assert len(series) <= 3 * 6


def test_span_and_line_lead_to_each_other(stack, request_id):
    server, *_ = wait_for_trace(stack.url("tempo"), trace_id_of(request_id), spans=2)
    query = grafana_links.lines_of_a_span(server.trace_id, server.resource)
    (line,) = lines_in_loki(stack, query)
    field = grafana_links.field_of_a_line()
    trace_id = field["url"].replace("${__value.raw}", line.labels[field["matcherRegex"]])
    assert wait_for_trace(stack.url("tempo"), trace_id)[0].trace_id == server.trace_id


def test_exemplar_leads_to_the_lines_of_its_trace(stack, request_id):
    def found():
        now = time.time()
        name = "http_server_request_duration_seconds_bucket"
        points = exemplars(stack.url("prometheus"), name, start=now - 300, end=now)
        return [point["labels"]["trace_id"] for point in points]

    trace_id = poll(found, what="an exemplar")[0]
    (query,) = grafana_links.pane_of_an_exemplar(trace_id)["queries"]
    assert trace_id in lines_in_loki(stack, query["expr"])[0].text


def test_trace_command_prints_the_line_that_loki_has(stack, request_id, monkeypatch, capsys):
    trace_id = trace_id_of(request_id)
    wait_for_trace(stack.url("tempo"), trace_id, spans=2)
    (line,) = lines_in_loki(stack, f'{{service_name="serene"}} | trace_id="{trace_id}"')
    monkeypatch.setattr("stack.paths.state_directory", lambda _offset: stack.directory)
    monkeypatch.setattr("stack.log_lines._from_file", lambda *_: ["read from the file"])
    capsys.readouterr()
    assert cli.main(["trace", request_id, "--port-offset", str(stack.offset)]) == 0
    drawn, printed = capsys.readouterr().out.rstrip("\n").split("\n\n")
    assert drawn.startswith(f"GET {ROUTE} ")
    assert printed == line.text
