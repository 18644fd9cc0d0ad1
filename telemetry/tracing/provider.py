"""The SDK's tracer provider, made safe to fork under gevent.

A fork copies every greenlet of the process, and the child of a ``subprocess`` call lives on until
its exec. The SDK asks its resource detectors there, in threads; under gevent that hands over to the
hub, and the child goes on with other requests: each is served twice.

Source: opentelemetry.sdk.trace.TracerProvider, 1.45.1.
"""

import os
import threading

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.semconv._incubating.attributes.process_attributes import PROCESS_PID


class ForkSafeTracerProvider(TracerProvider):
    """Does nothing in a forked child that could hand over to another greenlet; only its spans'
    ``process.pid`` changes.
    """

    def _handle_fork(self) -> None:
        # Whoever held the lock was left in the parent.
        self._tracers_lock = threading.Lock()
        self._update_resource(Resource({PROCESS_PID: os.getpid()}))
