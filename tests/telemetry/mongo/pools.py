"""Helpers for tests of connection pools: load, and a listener that records what it forwards."""

import contextlib

import gevent
import pytest
from pymongo import monitoring
from pymongo.errors import AutoReconnect, WaitQueueTimeoutError

# pymongo leaves the socket of a greenlet that is killed while it connects to the garbage collector.
kills_many = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")


class RecordingListener(monitoring.ConnectionPoolListener):
    """Records the names of events and forwards them; ``inside`` is the greenlet that does so."""

    def __init__(self, listener):
        self.listener = listener
        self.inside = None
        self.names = []

    def __getattribute__(self, name):
        if not name.startswith(("pool_", "connection_")):
            return object.__getattribute__(self, name)

        def forward(event):
            self.names.append(name)
            if self.listener is not None:
                self.inside = gevent.getcurrent()
                getattr(self.listener, name)(event)
                self.inside = None

        return forward


def read_for_ever(client):
    while True:
        with contextlib.suppress(
            AutoReconnect, WaitQueueTimeoutError
        ):  # a test may stop the server
            client.test.pool.find_one({"_id": 1})
