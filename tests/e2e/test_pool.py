"""The pool's gauges agree with the operating system's sockets, also while clients wait and after
their requests are killed.
"""

import psutil
import pytest
import requests

from tests.e2e.load import Load
from tests.e2e.polling import poll

pytestmark = pytest.mark.e2e

POOL_SIZE = 10
CLIENTS = 40
LATENCY_SECONDS = 2.5
INSTANTS = 10
# Sockets of no pool: the heartbeats of the client and of the health check's client, and the
# connection of its checks. Plans would take a client more, once a command is slow.
MONITORS = 3
SETTINGS = {
    "MONGODB_MAX_POOL_SIZE": str(POOL_SIZE),
    "MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS": "120",
    "MONGODB_SOCKET_TIMEOUT_SECONDS": "60",
    "MONGODB_CONNECT_TIMEOUT_SECONDS": "20",
    "HEALTH_INTERVAL_SECONDS": "10",
    "TELEMETRY_MONGO_EXPLAIN": "off",
}


@pytest.fixture
def slow_database(own_stack):
    """The port of the proxy in front of MongoDB, which can delay its responses."""
    for name in ("mongodb", "toxiproxy"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    return own_stack.port("toxiproxy", "mongodb")


def delay_responses(stack):
    """Delay every response of the database, so that the pool is exhausted."""
    toxic = {
        "type": "latency",
        "stream": "downstream",
        "attributes": {"latency": int(LATENCY_SECONDS * 1000)},
    }
    requests.post(
        f"{stack.url('toxiproxy')}/proxies/mongodb/toxics", json=toxic, timeout=60
    ).raise_for_status()


def sockets_to(pid, port):
    """Return the local ports of a process's established connections to ``port``."""
    return {
        connection.laddr.port
        for connection in psutil.Process(pid).net_connections(kind="tcp")
        if connection.raddr
        and connection.raddr.port == port
        and connection.status == psutil.CONN_ESTABLISHED
    }


def worker_of(service):
    (worker,) = [
        child
        for child in psutil.Process(service.process.pid).children()
        if "gunicorn" in " ".join(child.cmdline())
    ]
    return worker.pid


def pool(scrape):
    state = {
        labels["db_client_connection_state"]: value
        for name, labels, value in ((s.name, s.labels, s.value) for s in scrape.samples)
        if name == "db_client_connection_count"
    }
    return {**state, "pending": scrape.total("db_client_connection_pending_requests")}


def blog_requests(service):
    """Return the ids of the blog requests in flight: each holds a connection or waits for one."""
    response = requests.get(f"{service.management}/debug/requests", timeout=60)
    return {
        request["requestId"]
        for request in response.json()["requests"]
        if request["route"].startswith("/api/v1/blog")
    }


def consistent_instant(service, pid, port):
    """Return the pool's gauges, the sockets and the requests of one instant.

    Polls until sockets and requests are the same before and after the scrape.
    """

    def unchanged():
        before = sockets_to(pid, port), blog_requests(service)
        gauges = pool(service.scrape())
        return (
            (gauges, *before) if (sockets_to(pid, port), blog_requests(service)) == before else None
        )

    return poll(unchanged, what="an instant without a change")


def check_open_connections(gauges, sockets):
    """The gauges count every socket of the pool."""
    open_connections = gauges["used"] + gauges["idle"] + gauges["establishing"]
    assert open_connections == len(sockets) - MONITORS


def check_exhausted_pool(service, worker, port):
    """Every connection is used, and the other clients wait, at ``INSTANTS`` instants."""
    poll(lambda: pool(service.scrape())["pending"] == CLIENTS - POOL_SIZE, what="an exhausted pool")
    for _ in range(INSTANTS):
        gauges, sockets, in_flight = consistent_instant(service, worker, port)
        check_open_connections(gauges, sockets)
        assert gauges["used"] == POOL_SIZE
        assert gauges["pending"] == len(in_flight) - POOL_SIZE
        assert len(in_flight) == CLIENTS


def check_killed_requests(service, worker, port):
    """Every second request is killed: its connection or its place in the queue is released."""
    killed = requests.post(f"{service.url}/test/kill-half", timeout=60).json()
    assert killed == {"killed": CLIENTS // 2, "left": CLIENTS // 2}
    gauges, sockets, in_flight = consistent_instant(service, worker, port)
    check_open_connections(gauges, sockets)
    assert gauges["pending"] == len(in_flight) - gauges["used"]


def check_idle_pool(service, worker, port):
    """No connection is used and nothing waits for one."""
    poll(
        lambda: (now := pool(service.scrape()))["pending"] == 0 and now["used"] == 0,
        what="gauges at 0",
    )
    gauges, sockets, _ = consistent_instant(service, worker, port)
    assert gauges["idle"] + gauges["establishing"] == len(sockets) - MONITORS
    assert service.scrape().total("telemetry_errors_total") == 0


def test_gauges_equal_sockets_and_waiting_requests_and_return_to_0_after_kills(
    own_stack, serve, slow_database
):
    port = slow_database
    service = serve(own_stack, SETTINGS)
    readiness = f"{service.url}/api/v1/health/readiness"
    poll(lambda: requests.get(readiness, timeout=60).status_code == 200, what="ready")
    worker = worker_of(service)
    delay_responses(own_stack)

    with Load(
        service.url, ["/api/v1/blog/posts"], clients=CLIENTS, pause_seconds=0, timeout_seconds=240
    ):
        check_exhausted_pool(service, worker, port)
        check_killed_requests(service, worker, port)

    check_idle_pool(service, worker, port)
