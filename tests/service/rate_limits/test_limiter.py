"""Rate limits as clients see them, counted in memory."""

import json
from uuid import UUID

import gevent
import pytest

from service.accounts.access_tokens import AccessTokens
from service.rate_limits.limiter import counted_address
from telemetry.config import TelemetryConfig
from tests.service.members import EMAIL, bearer, member, registration
from tests.service.rate_limits.rate_limit_helpers import (
    LOGIN,
    READ_PATH,
    counted,
    from_address,
    health_part,
    limit_headers,
)

THERAPISTS = "/api/v1/therapists"
READ = {"RateLimit-Limit": "2", "RateLimit-Reset": "60", "RateLimit-Policy": '"read";q=2;w=60'}


def test_headers_have_the_remaining_requests_and_the_next_is_a_problem(limited):
    client = limited(RATE_LIMIT_READ="2/minute")
    answers = [client.get(READ_PATH) for _ in range(3)]
    assert [(answer.status_code, limit_headers(answer)) for answer in answers] == [
        (200, READ | {"RateLimit-Remaining": "1"}),
        (200, READ | {"RateLimit-Remaining": "0"}),
        (429, READ | {"RateLimit-Remaining": "0", "Retry-After": "60"}),
    ]
    refused = answers[2]
    assert (refused.content_type, refused.headers["Cache-Control"]) == (
        "application/problem+json",
        "no-store",
    )
    assert refused.get_json() == {
        "type": "urn:serene:problem:rate-limited",
        "title": "Rate Limited",
        "status": 429,
        "detail": "Too many requests; the next one passes in 60 s.",
        "instance": READ_PATH,
        "request_id": refused.headers["X-Request-ID"],
    }
    assert counted(client, "serene_rate_limited_total") == {"read": 1.0}


def test_refused_requests_are_logged_as_info(limited, capfd):
    client = limited(RATE_LIMIT_READ="1/minute")
    answers = [client.get(READ_PATH) for _ in range(3)]
    client.application.extensions["telemetry"].shutdown()
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [answer.status_code for answer in answers] == [200, 429, 429]
    assert [(line["level"], line["status"]) for line in lines] == [
        ("INFO", 200),
        ("INFO", 429),
        ("INFO", 429),
    ]


def test_errors_have_the_headers(limited):
    client = limited(RATE_LIMIT_READ="2/minute")
    paths = (f"{THERAPISTS}/{UUID(int=0)}", f"{THERAPISTS}?limit=0", READ_PATH)
    answers = [client.get(path) for path in paths]
    assert [(answer.status_code, answer.headers["RateLimit-Remaining"]) for answer in answers] == [
        (404, "1"),
        (422, "0"),
        (429, "0"),
    ]


def test_304_has_the_headers(limited):
    client = limited(RATE_LIMIT_READ="2/minute")
    etag = client.get(READ_PATH).headers["ETag"]
    again = client.get(READ_PATH, headers={"If-None-Match": etag})
    assert (again.status_code, limit_headers(again)) == (304, READ | {"RateLimit-Remaining": "0"})


def test_groups_and_addresses_are_counted_separately(limited):
    client = limited(RATE_LIMIT_READ="1/minute", RATE_LIMIT_ANONYMOUS="1/minute")
    logout = {"json": {"refresh_token": "none"}}
    statuses = [
        client.get(READ_PATH).status_code,
        client.get(READ_PATH).status_code,
        client.post("/api/v1/auth/logout", **logout).status_code,
        client.post("/api/v1/auth/logout", **logout).status_code,
        client.get(READ_PATH, headers=from_address("198.51.100.7")).status_code,
        client.get(READ_PATH, headers=from_address("198.51.100.7")).status_code,
    ]
    assert statuses == [200, 429, 204, 429, 200, 429]


def test_only_trusted_proxies_can_set_the_address(limited):
    client = limited(RATE_LIMIT_READ="1/minute")
    outside = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.9"}}
    assert [
        client.get(READ_PATH, headers=from_address(f"198.51.100.{number}"), **outside).status_code
        for number in range(3)
    ] == [
        200,
        429,
        429,
    ]


def test_health_and_documentation_are_not_limited_and_have_no_headers(limited):
    client = limited(RATE_LIMIT_READ="1/minute")
    paths = [
        "/api/v1/health/liveness",
        "/api/v1/health/readiness",
        "/api/v1/health",
        "/api/v1/openapi.json",
        "/api/v1/docs",
    ]
    answers = [client.get(path) for path in paths for _ in range(3)]
    assert {(answer.status_code == 429, bool(limit_headers(answer))) for answer in answers} == {
        (False, False)
    }


