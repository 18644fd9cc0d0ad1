"""Metrics of the calls of the language model, one observation each; a retry is another call.

Source: OpenTelemetry semantic conventions for generative AI (in development), "Generative AI client
metrics"; in Prometheus spelling.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from service import metrics as business
from telemetry import Telemetry

OPERATION: Final = "chat"
PROVIDER: Final = "openai"
"""The protocol, whichever endpoint implements it."""


class Call:
    """What is known about one call before its end.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.tokens: dict[str, int] = {}
        self.first_text_seconds: float | None = None
        self._clock = clock
        self._began = clock()

    @property
    def seconds(self) -> float:
        """Time since its beginning."""
        return self._clock() - self._began

    def timed(self, pieces: Iterable[str]) -> Iterator[str]:
        """Yield the pieces of its reply, and keep the time of the first."""
        for piece in pieces:
            if self.first_text_seconds is None:
                self.first_text_seconds = self.seconds
            yield piece


class CallMetrics:
    """The metrics of one model.

    Args:
        telemetry: Where they are registered; adds exemplars.
        model: Name of the model.
        clock: Monotonic seconds.
    """

    def __init__(self, telemetry: Telemetry, model: str, clock: Callable[[], float]) -> None:
        self._labels = (OPERATION, PROVIDER, model)
        self._clock = clock
        self._observe = telemetry.observe
        self._duration = telemetry.metrics.histograms(business.GEN_AI_DURATION)
        self._first_chunk = telemetry.metrics.histograms(business.GEN_AI_FIRST_CHUNK)
        self._tokens = telemetry.metrics.histograms(business.GEN_AI_TOKENS)

    @contextmanager
    def call(self) -> Iterator[Call]:
        """Observe the body of the block as one call; one that raises is a failed one."""
        call = Call(self._clock)
        error_type = ""
        try:
            yield call
        except BaseException as error:
            error_type = type(error).__name__
            raise
        finally:
            self._observe(self._duration[(*self._labels, error_type)], call.seconds)
            if call.first_text_seconds is not None:
                self._observe(self._first_chunk[self._labels], call.first_text_seconds)
            for kind, count in call.tokens.items():
                self._tokens[(*self._labels, kind)].observe(count)
