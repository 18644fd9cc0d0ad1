"""How a booking goes: a slot is claimed, paid, cancelled, and recovered after a crash. Knows the
store and payments, not HTTP.
"""

from service.booking.assembly import NoPayments, assemble
from service.booking.parts import Closed, CountedResult, Parts, utc_now
from service.booking.recovery import Recovery
from service.booking.workflow import (
    Bookings,
    Handled,
    NoSuchSlot,
    OwnSlot,
    SlotTaken,
    TooManyUnpaid,
)

__all__ = [
    "Bookings",
    "Closed",
    "CountedResult",
    "Handled",
    "NoPayments",
    "NoSuchSlot",
    "OwnSlot",
    "Parts",
    "Recovery",
    "SlotTaken",
    "TooManyUnpaid",
    "assemble",
    "utc_now",
]
