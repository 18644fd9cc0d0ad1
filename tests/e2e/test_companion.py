"""The companion under gunicorn: a hundred hanging calls do not affect the rest of the service, and
the disconnect of a silent client is detected.
"""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.e2e.accounts import new_member
from tests.e2e.polling import poll
from tests.support.polling import TIMEOUT_SECONDS

pytestmark = pytest.mark.e2e

CALLS = 100
"""The default limit of concurrent calls."""
_HOUR = "3600"
NO_TIMEOUT = {
    f"COMPANION_{what}_SECONDS": _HOUR
    for what in ("FIRST_BYTE_TIMEOUT", "ANSWER_TIMEOUT", "HEARTBEAT")
}
"""The service waits for a hanging model and sends nothing to its client meanwhile."""
LONG_TIMEOUTS = {
    f"MONGODB_{what}_TIMEOUT_SECONDS": str(TIMEOUT_SECONDS) for what in ("SOCKET", "WAIT_QUEUE")
}
"""A hundred responses arrive at once, and each is stored."""


@pytest.fixture
def service(own_stack, serve):
    """One worker with a database and a model of its own."""
    for name in ("mongodb", "model"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    service = serve(own_stack, NO_TIMEOUT | LONG_TIMEOUTS)
    own_stack.seed("service")
    return service


def set_behaviour(service, **behaviour) -> None:
    """Set the model's behaviour."""
    root = service.stack.url("model").removesuffix("/v1")
    requests.put(f"{root}/behaviour", json=behaviour, timeout=TIMEOUT_SECONDS).raise_for_status()


def send_message(service, token: str, *, stream: bool) -> socket.socket:
    """Send a message; returns the connection, from which nothing is read."""
    content = json.dumps({"message": "hello", "stream": stream}).encode()
    head = (
        "POST /api/v1/companion/messages HTTP/1.1\r\nHost: serene\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    connection = socket.create_connection(
        ("127.0.0.1", service.stack.port("service")), TIMEOUT_SECONDS
    )
    connection.sendall(head.encode() + content)
    return connection


def calls_in_flight(service) -> float:
    """Return the number of calls to the model that are in flight in the worker."""
    return service.scrape().total("serene_companion_calls")


def list_posts(service, times: int = 200) -> set[int]:
    """List posts so many times; returns the statuses."""
    with requests.Session() as session:
        return {
            session.get(
                f"{service.url}/api/v1/blog/posts?limit=1", timeout=TIMEOUT_SECONDS
            ).status_code
            for _ in range(times)
        }


def test_hundred_hanging_calls_leave_the_service_usable(service):
    set_behaviour(service, fault="hang")
    access = new_member(service.url).tokens["access_token"]
    with ThreadPoolExecutor(10) as pool:
        hanging = list(
            pool.map(
                lambda number: send_message(service, access, stream=number % 2 == 0), range(CALLS)
            )
        )
    poll(lambda: calls_in_flight(service) == CALLS, what="a hundred calls in flight")

    # If a hanging call held a connection, these would wait for one until the timeout;
    # test_companion_waits.py measures how long.
    assert list_posts(service) == {200}
    assert calls_in_flight(service) == CALLS
    refused = requests.post(
        f"{service.url}/api/v1/companion/messages",
        json={"message": "hello"},
        headers={"Authorization": f"Bearer {access}"},
        timeout=TIMEOUT_SECONDS,
    )
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    set_behaviour(service, fault="")
    poll(lambda: calls_in_flight(service) == 0, what="the end of all calls")
    status_lines = {connection.recv(12) for connection in hanging}
    for connection in hanging:
        connection.close()
    assert status_lines == {b"HTTP/1.1 200"}


def test_silent_client_disconnect_is_detected_without_a_write(service):
    set_behaviour(service, fault="hang")
    access = new_member(service.url).tokens["access_token"]
    leaving = send_message(service, access, stream=True)
    poll(lambda: calls_in_flight(service) == 1, what="the call in flight")
    leaving.close()
    # No write fails, because nothing is written: only polling the connection detects it.
    poll(lambda: calls_in_flight(service) == 0, what="the end of the call")
    assert service.scrape().total("serene_companion_seconds_count", result="disconnected") == 1
