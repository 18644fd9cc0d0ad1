"""However a request ends, its line, its metric and its span have the status that its client got.

One table of ends, run against both servers; what the client received is the truth.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from signal import SIGTERM

import pytest
from opentelemetry.trace import StatusCode
from prometheus_client.parser import text_string_to_metric_families

from telemetry.names import ABORTED_REQUESTS, REQUEST_DURATION
from tests.support.delivered import decoded
from tests.support.polling import wait_until
from tests.support.processes import get_management, gunicorn, standalone
from tests.support.scenarios import scenarios
from tests.telemetry.server.slow_clients import STATUS, abort, connect, read_to_end
from tests.telemetry.tracing.collector import Collector

pytestmark = pytest.mark.e2e

SERVERS = {
    "gunicorn": lambda **environ: gunicorn(
        app="tests.telemetry.server.apps.endings:app", **environ
    ),
    "standalone": lambda **environ: standalone(
        "tests.telemetry.server.apps.endings_standalone", **environ
    ),
}
HOW = {
    "error": "failed",
    "system": "failed",
    "unforeseen": "killed",
    "killed": "killed",
    "timeout": "timeout",
}
# Where an end leaves nothing of the app's response, the server sends its own.
EARLY = ("/view", "/stream", "/below/begun", "/below/first")
LATE = ("/later", "/below/written", "/below/later")
ENDS = {
    **{f"{where}/{how}": (500, HOW[how]) for where in EARLY for how in HOW},
    **{f"{where}/{how}": (200, HOW[how]) for where in LATE for how in HOW},
    "/below/nothing/nothing": (500, "failed"),
    "/below/again/error": (502, "completed"),
    "/below/close/close": (200, "failed"),
    **{f"/nested/{how}": (200, "completed") for how in HOW},
    "/who": (200, "completed"),
    "/nowhere": (404, "completed"),
}
# gunicorn sends the head with an empty first part, gevent with one that is not.
EMPTY = {"gunicorn": 200, "standalone": 500}


def status_of(received):
    """Status of the first response; ``None`` without one."""
    return int(found[1]) if (found := STATUS.match(received)) else None


def ask(port, path):
    """Return the status that a client gets."""
    with connect(port) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return status_of(read_to_end(client))


def samples(text, name):
    """Labels and value of the samples of that name."""
    return [
        (sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    ]


def facts_of(server, collector):
    """Lines and spans of the requests by path, each once; those made within others are not."""
    lines = {line["path"]: line for line in server.logged("request") if line["path"] != "/who"}
    by_id = {
        span.attributes["request.id"]: span
        for body in collector.accepted
        for span in decoded(body)
        if "request.id" in span.attributes
    }
    return {path: (line, by_id[line["request_id"]]) for path, line in lines.items()}


def ended(how):
    """Every end, one after the other."""
    ends = ENDS | {f"/below/empty/{end}": (EMPTY[how], HOW[end]) for end in HOW}
    with (
        Collector() as collector,
        SERVERS[how](OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint) as server,
    ):
        port = server.wait_until_ready()["port"]
        got = {path: ask(server.port, path) for path in ends}
        wait_until(
            lambda: get_management(port, "/debug/requests").json["inFlight"] == 0,
            what="the end of every request",
        )
        metrics = get_management(port, "/metrics").body.decode()
        server.signal(SIGTERM)
        server.exit_code()
        return {
            "ends": ends,
            "got": got,
            "metrics": metrics,
            "facts": facts_of(server, collector),
            "lines": server.logged("request"),
            "errors": [line for line in server.lines if "telemetry" in line.get("where", "")],
        }


CASES = [(ended, how) for how in SERVERS]


@scenarios(*CASES)
def test_client_gets_what_is_expected(outcome):
    assert outcome["got"] == {path: status for path, (status, _) in outcome["ends"].items()}


@scenarios(*CASES)
def test_line_has_the_status_of_the_client_and_how_it_ended(outcome):
    found = {
        path: (line["status"], line["outcome"]) for path, (line, _) in outcome["facts"].items()
    }
    expected = {path: end for path, end in outcome["ends"].items() if path in found}
    assert found == expected
    assert set(outcome["ends"]) - set(found) == {"/who"}


@scenarios(*CASES)
def test_failures_are_error_lines_and_others_are_not(outcome):
    wrong = {
        path: line["level"]
        for path, (line, _) in outcome["facts"].items()
        if (line["level"] == "ERROR")
        != (line["status"] >= 500 or outcome["ends"][path][1] != "completed")
    }
    assert wrong == {}


@scenarios(*CASES)
def test_span_has_the_status_and_is_an_error(outcome):
    wrong = {
        path: (span.attributes, span.status)
        for path, (line, span) in outcome["facts"].items()
        if span.attributes.get("http.response.status_code") != line["status"]
        or (span.status.status_code is StatusCode.ERROR) != (line["level"] == "ERROR")
    }
    assert wrong == {}


@scenarios(*CASES)
def test_metric_counts_the_status_of_the_client(outcome):
    counted = Counter()
    for labels, value in samples(outcome["metrics"], f"{REQUEST_DURATION.name}_count"):
        counted[labels["http_response_status_code"]] += value
    written = Counter(str(line["status"]) for line in outcome["lines"])
    assert counted == written


@scenarios(*CASES)
def test_each_failure_burns_the_budget_once(outcome):
    answered = sum(
        value
        for labels, value in samples(outcome["metrics"], f"{REQUEST_DURATION.name}_count")
        if labels["http_response_status_code"].startswith("5")
    )
    cut = sum(
        value
        for labels, value in samples(outcome["metrics"], ABORTED_REQUESTS.name)
        if labels["reason"] in ("failed", "killed", "timeout")
        and not labels["http_response_status_code"].startswith("5")
    )
    errors = sum(line["level"] == "ERROR" for line in outcome["lines"])
    assert (answered + cut, cut > 0) == (errors, True)


def cut_by_the_drain(how):
    """Requests at work when the drain's time is over: before and after their first byte."""
    paths = ("/wait", "/wait/later")
    with (
        ThreadPoolExecutor(2) as threads,
        SERVERS[how](DRAIN_TIMEOUT_SECONDS=0.5, DRAIN_DELAY_SECONDS=0) as server,
    ):
        server.wait_until_ready()
        asked = {path: threads.submit(ask, server.port, path) for path in paths}
        server.wait_until_serving(1, *paths)
        server.signal(SIGTERM)
        got = {path: future.result() for path, future in asked.items()}
        code = server.exit_code()
        lines = {line["path"]: line for line in server.logged("request")}
        return (
            code,
            got,
            {
                path: (lines[path]["status"], lines[path]["outcome"], lines[path]["level"])
                for path in paths
            },
        )


@scenarios(*[(cut_by_the_drain, how) for how in SERVERS])
def test_request_that_a_drain_cuts_has_the_status_of_its_client(outcome):
    assert outcome == (
        1,
        {"/wait": 500, "/wait/later": 200},
        {"/wait": (500, "killed", "ERROR"), "/wait/later": (200, "killed", "ERROR")},
    )


def left(how):
    """A client that resets before any byte of its response."""
    with SERVERS[how]() as server:
        server.wait_until_ready()
        client = connect(server.port)
        client.sendall(b"GET /view/timeout HTTP/1.1\r\nHost: x\r\n\r\n")
        abort(client)
        (line,) = wait_until(
            lambda: [line for line in server.logged("request") if line["path"] != "/who"],
            what="its line",
        )
        return line["outcome"], line["level"]


@scenarios(*[(left, how) for how in SERVERS])
def test_failure_of_the_app_stays_one_where_the_client_has_left(outcome):
    assert outcome == ("timeout", "ERROR")
