"""A session as a calendar file, which a person imports.

It has no ``METHOD``: that would make it a message between calendars, which needs an organizer and
the same method in its media type. The UID stays, and the sequence number grows with each change, so
an import replaces the event of an earlier one; a cancelled session is a cancelled event.

Source: RFC 5545, 3.1 (folding), 3.3.11 (escaping), 3.6.1 and 3.8.7 (changes); RFC 5546, 1.4.
"""

from datetime import UTC
from typing import Final

from icalendar import Calendar, Event

from service.sessions.model import BookingState, BookingStatus

PRODUCT: Final = "-//Serene//Sessions//EN"
STATUS: Final[dict[BookingStatus, str]] = {
    "pending_payment": "TENTATIVE",
    "paid": "CONFIRMED",
    "cancelled": "CANCELLED",
    "refunded": "CANCELLED",
    "expired": "CANCELLED",
}


def calendar(state: BookingState, summary: str) -> bytes:
    """Return a session as an iCalendar object.

    Args:
        state: The booking as it stands.
        summary: Title of the event, one line.
    """
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add_component(_event(state, summary))
    text: bytes = found.to_ical()
    return text


def _event(state: BookingState, summary: str) -> Event:
    booking = state.booking
    decided = [record.at for record in (state.outcome, state.cancellation) if record]
    changes = [booking.created_at, *decided]
    event = Event()
    event.add("uid", f"{booking.booking_id}@serene")
    for name, instant in {
        "dtstamp": max(changes),
        "created": booking.created_at,
        "last-modified": max(changes),
        "dtstart": booking.starts_at,
        "dtend": booking.ends_at,
    }.items():
        # In UTC: any other zone would have to be described in the file.
        event.add(name, instant.astimezone(UTC))
    event.add("summary", summary)
    event.add("status", STATUS[state.status])
    event.add("sequence", len(decided))
    return event
