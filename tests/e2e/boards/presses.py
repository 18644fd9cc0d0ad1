"""The faults that the boards' tests press, in an order in which each can still be counted."""

import json
import os
import random
import signal
import socket
import time
from collections.abc import Callable

import gevent
import psutil
import requests

from tests.e2e.accounts import new_member, new_staff
from tests.e2e.boards.stand import CROWD, VISITOR, Stand, send_bytes, wait_for_scrapes
from tests.e2e.load import Load
from tests.e2e.polling import poll

ROUTE = "/api/v1/blog/posts"


def slow_mongodb(stand: Stand) -> None:
    """Delay MongoDB's answers, with more requests than its pool has connections."""
    stand.delay("mongodb", 350)
    with Load(stand.url, [ROUTE], clients=24, pause_seconds=0, keep_alive=False):
        gevent.sleep(8)
        stand.post("/test/kill-half")
    stand.heal()


def dead_mongodb(stand: Stand) -> None:
    """Cut the way to MongoDB until its evidence is stale, and upload a file."""
    member = poll(lambda: new_member(stand.url), what="a member")
    stand.cut("mongodb")
    with Load(stand.url, [ROUTE], clients=4, pause_seconds=0.1):
        for _ in range(3):
            file = {"file": ("note.txt", b"A quiet hour.", "text/plain")}
            requests.post(
                f"{stand.url}/api/v1/files", files=file, headers=member.headers, timeout=60
            )
        gevent.sleep(6)
    stand.heal()
    poll(lambda: stand.get(ROUTE) == 200, what="MongoDB is reached again")


def blocked_hub(stand: Stand) -> None:
    """Hold the hub of each worker while other requests wait."""
    with Load(stand.url, [ROUTE], clients=4, pause_seconds=0.05, keep_alive=False):
        for _ in range(8):
            stand.get("/test/hold/0.4")


def bad_clients(stand: Stand) -> None:
    """Leave, send nonsense, be slow, and open too many connections."""
    head = f"Host: {VISITOR}\r\n\r\n".encode()
    for _ in range(4):
        send_bytes(stand.stack, b"GET /test/stream/5.0 HTTP/1.1\r\n" + head, wait_seconds=0.3)
        send_bytes(stand.stack, b"no request\r\n\r\n", wait_seconds=2)
        send_bytes(stand.stack, b"GET / HT", wait_seconds=3)
    crowd = []
    for _ in range(120):
        address = ("127.0.0.1", stand.stack.port("service"))
        connection = socket.create_connection(address, 10, source_address=(CROWD, 0))
        connection.sendall(b"GET / HTTP/1.1\r\n")  # an idle one would make room
        crowd.append(connection)
    time.sleep(2)
    for connection in crowd:
        connection.close()
    for _ in range(4):
        upload_slowly(stand)


def upload_slowly(stand: Stand) -> None:
    """Send a request whose body comes a second after its head."""
    head = b"POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    head += b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n"
    with socket.create_connection(("127.0.0.1", stand.stack.port("service")), 30) as connection:
        connection.sendall(head)
        time.sleep(1)
        connection.sendall(b"{}")
        connection.recv(200)


