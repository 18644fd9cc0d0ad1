"""What the Collector says of itself; its series belong to no worker, so the board's variables do
not choose among them.

Its counters have no ``_total``: that is how version 0.160 exposes them.
"""

from dashboards.promql import WINDOW

JOB = 'job="otelcol"'


def _rate(name: str) -> str:
    return f"sum(rate({name}{{{JOB}}}[{WINDOW}]))"


def _rate_or_zero(name: str) -> str:
    # Failures have no series before the first one; while the Collector answers, that is 0.
    return f"{_rate(name)} or on() (0 * count(up{{{JOB}}}))"


SPANS_ACCEPTED = _rate("otelcol_receiver_accepted_spans")
SPANS_SENT = _rate("otelcol_exporter_sent_spans")
SPANS_FAILED = _rate_or_zero("otelcol_exporter_send_failed_spans")
POINTS_SENT = _rate("otelcol_exporter_sent_metric_points")
POINTS_FAILED = _rate_or_zero("otelcol_exporter_send_failed_metric_points")
