"""A foreign app's trace arrives by our provider as by the SDK's, attribute by attribute."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MODULE = "tests.telemetry.tracing.foreign_app"
VARYING = ("trace_id", "span_id", "parent_span_id", "start_time_unix_nano", "end_time_unix_nano")

pytestmark = pytest.mark.slow


def run_app(name, *endpoint):
    """What a run of the app printed."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", MODULE, name, *endpoint],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"OTEL_SEMCONV_STABILITY_OPT_IN": "http"},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout.splitlines()[-1])


def comparable(spans, port):
    """Spans without what varies from run to run, ids as the names of their spans."""
    spans = json.loads(json.dumps(spans).replace(str(port), "PORT"))
    names = {span["span_id"]: identity(span) for span in spans}
    traces = {span["trace_id"]: span["name"] for span in spans if "parent_span_id" not in span}
    return sorted((plain(span, names, traces) for span in spans), key=lambda span: span["id"])


def observed(name):
    """What a receiver in the app's process got."""
    found = run_app(name)
    return comparable(found["spans"], found["port"])


def identity(span):
    attributes = {one["key"]: one["value"] for one in span.get("attributes", ())}
    return f"{span['name']} {attributes.get('url.full', {}).get('string_value', '')}"


def plain(span, names, traces):
    kept = {key: value for key, value in span.items() if key not in VARYING}
    kept |= {
        "id": names[span["span_id"]],
        "parent": names.get(span.get("parent_span_id")),
        "trace": traces[span["trace_id"]],
        # The official encoder leaves the trace flags out.
        "flags": span.get("flags", 0) & ~0xFF,
        "links": [link_of(link, names) for link in span.get("links", ())],
        "events": [event_of(event) for event in span.get("events", ())],
    }
    for link in kept["links"]:
        link["trace_id"] = traces.get(link["trace_id"], link["trace_id"])
    return kept


def link_of(link, names):
    flags = link.get("flags", 0) & ~0xFF
    return link | {"flags": flags, "span_id": names.get(link["span_id"], "other")}


def event_of(event):
    """Without its moment, and with the last line of a stack."""
    attributes = {one["key"]: one["value"] for one in event.get("attributes", ())}
    if "exception.stacktrace" in attributes:
        text = attributes["exception.stacktrace"]["string_value"]
        attributes["exception.stacktrace"] = text.strip().splitlines()[-1]
    for key, value in attributes.items():
        if isinstance(value, dict) and "0x" in value.get("string_value", ""):
            attributes[key] = value["string_value"].split("0x")[0]
    return event["name"], attributes


def test_trace_is_the_same_by_both_providers():
    ours, theirs = observed("ours"), observed("sdk")
    assert [span["id"] for span in ours] == [
        "GET http://127.0.0.1:1/",
        "GET http://127.0.0.1:PORT/broken",
        "GET http://127.0.0.1:PORT/missing",
        "GET http://127.0.0.1:PORT/stock?page=2",
        "another trace ",
        "charge ",
        "checkout ",
        "mail customer ",
    ]
    check_equal(ours, theirs)


def check_equal(ours, theirs):
    """Ours has the sampling threshold, in links too, where the official encoder writes no state."""
    assert {span.pop("trace_state") for span in ours} == {"ot=th:0"}
    for link in (link for span in ours for link in span["links"]):
        assert link.pop("trace_state", "ot=th:0") == "ot=th:0"
    for one, other in zip(ours, theirs, strict=True):
        assert one == other
