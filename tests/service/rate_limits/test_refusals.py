"""Refusals: one count by status and route and one log line of INFO, and nothing else."""

import json
import time
from typing import Any

import pytest

from service.accounts.access_tokens import AccessTokens, Identity
from service.accounts.guard import REASONS
from service.accounts.settings import AccountSettings
from tests.service.members import bearer
from tests.service.rate_limits.rate_limit_helpers import counted

API = "/api/v1"
ACCOUNT = "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d"
DAY_SECONDS = 86_400
MESSAGE = {"json": {"message": "hello"}}


def token(role: Any = "member", *, seconds_ago: float = 0.0, **settings: str) -> dict[str, str]:
    """Return the header with an account's token.

    Tokens are issued when tests are collected, long before the last test runs, so they are valid
    for a day.
    """
    config = AccountSettings.from_env({"ACCESS_TOKEN_SECONDS": str(DAY_SECONDS)} | settings)
    return bearer(
        AccessTokens(config, clock=lambda: time.time() - seconds_ago).issue(Identity(ACCOUNT, role))
    )


REFUSALS: dict[str, tuple[str, str, dict[str, Any], int, dict[str, float]]] = {
    "no token": ("GET", f"{API}/auth/me", {}, 401, {"missing": 1}),
    "an expired token": (
        "GET",
        f"{API}/auth/me",
        {"headers": token(seconds_ago=DAY_SECONDS + 1)},
        401,
        {"expired": 1},
    ),
    "a malformed token": (
        "GET",
        f"{API}/auth/me",
        {"headers": bearer("a.b.c")},
        401,
        {"malformed": 1},
    ),
    "a token signed by another key": (
        "GET",
        f"{API}/auth/me",
        {"headers": token(SERENE_TOKEN_KEYS=f"development:{'x' * 32}")},
        401,
        {"signature": 1},
    ),
    "a deleted account": ("GET", f"{API}/auth/me", {"headers": token()}, 401, {"gone": 1}),
    "another role": (
        "PUT",
        f"{API}/accounts/{ACCOUNT}/role",
        {"headers": token()},
        403,
        {"role": 1},
    ),
    "a wrong password": (
        "POST",
        f"{API}/auth/login",
        {"json": {"email": "a@serene-mail.com", "password": "x"}},
        401,
        {},
    ),
    "a large body": (
        "POST",
        f"{API}/companion/messages",
        {"headers": token(), "data": b"x" * 2_000_000},
        413,
        {},
    ),
    "another media type": (
        "POST",
        f"{API}/companion/messages",
        {"headers": token(), "data": "hello"},
        415,
        {},
    ),
    "an invalid value": (
        "POST",
        f"{API}/companion/messages",
        {"headers": token(), "json": {}},
        422,
        {},
    ),
    "a missing resource": (
        "GET",
        f"{API}/companion/conversations/none",
        {"headers": token()},
        404,
        {},
    ),
    "a wrong method": ("PATCH", f"{API}/auth/me", {}, 405, {}),
    "beyond the limit": ("GET", f"{API}/therapists", {}, 429, {}),
}


@pytest.mark.parametrize(
    ("method", "path", "given", "status", "reasons"), REFUSALS.values(), ids=REFUSALS
)
def test_refusal_is_one_count_and_one_log_line(
    limited, capfd, method, path, given, status, reasons
):
    client = limited(RATE_LIMIT_READ="1/minute")
    telemetry = client.application.extensions["telemetry"]
    telemetry.logs.install()
    if status == 429:
        assert client.get(path).status_code == 200
    capfd.readouterr()
    response = client.open(path, method=method, **given)
    telemetry.logs.uninstall()
    assert (response.status_code, response.content_type) == (status, "application/problem+json")

    lines = [json.loads(line) for line in "".join(capfd.readouterr()).splitlines()]
    assert [
        (line["level"], line["logger"], line["status"], line["outcome"], "error_type" in line)
        for line in lines
    ] == [("INFO", "access", status, "completed", False)]
    assert lines[0].get("refusal") == next(iter(reasons), None)
    labels = {
        "http_request_method": method,
        "http_route": lines[0]["route"],
        "http_response_status_code": str(status),
    }
    assert (
        telemetry.registry.get_sample_value("http_server_request_duration_seconds_count", labels)
        == 1
    )
    assert counted(client, "serene_unauthorized_total") == reasons
    assert counted(client, "serene_rate_limited_total") == ({"read": 1} if status == 429 else {})
    assert counted(client, "telemetry_errors_total") == {}


def test_every_reason_is_exposed_before_the_first_refusal(limited):
    telemetry = limited().application.extensions["telemetry"]
    (family,) = telemetry.registry.restricted_registry(["serene_unauthorized_total"]).collect()
    found = {
        one.labels["reason"]: one.value
        for one in family.samples
        if one.name == "serene_unauthorized_total"
    }
    assert found == dict.fromkeys(REASONS, 0)
