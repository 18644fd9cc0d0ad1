"""Therapists' profiles in MongoDB, by the id of the account."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from service.sessions.model import FIRST_REVISION, Therapist


class TherapistRepository:
    """Repository of profiles.

    Args:
        collection: By account.
        public: Returns the collection as the current request may read profiles.
    """

    def __init__(
        self,
        collection: Collection[dict[str, Any]],
        public: Callable[[], Collection[dict[str, Any]]],
    ) -> None:
        self._collection = collection
        self._public = public

    def put(self, therapist: Therapist) -> bool:
        """Create or replace a profile whatever its revision; true when it is new."""
        if self.insert(therapist):
            return True
        self._collection.replace_one({"_id": therapist.therapist_id}, _document(therapist))
        return False

    def insert(self, therapist: Therapist) -> bool:
        """Create a profile; false when the account has one, which is not changed."""
        try:
            self._collection.insert_one(_document(therapist))
        except DuplicateKeyError:
            return False
        return True

    def replace(self, therapist: Therapist, revision: str) -> bool:
        """Replace one revision of a profile; false when that revision is gone.

        On FerretDB this is not atomic.
        """
        # None also matches documents without the member.
        of_revision = {"$in": [revision, None]} if revision == FIRST_REVISION else revision
        query = {"_id": therapist.therapist_id, "revision": of_revision}
        return self._collection.replace_one(query, _document(therapist)).matched_count == 1

    def get(self, therapist_id: str) -> Therapist | None:
        """Return the profile of that account."""
        document = self._public().find_one({"_id": therapist_id})
        return _therapist(document) if document else None

    def page(
        self,
        *,
        limit: int,
        after: str | None = None,
        language: str | None = None,
        specialty: str | None = None,
    ) -> tuple[tuple[Therapist, ...], str | None]:
        """Return profiles in the order of their ids.

        Args:
            limit: At most so many, at least 1.
            after: Id of the last profile of the previous page.
            language: Only therapists who speak it.
            specialty: Only therapists who have it.

        Returns:
            The profiles, and ``after`` of the next page; ``None`` on the last one.
        """
        query: dict[str, Any] = {"_id": {"$gt": after}} if after else {}
        query |= {"languages": language} if language else {}
        query |= {"specialties": specialty} if specialty else {}
        documents = self._public().find(query, sort=[("_id", ASCENDING)], limit=limit + 1)
        found = [_therapist(document) for document in documents]
        return tuple(found[:limit]), found[limit - 1].therapist_id if len(found) > limit else None


def _therapist(document: Mapping[str, Any]) -> Therapist:
    fields = {name: value for name, value in document.items() if name != "_id"}
    lists = {name: tuple(document[name]) for name in ("languages", "specialties")}
    return Therapist(therapist_id=document["_id"], **fields | lists)


def _document(therapist: Therapist) -> dict[str, Any]:
    lists = {"languages": list(therapist.languages), "specialties": list(therapist.specialties)}
    fields = asdict(therapist) | lists
    return {"_id": fields.pop("therapist_id"), **fields}
