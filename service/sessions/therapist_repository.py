"""Therapists as members see them, in MongoDB; who somebody is to the service, the account of the
same id says.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

from pymongo import ASCENDING
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError


@dataclass(frozen=True, slots=True)
class Therapist:
    """A therapist's profile.

    Args:
        therapist_id: Of the account; its ``_id``.
        languages: ISO 639 codes in lower case.
        specialties: Words in lower case.
        amount: Price of a session in the currency's smallest unit.
        currency: ISO 4217, in lower case.
    """

    therapist_id: str
    name: str
    title: str
    languages: tuple[str, ...]
    specialties: tuple[str, ...]
    amount: int
    currency: str
    bio: str

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The profile that a document holds."""
        lists = {name: tuple(document[name]) for name in ("languages", "specialties")}
        fields: dict[str, Any] = {
            name: value for name, value in document.items() if name != "_id"
        } | lists
        return cls(therapist_id=document["_id"], **fields)

    def to_document(self) -> dict[str, Any]:
        """The document that holds the profile."""
        fields = asdict(self) | {
            "languages": list(self.languages),
            "specialties": list(self.specialties),
        }
        return {"_id": fields.pop("therapist_id"), **fields}


class Therapists:
    """Repository of profiles.

    Args:
        collection: By account.
    """

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def put(self, therapist: Therapist) -> bool:
        """Store a profile in place of the one that there is; true when there was none."""
        document = therapist.to_document()
        try:
            self._collection.insert_one(document)
        except DuplicateKeyError:
            self._collection.replace_one({"_id": therapist.therapist_id}, document)
            return False
        return True

    def get(self, therapist_id: str) -> Therapist | None:
        """The profile of that account."""
        document = self._collection.find_one({"_id": therapist_id})
        return Therapist.from_document(document) if document else None

    def page(
        self,
        *,
        limit: int,
        after: str | None = None,
        language: str | None = None,
        specialty: str | None = None,
    ) -> tuple[tuple[Therapist, ...], str | None]:
        """Profiles in the order of their ids.

        Args:
            limit: At most so many, at least 1.
            after: Id of the last one before these.
            language: Only those who speak it.
            specialty: Only those who have it.

        Returns:
            The profiles, and what the page after this one is asked for with.
        """
        query: dict[str, Any] = {"_id": {"$gt": after}} if after else {}
        query |= {"languages": language} if language else {}
        query |= {"specialties": specialty} if specialty else {}
        found = [
            Therapist.from_document(one)
            for one in self._collection.find(query, sort=[("_id", ASCENDING)], limit=limit + 1)
        ]
        return tuple(found[:limit]), found[limit - 1].therapist_id if len(found) > limit else None
