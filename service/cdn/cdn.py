"""Composition of the CDN: rooms purge tags, and know neither vendor nor network."""

from dataclasses import dataclass, field
from typing import Final

from service import metrics as business
from service.cdn.purger import RESULTS, Purger, PurgeResult
from service.cdn.settings import CdnSettings
from service.cdn.vendors import HttpRemover
from telemetry import Telemetry

REPEAT_SECONDS: Final = 5.0
"""Longer than a response is on its way to the CDN."""


@dataclass(frozen=True, slots=True)
class Cdn:
    """What rooms use.

    Args:
        purger: Sends tags; ``None`` without a CDN that takes purges.
    """

    purger: Purger | None = field(default=None)

    def purge(self, *tags: str) -> None:
        """Remove, soon, every copy with one of the tags from the CDN; returns at once."""
        if self.purger is not None:
            self.purger.purge(*tags)


def build(settings: CdnSettings, telemetry: Telemetry, staleness_seconds: float) -> Cdn:
    """Build the CDN of this worker; nothing is sent before telemetry starts.

    Args:
        settings: The vendor, and where it takes purges.
        telemetry: Of this worker.
        staleness_seconds: How old a public read may be.
    """
    if not settings.purges:
        return Cdn()
    purged = telemetry.metrics.counters(business.CDN_PURGES)
    for result in RESULTS:
        purged[(result,)].inc(0)

    def count(result: PurgeResult, tags: int) -> None:
        purged[(result,)].inc(tags)

    remover = HttpRemover(settings, telemetry)
    purger = Purger(
        remover,
        repeat_after_seconds=max(REPEAT_SECONDS, staleness_seconds),
        given_up_after_seconds=settings.cdn_max_age_seconds,
        count=count,
    )
    telemetry.metrics.gauge(business.CDN_WAITING).set_function(lambda: len(purger))
    telemetry.on_start(purger.start)
    telemetry.on_shutdown(purger.stop)
    telemetry.on_shutdown(remover.close)
    return Cdn(purger)
