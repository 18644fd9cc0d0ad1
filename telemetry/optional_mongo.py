"""MongoDB's part of the layer, loaded where a service asks for it first.

Without pymongo the layer observes everything else; only a call that needs MongoDB raises an error,
and that names the extra. A service without MongoDB does not carry pymongo in its memory either,
which would be more than a third of what the layer takes.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from opentelemetry.trace import TracerProvider

from telemetry import extras
from telemetry.config import TelemetryConfig
from telemetry.debug_page import DebugPage, File, Page, Query
from telemetry.guard import Guard
from telemetry.metrics import Metrics
from telemetry.requests.holders import Holder

if TYPE_CHECKING:
    from telemetry.mongo import MongoTelemetry

EXTRA: Final = "mongo"
PAGES: Final = {"/debug/queries": "Queries", "/debug/pool": "Connection pools"}
"""Titles of its debug pages, by path."""


class OptionalMongo:
    """Makes ``MongoTelemetry`` at the first call that needs it.

    Args:
        config: See ``MongoTelemetry``; so for the others.
        metrics: Where everything is registered.
        guard: Stands around each event and check.
        provider: Makes the spans.

    Attributes:
        made: It, or ``None`` before.
    """

    def __init__(
        self, config: TelemetryConfig, metrics: Metrics, guard: Guard, provider: TracerProvider
    ) -> None:
        self._parts = (config, metrics, guard, provider)
        self.made: MongoTelemetry | None = None

    def holders(self) -> tuple[Holder, ...]:
        """Return who holds connections, from any thread; nobody before it is made."""
        return () if self.made is None else self.made.holders()

    def pages(self) -> Mapping[str, DebugPage]:
        """Return its debug pages, by path; they have nothing to show before it is made."""
        return {path: partial(self._page, path, title) for path, title in PAGES.items()}

    def _page(self, path: str, title: str, query: Query) -> Page | File:
        if self.made is None:
            return Page(title, (), {}, summary="There is no MongoDB client in this process.")
        return self.made.pages()[path](query)

    def make(self, purpose: str) -> "MongoTelemetry":
        """Return it; always the same object.

        Args:
            purpose: What needs it, as the start of a sentence.

        Raises:
            MissingExtraError: The extra is not installed.
        """
        if self.made is None:
            module = extras.load("telemetry.mongo", EXTRA, purpose)
            self.made = cast("MongoTelemetry", module.MongoTelemetry(*self._parts))
        return self.made
