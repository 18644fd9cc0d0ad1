"""Settings of rate limits: one line for what cannot be used, and no secret shown."""

import pytest

from service.rate_limits.settings import RateLimitSettings
from telemetry.config import SettingError

RATE = "should be one rate such as 10/minute, 300/5minutes or 1000/hour"
URL = "should be a URL such as redis://127.0.0.1:6379/0 or rediss://…"


@pytest.mark.parametrize(
    "value", ["many", "0/minute", "10", "10/fortnight", "10/minute;100/hour", "-1/minute"]
)
def test_invalid_rate_is_refused(value):
    with pytest.raises(SettingError) as caught:
        RateLimitSettings.from_env({"RATE_LIMIT_LOGIN": value})
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).startswith("RATE_LIMIT_LOGIN")
    assert RATE in str(caught.value)


@pytest.mark.parametrize(
    "value", ["10/minute", "10 per minute", "300/5minutes", "1000/hour", "1/second"]
)
def test_rate_in_the_librarys_notation_is_accepted(value):
    assert RateLimitSettings.from_env({"RATE_LIMIT_READ": value}).rate_limit_read == value


@pytest.mark.parametrize(
    "value",
    [
        "localhost:6379",
        "http://127.0.0.1",
        "redis://",
        "redis://h:99999",
        "redis://h/x",
        "redis://:hunter2-canary@",
    ],
)
def test_invalid_redis_url_is_refused_without_its_password(value):
    with pytest.raises(SettingError) as caught:
        RateLimitSettings.from_env({"REDIS_URL": value})
    assert str(caught.value).startswith("REDIS_URL")
    assert URL in str(caught.value)
    assert "hunter2-canary" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    [
        "redis://127.0.0.1:6379/0",
        "rediss://redis.serene.test",
        "redis://:hunter2-canary@redis:6379/1",
    ],
)
def test_redis_url_is_not_in_repr(value):
    config = RateLimitSettings.from_env({"REDIS_URL": value})
    assert config.redis_url == value
    assert "hunter2-canary" not in repr(config)
    assert "redis://" not in repr(config)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_TIMEOUT_SECONDS", "0"),
        ("REDIS_RETRY_SECONDS", "-1"),
        ("RATE_LIMIT_EXEMPT_NETWORKS", "here"),
    ],
)
def test_other_invalid_settings_are_refused(name, value):
    with pytest.raises(SettingError, match=f"^{name}"):
        RateLimitSettings.from_env({name: value})
