"""Negotiation of the text format for a scraper.

prometheus_client itself decides, so that a scraper gets the same format from both; nothing is
rendered here.
"""

from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector


@dataclass(frozen=True, slots=True)
class Format:
    """The format of one response to a scraper.

    Args:
        content_type: Of the response.
        encoder: prometheus_client's renderer for it, with the escaping that was negotiated.
        openmetrics: With exemplars, and ``# EOF`` at the end.
        keeps_plain_names: A name of letters, digits and underscores is written as it is; the
            escapings "dots" and "values" change it.
    """

    content_type: str
    encoder: Callable[[Collector], bytes]
    openmetrics: bool
    keeps_plain_names: bool


def choose_format(accept: str) -> Format:
    """Negotiate as prometheus_client does: the first type that it can serve, whatever its weight.

    Args:
        accept: The ``Accept`` header, or an empty string.

    Returns:
        OpenMetrics when that comes first, else a Prometheus text format.
    """
    try:
        encoder, content_type = choose_encoder(accept)
    except TypeError:  # its comparison of versions fails on one such as "version=x"
        encoder, content_type = choose_encoder("")
    return Format(
        content_type=content_type,
        encoder=encoder,
        openmetrics=content_type.startswith("application/openmetrics-text"),
        keeps_plain_names=not content_type.endswith(("escaping=dots", "escaping=values")),
    )
