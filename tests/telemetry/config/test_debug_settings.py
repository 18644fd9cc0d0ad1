"""Settings of the flight recorder and of the debug pages."""

import pytest

from telemetry.config import SettingError, TelemetryConfig

TOKEN = "0123456789abcdef"


@pytest.mark.parametrize(
    "token", ["short", "a token with spaces in it", "0123456789abcdéf", "x" * 15]
)
def test_a_token_that_cannot_be_sent_or_is_short_is_refused_without_being_shown(token):
    with pytest.raises(SettingError) as caught:
        TelemetryConfig.from_env({"TELEMETRY_DEBUG_TOKEN": token})
    assert str(caught.value) == (
        "TELEMETRY_DEBUG_TOKEN should have 16 characters or more, of letters, digits and -._~+/="
    )


def test_a_token_is_in_no_representation():
    config = TelemetryConfig.from_env({"TELEMETRY_DEBUG_TOKEN": TOKEN})
    assert config.debug_token.get_secret_value() == TOKEN
    assert TOKEN not in repr(config)


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("javascript:alert({trace_id})", "should be an http:// or https:// URL"),
        ("/trace/{trace_id}", "should be an http:// or https:// URL"),
        (
            "https://x.test/{trace}",
            "should hold no braces but {request_id}, {trace_id}, {begin_ms}, {end_ms}",
        ),
        (
            "https://x.test/{trace_id.__class__}",
            "should hold no braces but {request_id}, {trace_id}, {begin_ms}, {end_ms}",
        ),
        (
            "https://x.test/{",
            "should hold no braces but {request_id}, {trace_id}, {begin_ms}, {end_ms}",
        ),
    ],
)
@pytest.mark.parametrize("name", ["TELEMETRY_TRACE_LINK", "TELEMETRY_LOGS_LINK"])
def test_a_template_that_makes_no_link_is_refused(name, template, problem):
    with pytest.raises(SettingError) as caught:
        TelemetryConfig.from_env({name: template})
    assert str(caught.value) == f"{name}={template!r}: {problem}"


def test_what_is_kept_can_be_set():
    config = TelemetryConfig.from_env(
        {
            "TELEMETRY_FLIGHT_RECORDER_BYTES": "1000",
            "TELEMETRY_SNAPSHOTS": "false",
            "TELEMETRY_DEBUG_LINES": "false",
            "TELEMETRY_DEBUG_LOGGERS": "shop, other.part",
            "TELEMETRY_TRACE_LINK": 'https://x.test/explore?left={{"q":"{trace_id}"}}',
        }
    )
    assert (config.flight_recorder_bytes, config.snapshots, config.debug_lines) == (
        *(1000, False, False),
    )
    assert config.debug_loggers == ("shop", "other.part")
