"""Security headers: on every response, overridable by a route, HSTS in production only."""

import pytest

from service.http.middleware.security_headers import (
    CONTENT_POLICY,
    HEADERS,
    PAGE_CONTENT_POLICY,
    STRICT_TRANSPORT,
)
from tests.service.test_settings import PRODUCTION

ALL = {*HEADERS, "Content-Security-Policy", "Strict-Transport-Security"}


def sent(response):
    return {name: value for name, value in response.headers.items() if name in ALL}


@pytest.mark.parametrize(
    ("method", "path", "status", "policy"),
    [
        ("GET", "/api/v1/posts", 200, CONTENT_POLICY),
        ("GET", "/api/v1/page", 200, PAGE_CONTENT_POLICY),
        ("GET", "/api/v1/own-headers", 200, "default-src 'self'"),
        ("GET", "/api/v1/events", 200, CONTENT_POLICY),
        ("GET", "/nothing", 404, CONTENT_POLICY),
        ("DELETE", "/api/v1/posts", 405, CONTENT_POLICY),
        ("OPTIONS", "/api/v1/json", 200, PAGE_CONTENT_POLICY),
    ],
)
def test_every_response_has_all_headers(client, method, path, status, policy):
    response = client.open(path, method=method)
    assert (response.status_code, sent(response)) == (
        status,
        HEADERS | {"Content-Security-Policy": policy},
    )


def test_table_has_the_required_headers():
    assert HEADERS.keys() == {
        "X-Frame-Options",
        "X-Content-Type-Options",
        "X-XSS-Protection",
        "Referrer-Policy",
        "Permissions-Policy",
        "X-Powered-By",
    }


def test_only_production_sends_hsts(client_of):
    response = client_of(**PRODUCTION).get("/api/v1/posts")
    assert response.headers["Strict-Transport-Security"] == STRICT_TRANSPORT


def test_security_headers_that_are_off_are_not_sent(client_of):
    assert sent(client_of(SECURITY_HEADERS="false").get("/api/v1/posts")) == {}
