"""Slots and their sales, in MongoDB. A slot is named by its therapist and its beginning, so it is
there once.

Selling a slot is the insert of its next sale; of many at once one wins. A sale names its holder,
and the slot is free again once the holder is over, which is a fact elsewhere: freeing it takes no
write here that could be lost, or done twice and hit the next holder. Withdrawing a slot is a sale
to nobody.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any, Final
from uuid import uuid4

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from service.mongo.write_once import WriteOnceStore

DUPLICATE_KEY: Final = 11000
WITHDRAWN: Final = "withdrawn:"


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a therapist sees somebody.

    Args:
        therapist_id: UUID.
        starts_at: In UTC, to the minute.
        ends_at: In UTC.
        amount: Price in the currency's smallest unit.
        currency: ISO 4217, in lower case.
    """

    therapist_id: str
    starts_at: datetime
    ends_at: datetime
    amount: int
    currency: str

    @property
    def slot_id(self) -> str:
        """Its ``_id``."""
        return slot_id(self.therapist_id, self.starts_at)


def slot_id(therapist_id: str, starts_at: datetime) -> str:
    """The name of a slot; those of a therapist sort by time."""
    return f"{therapist_id}:{starts_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


class Slots:
    """Repository of slots.

    Args:
        slots: Returns time-zone aware datetimes.
        sales: By slot and number.
        reopened: Withdrawals that are over.
        over: Which of some bookings are.
    """

    def __init__(
        self,
        slots: Collection[dict[str, Any]],
        sales: Collection[dict[str, Any]],
        reopened: Collection[dict[str, Any]],
        over: Callable[[Iterable[str]], set[str]],
    ) -> None:
        self._slots = slots
        self._sales = WriteOnceStore(sales)
        self._reopened = WriteOnceStore(reopened)
        self._bookings_over = over

    def get(self, therapist_id: str, starts_at: datetime) -> Slot | None:
        """The slot that begins then, open or not."""
        found = self._slots.find_one({"_id": slot_id(therapist_id, starts_at)})
        return _slot(found) if found else None

    def open(self, therapist_id: str, begin: datetime, end: datetime) -> list[Slot]:
        """Slots that can be booked and begin in a span of time, in order."""
        first, last = slot_id(therapist_id, begin), slot_id(therapist_id, end)
        found = self._slots.find({"_id": {"$gte": first, "$lt": last}}, sort=[("_id", 1)])
        # In the order of the sales, so the last one of each slot stays.
        holders = {sale["slot_id"]: sale["holder"] for sale in self._sales.between(first, last)}
        over = self._over(holders.values())
        return [
            _slot(one) for one in found if one["_id"] not in holders or holders[one["_id"]] in over
        ]

    def offer(self, slot: Slot) -> None:
        """Open a slot; one that is open or sold is left as it is, and one that was withdrawn is
        opened at its new price.
        """
        document = _document(slot)
        try:
            self._slots.insert_one(document)
        except DuplicateKeyError:
            holder = self._holder(slot.slot_id)
            if holder is not None and holder.startswith(WITHDRAWN):
                self._slots.replace_one({"_id": slot.slot_id}, document)
                self._reopened.record(holder)

    def offer_new(self, slots: Iterable[Slot]) -> int:
        """Open those of many slots that there never were; returns how many that are."""
        documents = [_document(slot) for slot in slots]
        try:
            return (
                len(self._slots.insert_many(documents, ordered=False).inserted_ids)
                if documents
                else 0
            )
        except BulkWriteError as error:
            if any(failed["code"] != DUPLICATE_KEY for failed in error.details["writeErrors"]):
                raise
            return int(error.details["nInserted"])

    def withdraw(self, therapist_id: str, starts_at: datetime) -> bool:
        """Close an open slot; false when it is sold."""
        name = slot_id(therapist_id, starts_at)
        return self.sell(name, f"{WITHDRAWN}{uuid4()}")

    def is_offered(self, therapist_id: str, starts_at: datetime) -> bool:
        """Whether there is a slot then that is open or sold."""
        name = slot_id(therapist_id, starts_at)
        holder = self._holder(name)
        withdrawn = holder is not None and holder.startswith(WITHDRAWN)
        return not withdrawn and self._slots.find_one({"_id": name}, {"_id": True}) is not None

    def is_free(self, name: str) -> bool:
        """Whether nobody has a slot at this instant: saves a write to most who come too late."""
        for number in count():
            found = self._sales.get(f"{name}#{number:06d}")
            if found is None or not self._over([found["holder"]]):
                return found is None
        raise AssertionError("count() ends")  # pragma: no cover

    def sell(self, name: str, holder: str) -> bool:
        """Give a slot to a booking; false when somebody has it. The booking that has it already has
        it.
        """
        for number in count():
            sale = f"{name}#{number:06d}"
            if self._sales.record(sale, slot_id=name, holder=holder):
                return True
            found = self._sales.get(sale)
            if found is not None and found["holder"] == holder:
                return True
            if found is not None and not self._over([found["holder"]]):
                return False
        raise AssertionError("count() ends")  # pragma: no cover

    def _holder(self, name: str) -> str | None:
        sales = self._sales.between(f"{name}#", f"{name}$")
        holder: str | None = sales[-1]["holder"] if sales else None
        return None if holder is None or self._over([holder]) else holder

    def _over(self, holders: Iterable[str]) -> set[str]:
        given = set(holders)
        withdrawn = {holder for holder in given if holder.startswith(WITHDRAWN)}
        return self._bookings_over(given - withdrawn) | self._reopened.among(withdrawn).keys()


def _document(slot: Slot) -> dict[str, Any]:
    return {"_id": slot.slot_id, **asdict(slot)}


def _slot(document: Mapping[str, Any]) -> Slot:
    return Slot(**{name: value for name, value in document.items() if name != "_id"})
