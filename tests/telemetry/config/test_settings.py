"""Settings come from the environment that is handed in, and a bad one is one clear line."""

import ipaddress
from dataclasses import FrozenInstanceError

import pytest

from telemetry.config import SettingError, TelemetryConfig


def test_empty_environment_gives_the_defaults():
    assert TelemetryConfig.from_env({"TELEMETRY_SLOT": "", "UNRELATED": "x"}) == TelemetryConfig()


def test_values_are_read_by_variable_name():
    config = TelemetryConfig.from_env(
        {"TELEMETRY_SLOT": "2", "TELEMETRY_TRUSTED_PROXIES": "10.0.0.0/8, ::1/128"}
    )
    expected = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("::1/128"))
    assert config == TelemetryConfig(slot=2, trusted_proxies=expected)


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        (
            "TELEMETRY_SLOT",
            "x",
            "TELEMETRY_SLOT='x': should be a valid integer, unable to parse string as an integer",
        ),
        (
            "TELEMETRY_QUEUE_SPANS",
            "0",
            "TELEMETRY_QUEUE_SPANS='0': should be greater than or equal to 1",
        ),
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            "collector",
            "OTEL_EXPORTER_OTLP_ENDPOINT='collector': should be an http:// or https:// URL",
        ),
        (
            "DEPLOYMENT_ENVIRONMENT",
            "qa\n3",
            "DEPLOYMENT_ENVIRONMENT='qa\\n3': should be a name of at most 64 printable characters",
        ),
        ("DRAIN_TIMEOUT_SECONDS", "inf", "DRAIN_TIMEOUT_SECONDS='inf': should be a finite number"),
        (
            "TELEMETRY_TRUSTED_PROXIES",
            "proxy",
            "TELEMETRY_TRUSTED_PROXIES='proxy': should be a comma-separated list of networks such "
            "as 10.0.0.0/8 "
            "('proxy' does not appear to be an IPv4 or IPv6 network)",
        ),
        (
            "TELEMETRY_FORWARDED_HEADERS",
            "forwarded, x-forwarded-for",
            "TELEMETRY_FORWARDED_HEADERS='forwarded, x-forwarded-for': should be auto, forwarded, "
            "x-forwarded, or a comma-separated list of x-forwarded-for, x-forwarded-proto, "
            "x-forwarded-scheme, x-forwarded-protocol, x-forwarded-ssl, x-forwarded-host, "
            "x-forwarded-port, x-forwarded-prefix",
        ),
        (
            "TELEMETRY_CORRELATION_HEADERS",
            "X-Request-ID, a b",
            "TELEMETRY_CORRELATION_HEADERS='X-Request-ID, a b': should be names of headers, "
            "separated by commas",
        ),
    ],
)
def test_bad_value_is_one_line_with_variable_value_and_what_is_allowed(variable, value, line):
    with pytest.raises(SettingError) as raised:
        TelemetryConfig.from_env({variable: value})
    assert str(raised.value) == line


@pytest.mark.parametrize("name", ["production", "staging", "qa-3", "blue 2", "prüfung", "x" * 64])
def test_environment_may_have_any_name(name):
    assert TelemetryConfig.from_env({"DEPLOYMENT_ENVIRONMENT": name}).environment == name


def test_problems_of_several_variables_are_one_line():
    given = {"OTEL_EXPORTER_OTLP_ENDPOINT": "collector", "TELEMETRY_SLOT": "-1"}
    with pytest.raises(SettingError) as raised:
        TelemetryConfig.from_env(given)
    assert str(raised.value) == (
        "OTEL_EXPORTER_OTLP_ENDPOINT='collector': should be an http:// or https:// URL; "
        "TELEMETRY_SLOT='-1': should be greater than or equal to 0"
    )


def test_settings_are_frozen():
    with pytest.raises(FrozenInstanceError):
        TelemetryConfig().slot = 1
