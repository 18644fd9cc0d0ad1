"""Stored responses of idempotent requests, by key, kept for about a day.

A request takes a lease of its key, works, and records its response; the first response stands, and
every request of that key gets it. When a process dies, its lease expires and the next request of
that key repeats the work, which has to bear that.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.collection import Collection

from service.mongo.indexes import Indexes
from service.mongo.leases import Held, Lease, Leases
from service.mongo.write_once import WriteOnceStore


class OtherRequest(Exception):
    """The key was used for another request."""


class InProgress(Exception):
    """Another request with the key is in progress."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response as it was first sent."""

    status: int
    content_type: str
    body: bytes


class IdempotencyStore:
    """Repository of stored responses.

    Args:
        responses: By key; returns time-zone aware datetimes.
        leases: Leases of the keys in progress.
    """

    def __init__(
        self, responses: Collection[dict[str, Any]], leases: Collection[dict[str, Any]]
    ) -> None:
        self._store = WriteOnceStore(responses)
        self._leases = Leases(leases)

    def begin(
        self, key: str, fingerprint: str, *, now: datetime, seconds: float
    ) -> StoredResponse | Lease:
        """Begin to work on a request.

        Args:
            key: Account, operation and idempotency key; its ``_id``.
            fingerprint: Digest of the whole request.
            now: Current time in UTC.
            seconds: How long the work may take before another request repeats it.

        Returns:
            The stored response, or the lease that permits the work.

        Raises:
            OtherRequest: The key was used with another fingerprint.
            InProgress: Another request with the key is in progress.
        """
        if found := self._stored(key, fingerprint):
            return found
        taken = self._leases.take(key, now=now, seconds=seconds, note=fingerprint)
        if isinstance(taken, Held):
            if taken.note != fingerprint:
                raise OtherRequest
            # The holder may have finished since the first read.
            if found := self._stored(key, fingerprint):
                return found
            raise InProgress
        if found := self._stored(key, fingerprint):
            self._leases.give_back(taken, now)
            return found
        return taken

    def finish(
        self, key: str, fingerprint: str, response: StoredResponse, now: datetime
    ) -> StoredResponse:
        """Store a response.

        Returns:
            The stored response: that of another request when that one was faster.
        """
        fields = {
            "status": response.status,
            "content_type": response.content_type,
            "body": response.body,
        }
        self._store.record(key, fingerprint=fingerprint, at=now, **fields)
        return self._stored(key, fingerprint) or response

    def release(self, lease: Lease, now: datetime) -> None:
        """End the work without a response; the next request of that key may begin at once."""
        self._leases.give_back(lease, now)

    def add_indexes(self, indexes: Indexes) -> None:
        """Add the indexes of its queries to the list."""
        self._leases.add_indexes(indexes)

    def _stored(self, key: str, fingerprint: str) -> StoredResponse | None:
        found = self._store.get(key)
        if found is None:
            return None
        if found["fingerprint"] != fingerprint:
            raise OtherRequest
        return StoredResponse(found["status"], found["content_type"], bytes(found["body"]))
