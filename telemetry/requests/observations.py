"""Observations of a request that wait for its end, so that their exemplars resolve.

Whether a trace is kept is decided when its request has ended. A histogram that is observed before
could only guess, and its exemplar might name a trace that nobody has.
"""

from prometheus_client import Histogram

from telemetry.metrics import observe_traced
from telemetry.requests.record import RequestRecord, current_record


class Observations:
    """The sink that makes the observations of a completed request."""

    def observe(self, histogram: Histogram, value: float) -> None:
        """Observe a value when the present request has ended, with an exemplar if it is kept.

        Outside of a request it is observed at once, without an exemplar.

        Args:
            histogram: Without labels, or the child for their values.
            value: In the histogram's unit.
        """
        record = current_record()
        if record is None or record.outcome is not None:
            histogram.observe(value)
        else:
            observed = record.observed
            if observed is None:
                observed = record.observed = []
            observed.append((histogram, value))

    def __call__(self, record: RequestRecord) -> None:
        """Make those of one request; it is completed."""
        observed, record.observed = record.observed, None
        trace_id = record.trace_id if record.sampled else ""
        for histogram, value in observed or ():
            observe_traced(histogram, value, trace_id)
