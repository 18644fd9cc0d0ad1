"""Settings of the service: defaults, and one line for invalid values."""

from dataclasses import fields

import pytest

from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES
from service.settings import ServiceSettings
from telemetry import SecretStr
from telemetry.config import SettingError

KEYS = f"new:{'n' * 32},old:{'o' * 32}"
PRODUCTION = {
    "DEPLOYMENT_ENVIRONMENT": "production",
    "SERENE_TOKEN_KEYS": KEYS,
    "STRIPE_API_KEY": "sk_live_canary",
    "STRIPE_WEBHOOK_SECRET": "whsec_of-a-production-account",
}

BAD_STRIPE_KEY = (
    "STRIPE_API_KEY should be a secret or restricted key of Stripe: sk_test_…, sk_live_…, "
    "rk_test_… or rk_live_…"
)
BAD_WEBHOOK_SECRET = (
    "STRIPE_WEBHOOK_SECRET should be the signing secret of a webhook, 16 characters or more"
)


DEVELOPMENT = {
    "token_keys": SecretStr("development:only-for-development-never-in-production"),
    "token_issuer": "serene",
    "token_audience": "serene-api",
    "access_token_seconds": 900.0,
    "access_token_leeway_seconds": 5.0,
    "refresh_grace_seconds": 30.0,
    "refresh_token_seconds": 2_592_000.0,
    "password_time_cost": 2,
    "password_memory_kib": 19456,
    "passwords_at_once": 4,
    "password_wait_seconds": 1.0,
    "attempts_per_account": 5,
    "attempts_per_email": 100,
    "attempts_per_address": 100,
    "first_lockout_seconds": 2.0,
    "longest_lockout_seconds": 900.0,
    "companion_base_url": "http://127.0.0.1:8089/v1",
    "companion_api_key": SecretStr("none"),
    "companion_api_key_header": "Authorization",
    "companion_api_version": "",
    "companion_model": "serene-companion",
    "companion_connect_timeout_seconds": 2.0,
    "companion_first_byte_timeout_seconds": 30.0,
    "companion_answer_timeout_seconds": 60.0,
    "companion_retries": 1,
    "companion_at_once": 100,
    "companion_circuit_failures": 5,
    "companion_circuit_open_seconds": 15.0,
    "companion_context_messages": 20,
    "companion_heartbeat_seconds": 15.0,
    "rate_limits": True,
    "rate_limit_login": "120/minute",
    "rate_limit_refresh": "30/minute",
    "rate_limit_anonymous": "1200/minute",
    "rate_limit_read": "600/minute",
    "rate_limit_write": "120/minute",
    "rate_limit_companion": "20/minute",
    "rate_limit_upload": "30/minute",
    "rate_limit_exempt_networks": (),
    "redis_url": "",
    "redis_timeout_seconds": 0.1,
    "redis_retry_seconds": 2.0,
    "stripe_api_key": SecretStr("sk_test_development"),
    "stripe_api_base": "https://api.stripe.com",
    "stripe_webhook_secret": SecretStr("whsec_only-for-development-never-in-production"),
    "stripe_webhook_tolerance_seconds": 300,
    "stripe_timeout_seconds": 5.0,
    "stripe_retries": 1,
    "stripe_call_seconds": 12.0,
    "file_quota_bytes": 262_144_000,
    "file_quota_count": 1000,
    "file_types": ACCEPTED_MEDIA_TYPES,
    "file_upload_seconds": 1800.0,
    "session_seconds": 3000.0,
    "booking_unpaid_seconds": 900.0,
    "booking_unpaid_at_once": 5,
    "full_refund_seconds": 86400.0,
    "part_refund_seconds": 7200.0,
    "part_refund_percent": 50,
    "booking_recovery_seconds": 30.0,
    "booking_grace_seconds": 60.0,
    "payment_watch_seconds": 82800.0,
    "idempotency_seconds": 86400.0,
    "environment": "development",
    "host": "127.0.0.1",
    "port": 8000,
    "security_headers": True,
    "compression": True,
    "api_versioning": True,
    "cache_control": True,
    "body_limit": True,
    "body_limit_bytes": 1_048_576,
    "uri": "mongodb://127.0.0.1:27017/serene",
    "max_pool_size": 10,
    "min_pool_size": 2,
    "server_selection_timeout_seconds": 2.0,
    "connect_timeout_seconds": 2.0,
    "socket_timeout_seconds": 3.0,
    "wait_queue_timeout_seconds": 2.0,
    "sweep_interval_seconds": 300.0,
    "write_concern": "majority",
    "public_reads": "primary",
    "max_staleness_seconds": 90,
    "create_indexes": True,
    "cdn": "none",
    "cdn_purge_url": "",
    "cdn_purge_token": SecretStr(""),
    "cdn_purge_timeout_seconds": 5.0,
    "cdn_max_age_seconds": 3600,
}


def test_development_is_the_default():
    settings = ServiceSettings.from_env({})
    groups = [getattr(settings, field.name).model_dump() for field in fields(settings)]
    del groups[0]["workers"]  # as many as there are cores
    assert {name: value for group in groups for name, value in group.items()} == DEVELOPMENT


