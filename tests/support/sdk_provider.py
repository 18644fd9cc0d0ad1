"""OpenTelemetry's own tracer provider, made safe for a process of tests that fork under gevent.

A fork copies every greenlet of the process, and the child of a ``subprocess`` call lives until its
exec. The SDK runs its resource detectors there, in threads; under gevent that switches to the hub,
and the child continues with other requests: each is served twice.

Source: opentelemetry.sdk.trace.TracerProvider, 1.45.1.
"""

import os
import threading

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.semconv._incubating.attributes.process_attributes import PROCESS_PID


class ForkSafeTracerProvider(TracerProvider):
    """A provider that switches to no other greenlet in a forked child.

    Only the ``process.pid`` of its spans changes there.
    """

    def _handle_fork(self) -> None:
        # The holder of the lock stayed in the parent.
        self._tracers_lock = threading.Lock()
        self._update_resource(Resource({PROCESS_PID: os.getpid()}))
