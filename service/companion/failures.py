"""Failures of calls of the language model; none contains text of the model or of a member."""

from http import HTTPStatus
from typing import ClassVar, Literal

Result = Literal[
    "answered", "streamed", "crisis", "timeout", "error", "rejected", "circuit_open", "disconnected"
]
"""Outcome of a message; label of its metric. ``crisis`` when help lines were sent, whatever the
outcome of the model's call.
"""


Reason = Literal[
    "key", "quota", "model", "url", "context", "stream_options", "version", "request", ""
]
"""What is wrong with a request; empty when the same request may succeed another time."""


class ModelUnavailable(Exception):
    """The model's reply is missing or incomplete.

    Args:
        detail: One sentence for people.
        reason: What is wrong with the request, for the log.
        retry_after_seconds: Time until a retry makes sense; 0 when it is unknown.
    """

    result: ClassVar[Result] = "error"

    def __init__(
        self, detail: str, *, reason: Reason = "", retry_after_seconds: float = 0.0
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class TooManyCalls(ModelUnavailable):
    """The worker's limit on concurrent calls is reached."""

    result = "rejected"


class CircuitOpen(ModelUnavailable):
    """The circuit is open after repeated failures, so no call is made."""

    result = "circuit_open"


class ModelTimedOut(ModelUnavailable):
    """The model exceeded a time-out: to connect, to the first byte, between bytes, or in total."""

    result = "timeout"


class ModelLimited(ModelUnavailable):
    """The model's own rate limit rejected the call (its 429)."""


class ModelFailed(ModelUnavailable):
    """The model returned an error, an invalid or incomplete reply, or its connection broke.

    Args:
        detail: One sentence for people.
        status: HTTP status of its response; 0 when there was none, or it was a success.
        reason: What is wrong with the request, for the log.
        retry_after_seconds: Time until a retry makes sense; 0 when it is unknown.
    """

    def __init__(
        self,
        detail: str,
        *,
        status: int = 0,
        reason: Reason = "",
        retry_after_seconds: float = 0.0,
    ) -> None:
        super().__init__(detail, reason=reason, retry_after_seconds=retry_after_seconds)
        self.status = status


class ModelDeclined(ModelFailed):
    """The model ended its reply as it should, and the reply has no text.

    So do content filters, and models that use all of their tokens for their reasoning.
    """


def is_failure_of_the_model(error: BaseException) -> bool:
    """Return whether an error counts against the model's health.

    A time-out (408 too), a 5xx, a redirect, a broken connection and an invalid or incomplete reply
    do; a rejected request (another 4xx, or an error in the stream that rejects it) and a complete
    reply without text do not.
    """
    if not isinstance(error, ModelFailed):
        return isinstance(error, ModelTimedOut)
    if isinstance(error, ModelDeclined) or error.reason not in ("", "url"):
        return False
    return not 400 <= error.status < 500 or error.status == HTTPStatus.REQUEST_TIMEOUT