def test_login_is_counted_before_its_body_is_read(limited):
    client = limited(RATE_LIMIT_LOGIN="2/minute")
    bodies = ["{", "{}", '{"email": "ada@serene-mail.com", "password": "x"}']
    answers = [client.post(LOGIN, data=body, content_type="application/json") for body in bodies]
    assert [answer.status_code for answer in answers] == [400, 422, 429]
    assert counted(client, "serene_logins_total") == {"error": 1.0, "invalid": 1.0}


def test_limited_request_does_not_wait_for_its_body(limited):
    class Never:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("read")

        readline = readinto = read

    client = limited(RATE_LIMIT_LOGIN="1/minute")
    client.post(LOGIN, json={})
    body = {"wsgi.input": Never(), "CONTENT_LENGTH": "1000", "CONTENT_TYPE": "application/json"}
    late = client.post(LOGIN, environ_overrides=body)
    assert late.status_code == 429


def test_routes_of_the_login_group_share_its_limit(limited):
    client = limited(RATE_LIMIT_LOGIN="3/minute")
    assert client.post("/api/v1/auth/register", json=registration()).status_code == 202
    assert (
        client.post(LOGIN, json={"email": EMAIL, "password": "a long enough password"}).status_code
        == 200
    )
    assert client.post("/api/v1/auth/register", json={}).status_code == 422
    assert (
        client.post(LOGIN, json={"email": EMAIL, "password": "a long enough password"}).status_code
        == 429
    )


def test_account_is_counted_across_addresses(limited):
    client = limited(RATE_LIMIT_READ="2/minute")
    ada, bea = member(client), member(client, email="bea@serene-mail.com")
    seen = [
        client.get(
            "/api/v1/auth/me", headers=who.headers | from_address(f"198.51.100.{number}")
        ).status_code
        for who in (ada, bea)
        for number in range(3)
    ]
    assert seen == [200, 200, 429, 200, 200, 429]


def test_invalid_tokens_are_counted_by_address(limited):
    client = limited(RATE_LIMIT_READ="3/minute")
    ada = member(client)
    seen = [
        client.get("/api/v1/auth/me", headers=bearer(f"not.a.token{number}")).status_code
        for number in range(5)
    ]
    assert seen == [401, 401, 401, 429, 429]
    assert client.get("/api/v1/auth/me").status_code == 429
    assert client.get("/api/v1/auth/me", headers=ada.headers).status_code == 200


def test_token_is_verified_once_a_request(limited, monkeypatch):
    verified = []
    verify = AccessTokens.verify
    monkeypatch.setattr(
        AccessTokens, "verify", lambda self, token: verified.append(token) or verify(self, token)
    )
    client = limited()
    ada = member(client)
    verified.clear()
    assert client.get("/api/v1/auth/me", headers=ada.headers).status_code == 200
    assert client.get(READ_PATH, headers=ada.headers).status_code == 200
    assert len(verified) == 1


def test_hundred_concurrent_requests_do_not_exceed_the_limit(limited):
    client = limited(RATE_LIMIT_READ="10/minute")
    requests = [
        gevent.spawn(lambda: client.application.test_client().get(READ_PATH).status_code)
        for _ in range(100)
    ]
    gevent.joinall(requests, timeout=60)
    assert sorted(one.value for one in requests) == [200] * 10 + [429] * 90


def test_exempt_networks_are_not_limited_and_get_no_headers(limited):
    client = limited(
        RATE_LIMIT_READ="1/minute", RATE_LIMIT_EXEMPT_NETWORKS="198.51.100.0/24,2001:db8::/32"
    )
    for address in ("198.51.100.7", "2001:db8::1"):
        assert [
            (answer.status_code, limit_headers(answer))
            for answer in (client.get(READ_PATH, headers=from_address(address)) for _ in range(3))
        ] == [(200, {})] * 3
    assert [client.get(READ_PATH).status_code for _ in range(2)] == [200, 429]


def test_limits_that_are_off_leave_no_trace(limited):
    client = limited(RATE_LIMITS="false", RATE_LIMIT_READ="1/minute")
    answers = [client.get(READ_PATH) for _ in range(3)]
    assert [(answer.status_code, limit_headers(answer)) for answer in answers] == [(200, {})] * 3
    assert "rate_limits" not in client.get("/api/v1/health").get_json()["services"]


def test_health_reports_the_storage_memory(limited):
    assert health_part(limited()) == {"status": "up", "healthy": True, "storage": "memory"}


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("10.1.2.3", None),
        ("::ffff:10.1.2.3", None),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_key_that_an_address_is_counted_by(address, counted_as):
    exempt = TelemetryConfig.from_env({"TELEMETRY_TRUSTED_PROXIES": "10.0.0.0/8"}).trusted_proxies
    assert counted_address(address, exempt) == counted_as
