"""A session as a calendar file.

A cancelled session has a higher sequence number, so that calendars remove the event that they had.

Source: RFC 5545; RFC 7986.
"""

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
    found.add("method", "PUBLISH")
    found.add_component(_event(state, summary))
    text: bytes = found.to_ical()
    return text


def _event(state: BookingState, summary: str) -> Event:
    booking = state.booking
    decided = [record.at for record in (state.outcome, state.cancellation) if record]
    changes = [booking.created_at, *decided]
    event = Event()
    event.add("uid", f"{booking.booking_id}@serene")
    event.add("dtstamp", max(changes))
    event.add("created", booking.created_at)
    event.add("last-modified", max(changes))
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", summary)
    event.add("status", STATUS[state.status])
    event.add("sequence", len(decided))
    return event
