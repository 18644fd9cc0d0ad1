"""Idempotent requests: a repeated request has one effect and gets the same response.

The same key and the same request get the same response, byte for byte. Responses are stored, our
failures are not: after a 5xx, or a 404 or 409 that the request's work raises, the same key may be
used again. A replayed response has ``Idempotency-Replayed: true``, and a problem in it has the id
of the first request.

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
    """Runs the work of a request once for each idempotency key.

    Args:
        store: Stored responses.
        seconds: How long a request may take before another one with its key repeats the work.
        now: Current time in UTC.
    """

    def __init__(
        self, store: IdempotencyStore, seconds: float, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._now = now

    def __call__(
        self, account_id: str, key: str, body: Model | None, work: Callable[[], Response]
    ) -> Response:
        """Return the stored response of the current request, or do its work and store the response.

        Args:
            account_id: The caller; each account has its own keys.
            key: The ``Idempotency-Key`` of the request.
            body: The body of the request.
            work: Does the work; is called again for a key whose first call did not finish.
        """
        name = f"{account_id}:{request.endpoint}:{_digest(key)}"
        fingerprint = _digest(
            f"{request.method} {request.path}\n{body.model_dump_json() if body else ''}"
        )
        try:
            begun = self._store.begin(name, fingerprint, now=self._now(), seconds=self._seconds)
        except OtherRequest:
            return _key_reused()
        except InProgress:
            return _in_progress()
        if isinstance(begun, StoredResponse):
            return _response(begun, replayed="true")
        try:
            response = work()
        except Exception:
            self._store.release(begun, self._now())
            raise
        if response.status_code >= 500:
            self._store.release(begun, self._now())
            return response
        given = StoredResponse(
            response.status_code, response.content_type or "", response.get_data()
        )
        stored = self._store.finish(name, fingerprint, given, self._now())
        return _response(stored, replayed="false")


def _key_reused() -> Response:
    return problem(
        422,
        "The Idempotency-Key was used for another request.",
        type=KEY_REUSED,
        title="Idempotency Key Reused",
    )


def _in_progress() -> Response:
    response = problem(
        409,
        "A request of this Idempotency-Key is in progress.",
        type=IN_PROGRESS,
        title="Request In Progress",
    )
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _response(stored: StoredResponse, *, replayed: str) -> Response:
    return Response(
        stored.body, stored.status, {REPLAYED: replayed}, content_type=stored.content_type
    )


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()
