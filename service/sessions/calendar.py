"""A session as a calendar file. A cancelled one says so, with a higher sequence, so that a calendar
takes the first one out.

Source: RFC 5545; RFC 7986.
"""

from icalendar import Calendar, Event

from service.sessions.repository import BookingState, Status

PRODUCT = "-//Serene//Sessions//EN"
STATUS: dict[Status, str] = {
    "pending_payment": "TENTATIVE",
    "paid": "CONFIRMED",
    "cancelled": "CANCELLED",
    "refunded": "CANCELLED",
    "expired": "CANCELLED",
}


def calendar(state: BookingState, summary: str) -> bytes:
    """The session as an iCalendar object.

    Args:
        state: The booking as it stands.
        summary: What it is, in one line.
    """
    booking = state.booking
    changes = [
        booking.created_at,
        *(fact.at for fact in (state.outcome, state.cancellation) if fact),
    ]
    event = Event()
    event.add("uid", f"{booking.booking_id}@serene")
    event.add("dtstamp", max(changes))
    event.add("created", booking.created_at)
    event.add("last-modified", max(changes))
    event.add("dtstart", booking.starts_at)
    event.add("dtend", booking.ends_at)
    event.add("summary", summary)
    event.add("status", STATUS[state.status])
    event.add("sequence", len(changes) - 1)
    found = Calendar()
    found.add("prodid", PRODUCT)
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add_component(event)
    text: bytes = found.to_ical()
    return text
