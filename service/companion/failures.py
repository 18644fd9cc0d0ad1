"""The ways in which there is no answer of the model. None of them carries a text of the model or of
a member.
"""

from typing import ClassVar, Literal

Result = Literal[
    "answered", "streamed", "crisis", "timeout", "error", "rejected", "circuit_open", "disconnected"
]
"""How a message fared; the label of its metric. ``crisis`` where help lines were given, whatever
the model did.
"""


class ModelUnavailable(Exception):
    """There is no answer, or no whole one.

    Args:
        detail: One sentence for people.
        retry_after_seconds: When it makes sense to ask again; 0 when nobody knows.
    """

    result: ClassVar[Result] = "error"

    def __init__(self, detail: str, *, retry_after_seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class TooManyCalls(ModelUnavailable):
    """This worker has as many calls under way as it may."""

    result = "rejected"


class CircuitOpen(ModelUnavailable):
    """The model failed so often that it is left alone for a while."""

    result = "circuit_open"


class ModelTimedOut(ModelUnavailable):
    """The model took too long: to be reached, to begin, to go on or to end."""

    result = "timeout"


class ModelLimited(ModelUnavailable):
    """The model takes no more requests from us at the moment (its 429)."""


class ModelFailed(ModelUnavailable):
    """The model answered with an error, with nonsense or not to the end, or its connection broke.

    Args:
        detail: One sentence for people.
        status: HTTP status of its answer; 0 when there was none, or it was a good one.
    """

    def __init__(self, detail: str, *, status: int = 0) -> None:
        super().__init__(detail)
        self.status = status


def is_failure_of_the_model(error: BaseException) -> bool:
    """Whether it says that the model is unwell: a time-out, a 5xx, a broken connection, nonsense.
    That it refused us (4xx) does not.
    """
    return isinstance(error, ModelTimedOut) or (
        isinstance(error, ModelFailed) and not 400 <= error.status < 500
    )
