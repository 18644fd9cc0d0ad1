"""Requests that may be sent again: the same key and the same request have the same answer, byte for
byte, and one effect.

Kept are answers, not failures of ours: after a 5xx, and where the request is refused for how things
stand (404, 409), the same key may be used again. An answer that is given again says
``Idempotency-Replayed: true``, and a problem in it names the first request.

Source: draft-ietf-httpapi-idempotency-key-header-07: 409 while the first request is in progress,
422 for a key of another request.
"""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from flask import Response, request

from service.http.problems import problem
from service.http.responses import Model
from service.mongo.idempotency import IdempotencyStore, InProgress, OtherRequest, StoredResponse

REPLAYED: Final = "Idempotency-Replayed"
IN_PROGRESS: Final = "urn:serene:problem:request-in-progress"
KEY_REUSED: Final = "urn:serene:problem:idempotency-key-reused"
RETRY_AFTER_SECONDS: Final = 1


class IdempotentOperation:
    """Does the work of a request once.

    Args:
        answers: Where they are kept.
        seconds: How long a request may take before another of its key does the work.
        now: In UTC.
    """

    def __init__(
        self, answers: IdempotencyStore, seconds: float, now: Callable[[], datetime]
    ) -> None:
        self._answers = answers
        self._seconds = seconds
        self._now = now

    def __call__(
        self, account_id: str, key: str, body: Model | None, work: Callable[[], Response]
    ) -> Response:
        """The answer to the current request.

        Args:
            account_id: Whose key it is.
            key: As sent.
            body: What the request says.
            work: Does it; may be called again when it did not come to its end.
        """
        name = f"{account_id}:{request.endpoint}:{_digest(key)}"
        fingerprint = _digest(
            f"{request.method} {request.path}\n{body.model_dump_json() if body else ''}"
        )
        try:
            begun = self._answers.begin(name, fingerprint, now=self._now(), seconds=self._seconds)
        except OtherRequest:
            return problem(
                422,
                "The Idempotency-Key was used for another request.",
                type=KEY_REUSED,
                title="Idempotency Key Reused",
            )
        except InProgress:
            response = problem(
                409,
                "A request of this Idempotency-Key is in progress.",
                type=IN_PROGRESS,
                title="Request In Progress",
            )
            response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
            return response
        if isinstance(begun, StoredResponse):
            return _response(begun, replayed="true")
        try:
            response = work()
        except Exception:
            self._answers.give_up(begun, self._now())
            raise
        if response.status_code >= 500:
            self._answers.give_up(begun, self._now())
            return response
        given = StoredResponse(
            response.status_code, response.content_type or "", response.get_data()
        )
        return _response(
            self._answers.finish(name, fingerprint, given, self._now()), replayed="false"
        )


def _response(stored: StoredResponse, *, replayed: str) -> Response:
    return Response(
        stored.body, stored.status, {REPLAYED: replayed}, content_type=stored.content_type
    )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
