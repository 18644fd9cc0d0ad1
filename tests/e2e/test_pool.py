"""The pool's gauges tell what the operating system sees, also while clients wait and after they are
killed.
"""

import psutil
import pytest
import requests

from tests.e2e.load import Load
from tests.e2e.observing import wait_for
from tests.machine import PATIENCE_SECONDS

pytestmark = pytest.mark.e2e

POOL_SIZE = 10
CLIENTS = 40
LATENCY_SECONDS = 2.5
INSTANTS = 10
# Sockets that are no pool's: the client's heartbeat, the evidence client's heartbeat, and the one
# that it looks through.
MONITORS = 3


@pytest.fixture
def slow_database(own_stack):
    """The URL of a MongoDB whose every answer takes a while, so that the pool is exhausted."""
    for name in ("mongodb", "toxiproxy"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    upstream = own_stack.port("mongodb")
    proxy = {
        "name": "mongodb",
        "listen": "127.0.0.1:0",
        "upstream": f"127.0.0.1:{upstream}",
        "enabled": True,
    }
    made = requests.post(f"{own_stack.url('toxiproxy')}/proxies", json=proxy, timeout=60)
    made.raise_for_status()
    return made.json()["listen"]


def make_slow(stack):
    toxic = {
        "type": "latency",
        "stream": "downstream",
        "attributes": {"latency": int(LATENCY_SECONDS * 1000)},
    }
    requests.post(
        f"{stack.url('toxiproxy')}/proxies/mongodb/toxics", json=toxic, timeout=60
    ).raise_for_status()


def sockets_to(pid, port):
    """The local ports of a process's established connections to ``port``."""
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


def waiting_and_holding(service):
    """The ids of the blog requests that are in flight: each holds a connection or waits for one."""
    answer = requests.get(f"{service.management}/debug/requests", timeout=60)
    return {
        request["requestId"]
        for request in answer.json()["requests"]
        if request["route"].startswith("/api/v1/blog")
    }


def consistent_instant(service, pid, port):
    """Pool gauges, sockets and requests of one instant: looked at anew until nothing moved between
    two looks around the scrape.
    """

    def look():
        before = sockets_to(pid, port), waiting_and_holding(service)
        gauges = pool(service.scrape())
        return (
            (gauges, *before)
            if (sockets_to(pid, port), waiting_and_holding(service)) == before
            else None
        )

    return wait_for(look, PATIENCE_SECONDS, "an instant in which nothing moves")


def test_gauges_equal_sockets_and_waiters_and_return_to_0_after_kills(
    own_stack, serve, slow_database
):
    address = slow_database.replace("[::]", "127.0.0.1")
    port = int(address.rpartition(":")[2])
    settings = {
        "MONGODB_URI": f"mongodb://127.0.0.1:{port}/serene",
        "MONGODB_MAX_POOL_SIZE": str(POOL_SIZE),
        "MONGODB_WAIT_QUEUE_TIMEOUT_SECONDS": "120",
        "MONGODB_SOCKET_TIMEOUT_SECONDS": "60",
        "MONGODB_CONNECT_TIMEOUT_SECONDS": "20",
        "HEALTH_INTERVAL_SECONDS": "10",
    }
    service = serve(own_stack, settings)
    wait_for(
        lambda: (
            requests.get(f"{service.url}/api/v1/health/readiness", timeout=60).status_code == 200
        ),
        PATIENCE_SECONDS,
        "ready",
    )
    worker = worker_of(service)
    make_slow(own_stack)

    with Load(
        service.url, ["/api/v1/blog/posts"], clients=CLIENTS, pause_seconds=0, timeout_seconds=240
    ):
        wait_for(
            lambda: pool(service.scrape())["pending"] == CLIENTS - POOL_SIZE,
            PATIENCE_SECONDS,
            "an exhausted pool",
        )
        for _ in range(INSTANTS):
            gauges, sockets, in_flight = consistent_instant(service, worker, port)
            assert (
                gauges["used"] + gauges["idle"] + gauges["establishing"] == len(sockets) - MONITORS
            )
            assert gauges["used"] == POOL_SIZE
            assert gauges["pending"] == len(in_flight) - POOL_SIZE
            assert len(in_flight) == CLIENTS
        # One client's request is killed for every other one: they fail, their connections and
        # places in the queue come back.
        killed = requests.post(f"{service.url}/test/kill-half", timeout=60).json()
        assert killed == {"killed": CLIENTS // 2, "left": CLIENTS // 2}
        gauges, sockets, in_flight = consistent_instant(service, worker, port)
        assert gauges["used"] + gauges["idle"] + gauges["establishing"] == len(sockets) - MONITORS
        assert gauges["pending"] == len(in_flight) - gauges["used"]

    wait_for(
        lambda: (now := pool(service.scrape()))["pending"] == 0 and now["used"] == 0,
        PATIENCE_SECONDS,
        "gauges at 0",
    )
    gauges, sockets, _ = consistent_instant(service, worker, port)
    assert gauges["idle"] + gauges["establishing"] == len(sockets) - MONITORS
    assert service.scrape().total("telemetry_errors_total") == 0
