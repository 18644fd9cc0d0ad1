"""MongoDB's part of the layer, or its replacement where the extra ``mongo`` is not installed.

Without pymongo the layer observes everything else; only a call that needs MongoDB raises an error,
and that names the extra.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from opentelemetry.trace import TracerProvider

from telemetry import extras
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.requests.record import RequestRecord

if TYPE_CHECKING:
    from telemetry.mongo import MongoTelemetry

EXTRA: Final = "mongo"


class MissingMongo:
    """Stands in for ``MongoTelemetry``: does nothing, and raises where MongoDB is asked for."""

    last_error: Final = ""
    evidence_age_seconds: Final = None

    def listeners(self) -> NoReturn:
        """Not available.

        Raises:
            MissingExtraError: Always.
        """
        raise extras.missing_extra(EXTRA, "Telemetry.mongo_listeners()")

    # A property: ``Telemetry.watch_mongo`` only binds it, and is where the error belongs.
    @property
    def watch(self) -> Callable[[Any], NoReturn]:
        """Not available.

        Raises:
            MissingExtraError: Always.
        """
        raise extras.missing_extra(EXTRA, "Telemetry.watch_mongo()")

    def settle(self, record: RequestRecord) -> None:
        """A request waits for no connection here."""

    def stop(self) -> None:
        """Nothing runs."""


def mongo_telemetry(
    config: TelemetryConfig, metrics: Metrics, guard: Guard, provider: TracerProvider
) -> "MongoTelemetry":
    """The telemetry of MongoDB clients, where the extra is installed.

    Args:
        config: See ``MongoTelemetry``; so for the others.
        metrics: Where everything is registered.
        guard: Stands around each event and check.
        provider: Makes the spans.
    """
    try:
        module = extras.load("telemetry.mongo", EXTRA, "telemetry.mongo")
    except extras.MissingExtraError:
        return cast("MongoTelemetry", MissingMongo())
    return cast("MongoTelemetry", module.MongoTelemetry(config, metrics, guard, provider))
