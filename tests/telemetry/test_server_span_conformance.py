"""Both sources of server spans give equal spans, but for listed differences, each with its reason.

Source: OpenTelemetry semantic conventions, "HTTP server span".
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.phases import phases_of, without_phases
from tests.telemetry.conformance import CHUNK_SECONDS, CHUNKS, REQUESTS, TRACEPARENT

ROOT = Path(__file__).parents[2]
STREAM_MILLISECONDS = CHUNKS * CHUNK_SECONDS * 1000
STREAMED = ("streamed", "breaks while streamed")


class Something:
    """Equal to any value but ``None``."""

    def __eq__(self, other):
        return other is not None

    __hash__ = None

    def __repr__(self):
        return "something"


SOMETHING = Something()

# Field: ours, theirs, why.
EVERYWHERE = {
    "client.port": (None, SOMETHING, "opt-in by the conventions; of no use to an SRE"),
    "http.response.body.size": (SOMETHING, None, "theirs ends before the body is sent"),
    "server.address": (
        "api.example.org",
        "api.example.org:8000",
        "the conventions want the host without its port",
    ),
    "server.port": (
        8000,
        SOMETHING,
        "the port of the client's request, not the one behind the proxy",
    ),
}

PATH_IN_NAME = "the conventions forbid paths in names: anyone could make as many as they like"

ONLY_IN = {
    "unmatched": {"name": ("GET", "GET /nothing/here", PATH_IN_NAME)},
    "method not allowed": {"name": ("DELETE", "DELETE /posts/hello", PATH_IN_NAME)},
    "exception": {
        "error.type": (
            "KeyError",
            "500",
            "the conventions want the exception's class where there is one",
        ),
        "description": (None, "KeyError: 'broken'", "an exception's text may hold a user's data"),
        "events": (
            [],
            ["exception"],
            "the stack is in the log line of the same trace; conventions move exceptions to logs",
        ),
    },
    "breaks while streamed": {
        "status": ("ERROR", "UNSET", "theirs ended before it broke"),
        "error.type": ("ValueError", None, "theirs ended before it broke"),
    },
}


def spans_from(source):
    """Server spans by request; the server prints the traceback of the broken stream to stderr."""
    command = [sys.executable, "-W", "error", "-m", "tests.telemetry.conformance", source]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ours():
    return spans_from("wsgi")


@pytest.fixture(scope="module")
def theirs():
    return spans_from("instrumentation-flask")


def flat(span):
    """The fields to compare: all but random ids and durations.

    Theirs ends before the phases are known.
    """
    fields = {**span, **without_phases(span["attributes"])}
    for own in ("attributes", "trace_id", "request.id", "milliseconds"):
        del fields[own]
    return fields


@pytest.mark.slow
@pytest.mark.parametrize("request_name", REQUESTS)
def test_sources_differ_only_as_listed(ours, theirs, request_name):
    left, right = flat(ours[request_name]), flat(theirs[request_name])
    observed = {
        field: (left.get(field), right.get(field))
        for field in {**left, **right}
        if left.get(field) != right.get(field)
    }
    listed = {**EVERYWHERE, **ONLY_IN.get(request_name, {})}
    assert observed == {field: (mine, other) for field, (mine, other, _) in listed.items()}


@pytest.mark.parametrize("request_name", REQUESTS)
def test_ids_are_the_requests_in_both(ours, theirs, request_name):
    for span in (ours[request_name], theirs[request_name]):
        of_request = span["attributes"]["request.id"].replace("-", "")
        expected = TRACEPARENT.split("-")[1] if request_name == "continued trace" else of_request
        assert span["trace_id"] == expected


@pytest.mark.parametrize("request_name", STREAMED)
def test_streams_last_until_their_last_byte_in_ours_only(ours, theirs, request_name):
    assert ours[request_name]["milliseconds"] >= STREAM_MILLISECONDS
    assert theirs[request_name]["milliseconds"] < ours[request_name]["milliseconds"]


def test_ours_of_a_query_is_whole(ours):
    span = ours["query"]
    assert phases_of(span["attributes"], span["milliseconds"] / 1e3)
    assert {**span, "attributes": without_phases(span["attributes"])} == {
        "name": "GET /posts/<slug>",
        "kind": "SERVER",
        "status": "UNSET",
        "description": None,
        "trace_id": span["attributes"]["request.id"].replace("-", ""),
        "trace_flags": 3,
        "trace_state": "ot=th:0",
        "parent": None,
        "milliseconds": span["milliseconds"],
        "events": [],
        "attributes": {
            "http.request.method": "GET",
            "http.route": "/posts/<slug>",
            "http.response.status_code": 200,
            "http.response.body.size": len('{"slug":"hello"}\n'),
            "url.scheme": "http",
            "url.path": "/posts/hello",
            "url.query": "token=REDACTED&page=REDACTED",
            "server.address": "api.example.org",
            "server.port": 8000,
            "client.address": "127.0.0.1",
            "network.peer.address": "127.0.0.1",
            "network.protocol.version": "1.1",
            "user_agent.original": "conformance/1",
            "request.id": span["attributes"]["request.id"],
        },
    }


def test_continued_trace_has_the_callers_parent_and_state(ours, theirs):
    for span in (ours["continued trace"], theirs["continued trace"]):
        assert (span["parent"], span["trace_state"], span["trace_flags"]) == (
            "b7ad6b7169203331",
            "vendor=1",
            3,
        )
