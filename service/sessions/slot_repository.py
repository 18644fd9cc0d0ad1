"""Slots and their sales, in MongoDB. A slot's key is therapist and start, so it exists once.

Selling a slot is the insert of its next sale; of several at once one wins. A sale names its holder,
and the slot is free again once the holder's booking has ended, which is recorded elsewhere: freeing
a slot takes no write here that could be lost, or be repeated and hit the next holder. Withdrawing a
slot is a sale to no booking.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from itertools import count
from typing import Any, Final
from uuid import uuid4

from pymongo.collection import Collection
from pymongo.errors import BulkWriteError, DuplicateKeyError

from service.mongo.write_once import WriteOnceStore
from service.sessions.model import Slot, slot_id

DUPLICATE_KEY: Final = 11000
WITHDRAWN: Final = "withdrawn:"


class SlotRepository:
    """Repository of slots.

    Args:
        slots: Returns time-zone aware datetimes.
        sales: By slot and number.
        reopened: Withdrawals that were revoked.
        ended_bookings: Returns those of some bookings that no longer hold their slot.
    """

    def __init__(
        self,
        slots: Collection[dict[str, Any]],
        sales: Collection[dict[str, Any]],
        reopened: Collection[dict[str, Any]],
        ended_bookings: Callable[[Iterable[str]], set[str]],
    ) -> None:
        self._slots = slots
        self._sales = WriteOnceStore(sales)
        self._reopened = WriteOnceStore(reopened)
        self._ended_bookings = ended_bookings

    def get(self, therapist_id: str, starts_at: datetime) -> Slot | None:
        """Return the slot with that start, open or not."""
        found = self._slots.find_one({"_id": slot_id(therapist_id, starts_at)})
        return _slot(found) if found else None

    def list_open(self, therapist_id: str, begin: datetime, end: datetime) -> list[Slot]:
        """Return the slots that can be booked and start in a period, in order."""
        first, last = slot_id(therapist_id, begin), slot_id(therapist_id, end)
        found = self._slots.find({"_id": {"$gte": first, "$lt": last}}, sort=[("_id", 1)])
        # In the order of the sales, so the last one of each slot stays.
        holders = {sale["slot_id"]: sale["holder"] for sale in self._sales.between(first, last)}
        ended = self._ended(holders.values())
        return [
            _slot(one) for one in found if one["_id"] not in holders or holders[one["_id"]] in ended
        ]

    def offer(self, slot: Slot) -> None:
        """Open a slot; an open or sold one is left as it is.

        A withdrawn slot is opened again at its new price.
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
        """Open those of many slots that never existed, and return how many."""
        documents = [_document(slot) for slot in slots]
        if not documents:
            return 0
        try:
            return len(self._slots.insert_many(documents, ordered=False).inserted_ids)
        except BulkWriteError as error:
            if any(failed["code"] != DUPLICATE_KEY for failed in error.details["writeErrors"]):
                raise
            return int(error.details["nInserted"])

    def withdraw(self, therapist_id: str, starts_at: datetime) -> bool:
        """Close an open slot; false when it is sold."""
        return self.sell(slot_id(therapist_id, starts_at), f"{WITHDRAWN}{uuid4()}")

    def is_offered(self, therapist_id: str, starts_at: datetime) -> bool:
        """Return whether a slot with that start is open or sold."""
        key = slot_id(therapist_id, starts_at)
        holder = self._holder(key)
        withdrawn = holder is not None and holder.startswith(WITHDRAWN)
        return not withdrawn and self._slots.find_one({"_id": key}, {"_id": True}) is not None

    def is_free(self, key: str) -> bool:
        """Return whether a slot has no holder now: saves a write to most who come too late."""
        for number in count():
            found = self._sales.get(_sale_id(key, number))
            if found is None or not self._ended([found["holder"]]):
                return found is None
        raise AssertionError("count() ends")  # pragma: no cover

    def sell(self, key: str, holder: str) -> bool:
        """Sell a slot to a booking; false when another one holds it, true when this one does."""
        for number in count():
            sale = _sale_id(key, number)
            if self._sales.record(sale, slot_id=key, holder=holder):
                return True
            found = self._sales.get(sale)
            if found is not None and found["holder"] == holder:
                return True
            if found is not None and not self._ended([found["holder"]]):
                return False
        raise AssertionError("count() ends")  # pragma: no cover

    def _holder(self, key: str) -> str | None:
        sales = self._sales.between(f"{key}#", f"{key}$")
        holder: str | None = sales[-1]["holder"] if sales else None
        return None if holder is None or self._ended([holder]) else holder

    def _ended(self, holders: Iterable[str]) -> set[str]:
        given = set(holders)
        withdrawn = {holder for holder in given if holder.startswith(WITHDRAWN)}
        return self._ended_bookings(given - withdrawn) | self._reopened.among(withdrawn).keys()


def _sale_id(key: str, number: int) -> str:
    return f"{key}#{number:06d}"


def _document(slot: Slot) -> dict[str, Any]:
    return {"_id": slot.slot_id, **asdict(slot)}


def _slot(document: Mapping[str, Any]) -> Slot:
    return Slot(**{name: value for name, value in document.items() if name != "_id"})
