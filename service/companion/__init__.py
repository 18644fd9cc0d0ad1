"""The AI companion's model behind its guards: time-outs, a circuit breaker, a bulkhead; and what it
never decides: crisis messages.

Nothing here knows HTTP of ours, and nothing here talks to the database.
"""

from service.companion.crisis import Crisis, HelpLine
from service.companion.failures import (
    CircuitOpen,
    ModelFailed,
    ModelLimited,
    ModelTimedOut,
    ModelUnavailable,
    Result,
    TooManyCalls,
)
from service.companion.heartbeat import ReaderLeft, with_silences
from service.companion.language_model import Model, Said

__all__ = [
    "CircuitOpen",
    "Crisis",
    "HelpLine",
    "Model",
    "ModelFailed",
    "ModelLimited",
    "ModelTimedOut",
    "ModelUnavailable",
    "ReaderLeft",
    "Result",
    "Said",
    "TooManyCalls",
    "with_silences",
]
