"""The companion under gunicorn: a hundred calls that hang leave the rest of the service alone, and
a silent client that goes is noticed.
"""

import json
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.e2e.observing import wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

CALLS = 100
"""The default number of places."""
_HOUR = "3600"
NOT_GIVEN_UP = {
    f"COMPANION_{what}_SECONDS": _HOUR
    for what in ("FIRST_BYTE_TIMEOUT", "ANSWER_TIMEOUT", "HEARTBEAT")
}
"""A model that hangs is waited for, and nothing is sent to a client meanwhile."""
PATIENT = {
    f"MONGODB_{what}_TIMEOUT_SECONDS": str(PATIENCE_SECONDS) for what in ("SOCKET", "WAIT_QUEUE")
}
"""A hundred answers come at once, and each is kept."""


@pytest.fixture
def service(own_stack, serve):
    """One worker on a database and a model of its own."""
    for name in ("mongodb", "model"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    service = serve(own_stack, NOT_GIVEN_UP | PATIENT)
    own_stack.seed("service")
    return service


def behave(service, **behaviour) -> None:
    """Tell the model how to be."""
    root = service.stack.url("model").removesuffix("/v1")
    requests.put(f"{root}/behaviour", json=behaviour, timeout=PATIENCE_SECONDS).raise_for_status()


def token(service) -> str:
    """An access token of a new member."""
    account = {"email": "ada@serene-mail.com", "password": "a long enough password", "name": "Ada"}
    auth = f"{service.url}/api/v1/auth"
    requests.post(f"{auth}/register", json=account, timeout=PATIENCE_SECONDS).raise_for_status()
    del account["name"]
    return str(
        requests.post(f"{auth}/login", json=account, timeout=PATIENCE_SECONDS).json()[
            "access_token"
        ]
    )


def asking(service, token: str, *, stream: bool) -> socket.socket:
    """A connection on which a message was sent, and no answer was read."""
    content = json.dumps({"message": "hello", "stream": stream}).encode()
    head = (
        f"POST /api/v1/companion/messages HTTP/1.1\r\nHost: serene\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    connection = socket.create_connection(
        ("127.0.0.1", service.stack.port("service")), PATIENCE_SECONDS
    )
    connection.sendall(head.encode() + content)
    return connection


def under_way(service) -> float:
    """Calls of the model that the worker has under way."""
    return service.scrape().total("serene_companion_calls")


def read(service, times: int = 200) -> set[int]:
    """Read a page of the blog again and again; gives the statuses."""
    with requests.Session() as session:
        return {
            session.get(
                f"{service.url}/api/v1/blog/posts?limit=1", timeout=PATIENCE_SECONDS
            ).status_code
            for _ in range(times)
        }


def test_a_hundred_calls_that_hang_hold_nothing_that_others_need(service):
    behave(service, fault="hang")
    access = token(service)
    with ThreadPoolExecutor(10) as pool:
        hanging = list(
            pool.map(lambda number: asking(service, access, stream=number % 2 == 0), range(CALLS))
        )
    wait_for(lambda: under_way(service) == CALLS, PATIENCE_SECONDS, "a hundred calls under way")

    # Each would wait for a connection until it is given up, if a call that hangs held one;
    # test_companion_waits.py measures how long.
    assert read(service) == {200}
    assert under_way(service) == CALLS
    refused = requests.post(
        f"{service.url}/api/v1/companion/messages",
        json={"message": "hello"},
        headers={"Authorization": f"Bearer {access}"},
        timeout=PATIENCE_SECONDS,
    )
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
    behave(service, fault="")
    wait_for(lambda: under_way(service) == 0, PATIENCE_SECONDS, "the end of all of them")
    answers = {connection.recv(12) for connection in hanging}
    for connection in hanging:
        connection.close()
    assert answers == {b"HTTP/1.1 200"}


def test_a_client_that_leaves_in_silence_is_noticed_without_a_write(service):
    behave(service, fault="hang")
    access = token(service)
    leaving = asking(service, access, stream=True)
    wait_for(lambda: under_way(service) == 1, PATIENCE_SECONDS, "the call under way")
    leaving.close()
    # Nothing is written that could fail: only looking at the connection tells.
    wait_for(lambda: under_way(service) == 0, PATIENCE_SECONDS, "the end of the call")
    assert service.scrape().total("serene_companion_seconds_count", result="disconnected") == 1
