"""W3C Trace Context, level 2, from a request to the calls it makes: a row for each sentence."""

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from telemetry import Telemetry

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VENDOR = "vendor=1"


@pytest.fixture
def exchange():
    """Serves one request; returns the id of its span and the headers of a call that it makes."""
    telemetry = Telemetry.from_env({"TELEMETRY_STRICT": "true"})
    app = Flask("shop")
    app.add_url_rule("/", view_func=telemetry.http_client.headers)
    telemetry.init_app(app)

    def send(*headers):
        response = app.test_client().get("/", headers=Headers(headers), buffered=True)
        return response.get_json()

    return send


def traceparent(version="00", trace=TRACE, span=SPAN, flags="01", more=""):
    return ("traceparent", f"{version}-{trace}-{span}-{flags}{more}")


# (section, the caller's headers, flags of the outgoing traceparent).
CONTINUED = [
    pytest.param("3.2.1", [("TraceParent", traceparent()[1])], "01", id="name in any case"),
    pytest.param("3.2.2", [traceparent()], "01", id="version 00"),
    pytest.param("3.2.2.5.1", [traceparent(flags="01")], "01", id="sampled"),
    pytest.param("3.2.2.5.1", [traceparent(flags="00")], "00", id="not sampled"),
    pytest.param("3.2.2.5", [traceparent(flags="09")], "01", id="flags are a bit field"),
    pytest.param("3.2.2.5.2", [traceparent(flags="03")], "03", id="random stays set"),
    pytest.param("3.2.2.5.2", [traceparent(flags="02")], "02", id="random without sampled"),
    pytest.param("3.2.2.5.2", [traceparent(flags="01")], "01", id="random stays unset"),
    pytest.param("3.2.2.5.3", [traceparent(flags="fc")], "00", id="other flags become zero"),
    pytest.param("3.2.2.5.3", [traceparent(flags="ff")], "03", id="known flags among them stay"),
    pytest.param("3.2.4", [traceparent("01")], "01", id="a higher version, as version 00"),
    pytest.param("3.2.4", [traceparent("cc", more="-what")], "01", id="with more after a dash"),
    pytest.param("3.2.4", [traceparent("fe", more="-")], "01", id="with an empty field"),
    pytest.param("3.2.4", [traceparent("cc", flags="ff")], "03", id="its known flags only"),
    pytest.param("3.3", [traceparent(), ("tracestate", "=,")], "01", id="tracestate is invalid"),
]

RESTARTED = [
    pytest.param("3.4", [], id="no traceparent"),
    pytest.param("3.2.1", [("trace-parent", traceparent()[1])], id="a name with a delimiter"),
    pytest.param("3.2.2.1", [traceparent("ff")], id="version ff"),
    pytest.param("3.2.2.1", [traceparent("0")], id="a version of one digit"),
    pytest.param("3.2.2.1", [traceparent("000")], id="a version of three digits"),
    pytest.param("3.2.2.1", [traceparent("0G")], id="a version that is not hexadecimal"),
    pytest.param("3.2.2.1", [traceparent("CC")], id="a version in upper case"),
    pytest.param("3.2.2.2", [traceparent(more="-")], id="version 00 with a dash"),
    pytest.param("3.2.2.2", [traceparent(more="-what")], id="version 00 with more"),
    pytest.param("3.2.2.2", [traceparent(more=".")], id="version 00 with another character"),
    pytest.param("3.2.2.3", [traceparent(trace="0" * 32)], id="trace id of zeros"),
    pytest.param("3.2.2.3", [traceparent(trace=TRACE.upper())], id="trace id in upper case"),
    pytest.param("3.2.2.3", [traceparent(trace="." + TRACE[1:])], id="trace id with a dot"),
    pytest.param("3.2.2.3", [traceparent(trace=TRACE[1:])], id="trace id too short"),
    pytest.param("3.2.2.3", [traceparent(trace=TRACE + "0")], id="trace id too long"),
    pytest.param("3.2.2.4", [traceparent(span="0" * 16)], id="parent id of zeros"),
    pytest.param("3.2.2.4", [traceparent(span=SPAN.upper())], id="parent id in upper case"),
    pytest.param("3.2.2.4", [traceparent(span=SPAN[1:])], id="parent id too short"),
    pytest.param("3.2.2.4", [traceparent(span=SPAN + "0")], id="parent id too long"),
    pytest.param("3.2.2.5", [traceparent(flags="0")], id="flags of one digit"),
    pytest.param("3.2.2.5", [traceparent(flags="0G")], id="flags that are not hexadecimal"),
    pytest.param("3.2.2.5", [traceparent(flags="FF")], id="flags in upper case"),
    pytest.param("3.2.4", [traceparent("cc", flags="1")], id="higher version below 55 characters"),
    pytest.param("3.2.4", [traceparent("cc", more=".what")], id="higher, more without a dash"),
    pytest.param("3.2.4", [traceparent("cc", flags="012")], id="higher, flags of three digits"),
    pytest.param("3.2.4", [traceparent("cc", trace="." + TRACE[1:])], id="higher, bad trace id"),
    pytest.param("3.2", [traceparent(), traceparent()], id="two headers"),
    pytest.param("3.2", [traceparent(), traceparent(span="1" * 16)], id="two that differ"),
    pytest.param("3.2", [traceparent("cc"), traceparent("cc")], id="two of a higher version"),
]


@pytest.mark.parametrize(("section", "headers", "flags"), CONTINUED)
def test_trace_is_continued(exchange, section, headers, flags):
    version, trace, span, outgoing = exchange(*headers)["traceparent"].split("-")
    assert (version, trace, outgoing) == ("00", TRACE, flags), section
    assert span != SPAN


@pytest.mark.parametrize(("section", "headers"), RESTARTED)
def test_trace_is_restarted_and_its_state_left_out(exchange, section, headers):
    outgoing = exchange(*headers, ("tracestate", VENDOR))
    version, trace, _, flags = outgoing["traceparent"].split("-")
    assert trace != TRACE, section
    assert (version, trace) == ("00", outgoing["X-Request-ID"].replace("-", ""))
    # The low 56 bits of a UUID of version 4 are random.
    assert flags == "03"
    assert VENDOR not in outgoing.get("tracestate", "")


@pytest.mark.parametrize("version", ["00", "cc"])
def test_several_tracestate_headers_are_one_list_in_order(exchange, version):
    outgoing = exchange(
        traceparent(version),
        ("tracestate", "1a@b@c=1,a=2"),
        ("TraceState", ""),
        ("TRACESTATE", "BAD=1"),
        ("tracestate", "b=3,a=4"),
    )
    assert outgoing["tracestate"] == "1a@b@c=1,a=2,b=3"


def test_sent_names_are_in_lower_case(exchange):
    assert {"traceparent", "tracestate"} <= exchange(traceparent(), ("tracestate", VENDOR)).keys()
