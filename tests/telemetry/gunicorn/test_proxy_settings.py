"""gunicorn's settings about proxies follow from one setting of ours."""

import pytest
from gunicorn.config import Config

from telemetry.config import TelemetryConfig
from telemetry.gunicorn.proxy_settings import derive_proxy_settings

NAMES = (
    "forwarded_allow_ips",
    "proxy_allow_ips",
    "secure_scheme_headers",
    "forwarder_headers",
    "header_map",
)


@pytest.mark.parametrize(
    ("trusted", "networks"),
    [
        ("", []),
        ("unix", []),
        ("127.0.0.1", ["127.0.0.1/32"]),
        ("unix, ::ffff:10.0.0.0/104, ::1", ["10.0.0.0/8", "::1/128"]),
    ],
)
def test_settings_follow_from_the_trusted_proxies(trusted, networks):
    cfg = Config()
    config = TelemetryConfig.from_env({"TELEMETRY_TRUSTED_PROXIES": trusted})
    assert derive_proxy_settings(cfg, config) == []
    assert [getattr(cfg, name) for name in NAMES] == [networks, networks, {}, [], "drop"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("forwarded_allow_ips", "*"),
        ("forwarded_allow_ips", "10.0.0.0/8"),
        ("proxy_allow_ips", "*"),
        ("secure_scheme_headers", {"X-FORWARDED-PROTO": "https"}),
        ("forwarder_headers", "REMOTE_USER"),
    ],
)
def test_setting_that_was_given_is_named(name, value):
    cfg = Config()
    cfg.set(name, value)
    assert derive_proxy_settings(cfg, TelemetryConfig()) == [
        f"gunicorn's {name} has no effect: TELEMETRY_TRUSTED_PROXIES comes first"
    ]


def test_refusal_of_ambiguous_names_may_stay():
    cfg = Config()
    cfg.set("header_map", "refuse")
    assert derive_proxy_settings(cfg, TelemetryConfig()) == []
    assert cfg.header_map == "refuse"