def refused_visitors(stand: Stand) -> None:
    """Log in too often, show no valid token, and forge a webhook event."""
    for _ in range(30):
        body = json.dumps({"email": "a@serene-mail.com", "password": "wrong"}).encode()
        head = (
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        send_bytes(stand.stack, head.encode() + body, wait_seconds=10, address=VISITOR)
    token = {"Authorization": "Bearer no.such.token"}
    requests.get(f"{stand.url}/api/v1/files", headers=token, timeout=30)
    requests.post(f"{stand.url}/api/v1/payments/webhook", data=b"{}", timeout=30)


def broken_code(stand: Stand) -> None:
    """Raise where nothing handles it, in a request, in a greenlet and inside of telemetry."""
    stand.post("/test/raise-in-greenlet")
    stand.post("/test/telemetry-error")
    with Load(stand.url, ["/test/raise"], clients=12, pause_seconds=0):
        gevent.sleep(5)


def authors(stand: Stand) -> None:
    """Write a post; demo traffic knows no author's password."""
    session, _ = poll(lambda: new_staff(stand.stack, "author"), what="an author")
    draft = {"title": "A quiet hour", "category": "sleep", "body": "Nothing happens."}
    session.post(f"{stand.url}{ROUTE}", json=draft, timeout=60)


def dead_neighbours(stand: Stand) -> None:
    """Stop the model and the payment provider for a while, and write to the companion."""
    member = poll(lambda: new_member(stand.url), what="a member")
    url = f"{stand.url}/api/v1/companion/messages"
    with stand.without("model", 25), stand.without("stripe-mock", 25):
        for _ in range(4):
            requests.post(url, json={"message": "Hello"}, headers=member.headers, timeout=60)


def dead_backends(stand: Stand) -> None:
    """Stop Tempo and Loki for longer than the Collector tries."""
    with stand.without("tempo", 20), stand.without("loki", 20):
        pass


def dead_prometheus(stand: Stand) -> None:
    """Stop Prometheus for longer than the Collector tries."""
    with stand.without("prometheus", 30):
        pass
    wait_for_scrapes(stand)  # of the Collector's counters, which end with it when it is stopped


def too_old_line(stand: Stand) -> None:
    """Write a line that Loki refuses because of its time."""
    line = {"time": "2020-01-01T00:00:00Z", "level": "INFO", "message": "too old"}
    with stand.stack.log_path("service").open("a") as log:
        log.write(json.dumps(line | {"service": "serene", "instance": "host/9"}) + "\n")


def too_large_trace(stand: Stand) -> None:
    """Send a trace of more bytes than Tempo stores of one."""
    trace_id = random.randbytes(16).hex()
    spans = [
        {
            "traceId": trace_id,
            "spanId": random.randbytes(8).hex(),
            "name": "large",
            "startTimeUnixNano": str(time.time_ns()),
            "endTimeUnixNano": str(time.time_ns()),
            "attributes": [{"key": "text", "value": {"stringValue": "x" * 20_000}}],
        }
        for _ in range(300)
    ]
    body = {"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}
    url = f"{stand.stack.url('collector')}/v1/traces"
    requests.post(url, json=body, timeout=60).raise_for_status()


def full_disk(stand: Stand) -> None:
    """Lose log lines of each worker for lack of space."""
    stand.post("/test/full-disk")


def no_way_to_the_collector(stand: Stand) -> None:
    """Cut the workers' way to the Collector, which goes on to scrape them."""
    stand.cut("collector")
    with Load(stand.url, ["/test/raise", ROUTE], clients=6, pause_seconds=0.02):
        gevent.sleep(12)
    stand.heal()


def dead_collector(stand: Stand) -> None:
    """Stop the Collector for longer than the workers' queues hold."""
    with (
        stand.without("collector", 20),
        Load(stand.url, ["/test/raise", ROUTE], clients=6, pause_seconds=0.05),
    ):
        gevent.sleep(20)


def ended_workers(stand: Stand) -> None:
    """Kill one worker, and drain the other one with requests in flight."""
    pid = stand.stack.pid("service")
    assert pid is not None
    first, second = workers_of(pid)
    # gunicorn would have replaced it before the next scrape.
    os.kill(pid, signal.SIGSTOP)
    os.kill(first, signal.SIGKILL)
    time.sleep(12)
    os.kill(pid, signal.SIGCONT)
    poll(lambda: first not in workers_of(pid), what="the killed worker has gone")
    with Load(stand.url, ["/test/sleep/3.0"], clients=6, pause_seconds=0, keep_alive=False):
        gevent.sleep(1)
        os.kill(second, signal.SIGTERM)
        gevent.sleep(4)
    poll(lambda: second not in workers_of(pid), what="the drained worker has gone")
    poll(lambda: len(workers_of(pid)) == 2 and stand.get(ROUTE) == 200, what="both workers run")


def workers_of(pid: int) -> list[int]:
    """Return the process ids of gunicorn's workers."""
    return sorted(child.pid for child in psutil.Process(pid).children())


WITHOUT_RESTARTS: tuple[Callable[[Stand], None], ...] = (
    authors,
    slow_mongodb,
    dead_mongodb,
    blocked_hub,
    bad_clients,
    refused_visitors,
    broken_code,
    dead_neighbours,
    no_way_to_the_collector,
    full_disk,
    too_old_line,
    too_large_trace,
    dead_backends,
)
"""Faults after which every counter of losses is still the one of the same process."""
WITH_RESTARTS: tuple[Callable[[Stand], None], ...] = (
    dead_prometheus,
    dead_collector,
    ended_workers,
)


def press(stand: Stand, faults: tuple[Callable[[Stand], None], ...]) -> None:
    """Press faults one after the other, and wait until what they did has been stored."""
    for fault in faults:
        fault(stand)
    wait_for_scrapes(stand)