@pytest.mark.parametrize(
    ("environ", "sizes"),
    [
        (PRODUCTION, (50, 10)),
        ({"DEPLOYMENT_ENVIRONMENT": "development"}, (10, 2)),
        ({"DEPLOYMENT_ENVIRONMENT": "test"}, (10, 2)),
        (PRODUCTION | {"MONGODB_MAX_POOL_SIZE": "20", "MONGODB_MIN_POOL_SIZE": "0"}, (20, 0)),
        ({"MONGODB_MAX_POOL_SIZE": "", "MONGODB_MIN_POOL_SIZE": "10"}, (10, 10)),
    ],
)
def test_pool_size_follows_the_environment_unless_it_is_set(environ, sizes):
    settings = ServiceSettings.from_env(environ)
    assert (settings.mongo.max_pool_size, settings.mongo.min_pool_size) == sizes


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"SERENE_PORT": "http"},
            "SERENE_PORT='http': should be a valid integer, unable to parse string as an integer",
        ),
        (
            {"MONGODB_MAX_POOL_SIZE": "0"},
            "MONGODB_MAX_POOL_SIZE='0': should be greater than or equal to 1",
        ),
        (
            {"MONGODB_SOCKET_TIMEOUT_SECONDS": "inf"},
            "MONGODB_SOCKET_TIMEOUT_SECONDS='inf': should be a finite number",
        ),
        (
            {"MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS": "0"},
            "MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS='0': should be greater than 0",
        ),
        (
            {"DEPLOYMENT_ENVIRONMENT": "production"},
            "SERENE_TOKEN_KEYS is not set: it must be set in production, as name:secret; "
            "STRIPE_API_KEY is not set: it must be set in production",
        ),
        *(
            (
                {"SERENE_TOKEN_KEYS": keys},
                "SERENE_TOKEN_KEYS should be name:secret, several with commas between; each name "
                "once, each secret 32 characters or more",
            )
            for keys in (
                "hunter2",
                "a:hunter2",
                f":{'x' * 32}",
                f"a:{'x' * 32},",
                f"a:{'x' * 32},a:{'y' * 32}",
            )
        ),
        *(
            ({"STRIPE_API_KEY": key}, BAD_STRIPE_KEY)
            for key in ("canary", "pk_test_canary", "sk_canary", "sk_test_", "sk_test_a b")
        ),
        *(
            ({"STRIPE_WEBHOOK_SECRET": secret}, BAD_WEBHOOK_SECRET)
            for secret in ("whsec_canary", " whsec_of-the-canary", "whsec\n" * 4)
        ),
        *(
            (
                {"STRIPE_API_BASE": base},
                f"STRIPE_API_BASE={base!r}: should be the URL of Stripe's API without a path: "
                "https://api.stripe.com",
            )
            for base in (
                "api.stripe.com",
                "ftp://stripe.com",
                "https://",
                "https://a/v1",
                "https://a?b",
                "http://[a",
                "http://a:99999",
                "http://a:0",
            )
        ),
        ({"STRIPE_TIMEOUT_SECONDS": "0"}, "STRIPE_TIMEOUT_SECONDS='0': should be greater than 0"),
        ({"STRIPE_CALL_SECONDS": "inf"}, "STRIPE_CALL_SECONDS='inf': should be a finite number"),
        ({"STRIPE_RETRIES": "6"}, "STRIPE_RETRIES='6': should be less than or equal to 5"),
        (
            {"STRIPE_WEBHOOK_TOLERANCE_SECONDS": "0"},
            "STRIPE_WEBHOOK_TOLERANCE_SECONDS='0': should be greater than or equal to 1",
        ),
        (
            PRODUCTION | {"STRIPE_API_KEY": ""},
            "STRIPE_API_KEY is not set: it must be set in production",
        ),
        (
            PRODUCTION | {"STRIPE_WEBHOOK_SECRET": ""},
            "STRIPE_WEBHOOK_SECRET is not set: it must be set in production",
        ),
        (
            {"MONGODB_MIN_POOL_SIZE": "20"},
            "MONGODB_MIN_POOL_SIZE=20 and MONGODB_MAX_POOL_SIZE=10: the first should not be more "
            "than the second",
        ),
        (
            {"MONGODB_URI": "mongodb://127.0.0.1:99999/serene"},
            "MONGODB_URI='mongodb://127.0.0.1:99999/serene': should be a MongoDB connection "
            "string such as mongodb://127.0.0.1:27017/serene "
            "(Port must be an integer between 0 and 65535)",
        ),
    ],
)
def test_invalid_setting_is_one_line(environ, line):
    with pytest.raises(SettingError) as raised:
        ServiceSettings.from_env(environ)
    assert str(raised.value) == line


def test_passwords_are_in_no_message_and_no_repr():
    with pytest.raises(SettingError) as raised:
        ServiceSettings.from_env({"MONGODB_URI": "mongo://admin:pass/w@rd@db/serene"})

    assert str(raised.value).startswith(
        "MONGODB_URI='mongo://***@db/serene': should be a MongoDB connection string"
    )
    assert [
        secret
        for secret in ("nnnn", "canary", "whsec")
        if secret in repr(ServiceSettings.from_env(PRODUCTION))
    ] == []
    assert "hunter2" not in repr(
        ServiceSettings.from_env({"MONGODB_URI": "mongodb://admin:hunter2@db/serene"})
    )


def test_dns_name_is_not_resolved_when_settings_are_read():
    assert (
        ServiceSettings.from_env({"MONGODB_URI": "mongodb+srv://nowhere.invalid/serene"}).mongo.uri
        == "mongodb+srv://nowhere.invalid/serene"
    )
