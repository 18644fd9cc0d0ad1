"""A debug header of a trusted proxy makes a request traced; of anyone else it changes nothing."""

import pytest

from telemetry.config import TelemetryConfig
from telemetry.requests.debug_headers import DebugHeaders
from telemetry.requests.parsing import RequestParser

DEFAULTS = TelemetryConfig().debug_headers
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("propagators", "environ", "name"),
    [
        pytest.param((), {}, "", id="none"),
        pytest.param((), {"HTTP_X_ENVOY_FORCE_TRACE": "true"}, "X-Envoy-Force-Trace", id="envoy"),
        pytest.param((), {"HTTP_JAEGER_DEBUG_ID": "case-7"}, "Jaeger-Debug-Id", id="jaeger"),
        pytest.param((), {"HTTP_JAEGER_DEBUG_ID": ""}, "", id="empty"),
        pytest.param((), {"HTTP_X_ENVOY_FORCE_TRACE": "0"}, "", id="zero"),
        pytest.param((), {"HTTP_X_ENVOY_FORCE_TRACE": " False "}, "", id="false"),
        pytest.param((), {"HTTP_X_B3_FLAGS": "1"}, "", id="b3 is not read"),
        pytest.param(("b3",), {"HTTP_X_B3_FLAGS": "1"}, "X-B3-Flags", id="b3 flags"),
        pytest.param(("b3multi",), {"HTTP_X_B3_FLAGS": "1"}, "X-B3-Flags", id="b3multi flags"),
        pytest.param(("b3",), {"HTTP_X_B3_FLAGS": "0"}, "", id="b3 flags are zero"),
        pytest.param(("b3",), {"HTTP_B3": f"{TRACE}-{SPAN}-d"}, "b3", id="b3 debug"),
        pytest.param(("b3",), {"HTTP_B3": f"{TRACE}-{SPAN}-d-{SPAN}"}, "b3", id="with a parent"),
        pytest.param(("b3",), {"HTTP_B3": "d"}, "b3", id="b3 state alone"),
        pytest.param(("b3",), {"HTTP_B3": f"{TRACE}-{SPAN}-1"}, "", id="b3 sampled only"),
        pytest.param(("b3",), {"HTTP_B3": f"{TRACE}-{SPAN}"}, "", id="b3 without a state"),
        pytest.param(("b3",), {"HTTP_B3": "-" * 50_000 + "d"}, "", id="b3 hostile"),
        pytest.param(("tracecontext",), {"HTTP_B3": "d"}, "", id="w3c does not read b3"),
    ],
)
def test_header_is_read(propagators, environ, name):
    assert DebugHeaders(DEFAULTS, propagators).read(environ) == name


@pytest.mark.parametrize(("address", "name"), [("10.0.0.1", "Jaeger-Debug-Id"), ("192.0.2.7", "")])
@pytest.mark.parametrize("traceparent_from", ["anyone", "trusted-proxies"])
def test_only_a_trusted_proxy_counts(address, name, traceparent_from):
    config = TelemetryConfig.from_env(
        {
            "TELEMETRY_TRUSTED_PROXIES": "10.0.0.0/8",
            "TELEMETRY_TRACEPARENT_FROM": traceparent_from,
        }
    )
    record = RequestParser(config).parse(
        {"REQUEST_METHOD": "GET", "REMOTE_ADDR": address, "HTTP_JAEGER_DEBUG_ID": "case-7"}
    )
    assert record.debug_trace == name


def test_names_are_a_setting():
    config = TelemetryConfig.from_env({"TELEMETRY_DEBUG_HEADERS": "X-Trace-Me"})
    headers = DebugHeaders(config.debug_headers, config.propagators)
    assert headers.read({"HTTP_X_TRACE_ME": "yes"}) == "X-Trace-Me"
    assert headers.read({"HTTP_JAEGER_DEBUG_ID": "case-7"}) == ""
