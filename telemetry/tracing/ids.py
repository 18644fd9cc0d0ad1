"""Ids of spans and traces: the trace of a request is named by its request id.

``X-Request-ID`` without its dashes is the trace id, so either can be derived from the other.
Outside of a request ids are random.
"""

from random import getrandbits

from opentelemetry.sdk.trace.id_generator import IdGenerator

from telemetry.requests.record import current_record


class RequestIdGenerator(IdGenerator):
    """Ids for spans without a parent; the SDK asks for a trace id only then.

    Python's shared generator is enough (ids are no secrets) and is seeded anew in a forked child.
    """

    def generate_span_id(self) -> int:
        """64 random bits, never zero."""
        return getrandbits(64) or 1

    def generate_trace_id(self) -> int:
        """The trace id of the request of this greenlet, else 128 random bits; never zero."""
        record = current_record()
        return (int(record.trace_id, 16) if record is not None else 0) or getrandbits(128) or 1

    def is_trace_id_random(self) -> bool:
        """True: a version 4 UUID fixes bits only above the low 56.

        Source: W3C Trace Context, level 2, section 3.2.2.5.
        """
        return True
