"""Under which names the management port shows what, and what OPTIONS answers there."""

import pytest

from telemetry.management.endpoint import Management
from telemetry.management.protocol import Request
from tests.telemetry.management.clients import connect, serving


@pytest.fixture
def management():
    """A management port."""
    with serving() as management:
        yield management


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("", 200),
        ("localhost", 200),
        ("LOCALHOST:9464", 200),
        ("serene.localhost", 200),
        ("127.0.0.1:9464", 200),
        ("192.0.2.1", 200),
        ("[::1]", 200),
        ("[::1]:9464", 200),
        ("evil.test", 421),
        ("evil.test:9464", 421),
        ("localhost.evil.test", 421),
        ("notlocalhost", 421),
        ("127.0.0.1.evil.test:80", 421),
        ("2130706433", 421),
        ("0x7f.1", 421),
    ],
)
def test_debug_is_not_shown_under_a_name_that_an_attacker_can_point_to_the_machine(
    management, host, status
):
    for path in ("/debug/stacks", "/debug/requests"):
        request = Request("GET", path, host, {}, "127.0.0.1", True, False)
        assert Management._handle_request(management, request).status == status
    request = Request("GET", "/health/liveness", host, {}, "127.0.0.1", True, False)
    assert Management._handle_request(management, request).status == 200


@pytest.mark.parametrize("path", ["*", "/metrics", "/debug/stacks", "http://localhost"])
def test_options_names_the_methods(management, path):
    client = connect(management)
    sent = f"OPTIONS {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    for _ in range(2):
        status, headers, _ = client.send(sent).answer(body=False)
        assert (status, headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
        assert "Content-Length" not in headers
