"""A request that waits for a server waits for a connection, and names the servers."""

import threading

import gevent
import pytest
from pymongo.errors import ServerSelectionTimeoutError

from telemetry.requests.record import set_current_record
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.telemetry.records import record


def waiting_for_server(client, request):
    """A greenlet that serves the request and needs a server."""

    def ask():
        set_current_record(request)
        with pytest.raises(ServerSelectionTimeoutError):
            client.admin.command("ping")

    return gevent.spawn(ask)


def test_wait_for_a_server_has_a_name_until_it_ends(observed):
    port, request = free_port(), record()
    client = observed.connect(f"mongodb://127.0.0.1:{port}", serverSelectionTimeoutMS=600)
    greenlet = waiting_for_server(client, request)
    [wait] = wait_until(lambda: tuple(request.open_waits))
    assert (wait.phase, str(wait.subject)) == ("db_connect", f"a server of 127.0.0.1:{port}")
    greenlet.get(timeout=10)
    assert request.open_waits == []
    assert request.phase_seconds["db_connect"] >= 0.5


def test_kill_ends_the_wait_for_a_server(observed):
    request = record()
    client = observed.connect(f"mongodb://127.0.0.1:{free_port()}", serverSelectionTimeoutMS=9000)
    greenlet = waiting_for_server(client, request)
    wait_until(lambda: request.open_waits)
    greenlet.kill(timeout=10)
    assert request.open_waits == []


def test_condition_of_another_kind_is_left_alone(observed, mongodb_uri):
    class Own(threading.Condition):
        pass

    client = observed.connect(mongodb_uri, connect=False)
    client._topology._condition = Own(client._topology._lock)
    client.admin.command("ping")
    assert type(client._topology._condition) is Own
