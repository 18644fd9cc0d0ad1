"""Answers of requests that may be sent again under one key, kept for a day or so.

A request takes a lease of its key, works, and states its answer as a fact: the first one stands,
and is what everybody gets. One that dies leaves its lease to run out, and the next of that key does
the work again, which has to bear that.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.collection import Collection

from service.mongo.leases import Held, Lease, Leases
from service.mongo.write_once import WriteOnceStore


class OtherRequest(Exception):
    """The key was used for another request."""


class InProgress(Exception):
    """A request of that key is being worked on."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """An answer as it was given."""

    status: int
    content_type: str
    body: bytes


class IdempotencyStore:
    """Repository of answers.

    Args:
        answers: By key; returns time-zone aware datetimes.
        leases: Of the keys that are being worked on.
    """

    def __init__(
        self, answers: Collection[dict[str, Any]], leases: Collection[dict[str, Any]]
    ) -> None:
        self._collection = answers
        self._store = WriteOnceStore(answers)
        self._leases = Leases(leases)

    def begin(
        self, key: str, fingerprint: str, *, now: datetime, seconds: float
    ) -> StoredResponse | Lease:
        """Begin to work on a request.

        Args:
            key: Whose, what and which; its ``_id``.
            fingerprint: Of all that the request says.
            now: In UTC.
            seconds: How long the work may take before another does it.

        Returns:
            The answer when there is one; else the right to work.

        Raises:
            OtherRequest: The key was used with another fingerprint.
            InProgress: Somebody works on it.
        """
        if found := self._stored(key, fingerprint):
            return found
        taken = self._leases.take(key, now=now, seconds=seconds, note=fingerprint)
        if isinstance(taken, Held):
            if taken.note != fingerprint:
                raise OtherRequest
            # Who held it a moment ago may have answered in between.
            if found := self._stored(key, fingerprint):
                return found
            raise InProgress
        if found := self._stored(key, fingerprint):
            self._leases.give_back(taken, now)
            return found
        return taken

    def finish(
        self, key: str, fingerprint: str, given: StoredResponse, now: datetime
    ) -> StoredResponse:
        """Keep an answer.

        Returns:
            The one that stands: another's where that was faster.
        """
        fields = {"status": given.status, "content_type": given.content_type, "body": given.body}
        self._store.record(key, fingerprint=fingerprint, at=now, **fields)
        return self._stored(key, fingerprint) or given

    def release(self, lease: Lease, now: datetime) -> None:
        """No answer came out of it; the next of that key may try at once."""
        self._leases.give_back(lease, now)

    def forget_before(self, instant: datetime) -> None:
        """Throw away what was answered or begun before an instant."""
        self._collection.delete_many({"at": {"$lt": instant}})
        self._leases.forget_before(instant)

    def create_indexes(self) -> None:
        """Create what is missing; does nothing when all are there."""
        self._collection.create_index("at")
        self._leases.create_indexes()

    def _stored(self, key: str, fingerprint: str) -> StoredResponse | None:
        found = self._store.get(key)
        if found is None:
            return None
        if found["fingerprint"] != fingerprint:
            raise OtherRequest
        return StoredResponse(found["status"], found["content_type"], bytes(found["body"]))
