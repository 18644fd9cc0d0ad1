"""The pool's gauges tell what the operating system sees, also while clients wait and after they are killed."""

import psutil
import pytest
import requests

pytestmark = pytest.mark.e2e

POOL_SIZE = 10
CLIENTS = 40
LATENCY_SECONDS = 1.5
INSTANTS = 10


@pytest.fixture
def slow_database(own_stack):
    """The URL of a MongoDB whose every answer takes a while, so that the pool is exhausted."""
    for name in ("mongodb", "toxiproxy"):
        own_stack.start(name)
        own_stack.wait_ready(name)
    upstream = own_stack.port("mongodb")
    proxy = {"name": "mongodb", "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{upstream}", "enabled": True}
    made = requests.post(f"{own_stack.url('toxiproxy')}/proxies", json=proxy, timeout=10)
    made.raise_for_status()
    return made.json()["listen"]


def make_slow(stack):
    toxic = {"type": "latency", "stream": "downstream", "attributes": {"latency": int(LATENCY_SECONDS * 1000)}}
    requests.post(f"{stack.url('toxiproxy')}/proxies/mongodb/toxics", json=toxic, timeout=10).raise_for_status()


def sockets_to(pid, port):
    """The local ports of a process's established connections to ``port``."""
    return {
        connection.laddr.port
        for connection in psutil.Process(pid).net_connections(kind="tcp")
        if connection.raddr and connection.raddr.port == port and connection.status == psutil.CONN_ESTABLISHED
    }


def worker_of(service):
    (worker,) = [child for child in psutil.Process(service.process.pid).children() if "gunicorn" in " ".join(child.cmdline())]
    return worker.pid


def pool(scrape):
    state = {
        labels["db_client_connection_state"]: value
        for name, labels, value in ((s.name, s.labels, s.value) for s in scrape.samples)
        if name == "db_client_connection_count"
    }
    return {**state, "pending": scrape.total("db_client_connection_pending_requests")}
