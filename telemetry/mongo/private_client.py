"""A client of the layer's own, which takes no connection from a request.

It has no listeners, so that its work is in no gauge, histogram or trace.
"""

from typing import Any, Final

import pymongo

MIN_HEARTBEAT_SECONDS: Final = 0.5
"""pymongo's lower bound."""


def private_client(
    client: "pymongo.MongoClient[Any]", timeout_seconds: float, heartbeat_seconds: float
) -> "pymongo.MongoClient[Any]":
    """Return a client of one connection for the same deployment; it opens no socket yet.

    Args:
        client: The application's client; only its options are used.
        timeout_seconds: Most time of each step: selecting a server, connecting, a response.
        heartbeat_seconds: Time between two heartbeats.
    """
    timeout_milliseconds = max(1, round(timeout_seconds * 1000))
    # Private, and the only way that keeps credentials, TLS and replica set however they were given;
    # a test verifies it.
    return client._duplicate(
        event_listeners=(),
        appname="telemetry",
        connect=False,
        maxPoolSize=1,
        minPoolSize=0,
        timeoutMS=None,
        serverSelectionTimeoutMS=timeout_milliseconds,
        connectTimeoutMS=timeout_milliseconds,
        socketTimeoutMS=timeout_milliseconds,
        waitQueueTimeoutMS=timeout_milliseconds,
        heartbeatFrequencyMS=int(max(MIN_HEARTBEAT_SECONDS, heartbeat_seconds) * 1000),
        # Polling takes one socket instead of two, and its work asks the server anyway.
        serverMonitoringMode="poll",
        # What fails is recorded at once; the next one is the retry.
        retryReads=False,
    )
