"""The last section of the Service board: can its numbers be believed."""

from dashboards.heads import trust as heads
from dashboards.layout import Band, Section
from dashboards.panels import Series, lines, stacked
from dashboards.queries import collector
from dashboards.queries import service as ask

_WORKER = "worker {{service_instance_id}}"


def trust() -> Section:
    """Telemetry's own health, ours and the Collector's."""
    return Section(
        "Can this board be believed?",
        (
            Band(
                7,
                (
                    stacked(heads.TRUST_SPANS, Series(ask.SPANS, "{{decision}}")),
                    lines(heads.TRUST_DROPPED, Series(ask.SPANS_DROPPED, "{{reason}}")),
                    lines(heads.TRUST_EXPORT, Series(ask.EXPORT_P95, "{{result}}")),
                    lines(heads.TRUST_QUEUE, Series(ask.QUEUE, _WORKER)),
                ),
            ),
            Band(
                7,
                (
                    lines(heads.TRUST_ERRORS, Series(ask.ERRORS, "{{where}}")),
                    lines(heads.TRUST_LOST, Series(ask.LOG_LINES_DROPPED, "{{reason}}")),
                    lines(
                        heads.TRUST_SENT,
                        Series(collector.SPANS_ACCEPTED, "accepted"),
                        Series(collector.SPANS_SENT, "sent"),
                        Series(collector.SPANS_FAILED, "failed"),
                    ),
                    lines(
                        heads.TRUST_POINTS,
                        Series(collector.POINTS_SENT, "sent"),
                        Series(collector.POINTS_FAILED, "failed"),
                    ),
                ),
            ),
        ),
    )
