"""The calendar file by RFC 5545: its lines, its members, and names of the world in it."""

import re
from datetime import UTC, datetime, timedelta, timezone

import icalendar
import pytest
import vobject

from service.sessions.calendar import calendar
from service.sessions.model import Booking, BookingState, Cancellation, Outcome
from tests.service.text.names import TAKEN

NAMES = {label: stored for label, (_, stored) in TAKEN.items()} | {
    "comma, semicolon, backslash": "Dr. Ada, MD; \\o/ \\n \\, \\;",
    "colon and quotes": 'Ada: "the" one',
    "longest, of one byte": "a" * 100,
    "longest, of two bytes": "é" * 100,
    "longest, of three bytes": "静" * 100,
    "longest, of four bytes": "\U0001f642" * 100,
    "longest, odd": "a" + "静" * 99,
    "line like a property": "BEGIN:VALARM",
    "spaces at a fold": "a " * 49 + "b",
}
# Source: RFC 5545, 3.1 for a content line, 3.3.11 for TEXT.
LINE = re.compile(r"[A-Z-]+(?:;[A-Z-]+=[^;:\",]+)*:[^\x00-\x08\x0a-\x1f\x7f]*")
TEXT = re.compile(r"(?:[^\\;,\x00-\x08\x0a-\x1f\x7f]|\\[\\;,nN])*")
ONCE = (
    "UID",
    "DTSTAMP",
    "DTSTART",
    "DTEND",
    "CREATED",
    "LAST-MODIFIED",
    "SUMMARY",
    "STATUS",
    "SEQUENCE",
)
INSTANT = re.compile(r"\d{8}T\d{6}Z")


CREATED = datetime(2026, 11, 26, 9, 0, 0, 123000, tzinfo=UTC)
PAID, ENDED = CREATED + timedelta(minutes=5), CREATED + timedelta(hours=5)
STARTS = datetime(2026, 12, 1, 10, tzinfo=timezone(timedelta(hours=5, minutes=45)))
BOOKING = Booking(
    "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d",
    "member",
    "therapist",
    STARTS,
    STARTS + timedelta(minutes=50),
    9000,
    "eur",
    CREATED,
    CREATED + timedelta(minutes=15),
)
STATES = {
    "unpaid": (BookingState(BOOKING), "TENTATIVE", 0, CREATED),
    "paid": (BookingState(BOOKING, Outcome("paid", PAID)), "CONFIRMED", 1, PAID),
    "expired": (BookingState(BOOKING, Outcome("expired", PAID)), "CANCELLED", 1, PAID),
    "cancelled unpaid": (BookingState(BOOKING, Outcome("cancelled", PAID)), "CANCELLED", 1, PAID),
    "cancelled": (
        BookingState(BOOKING, Outcome("paid", PAID), Cancellation("member", ENDED, 9000)),
        "CANCELLED",
        2,
        ENDED,
    ),
}


def lines_of(file: bytes) -> list[str]:
    """Return the content lines of a file whose physical lines keep the rules."""
    assert file.endswith(b"\r\n")
    physical = file.removesuffix(b"\r\n").split(b"\r\n")
    assert not any(re.search(rb"[\r\n]", line) for line in physical)
    assert max(map(len, physical)) <= 75
    for line in physical:
        line.decode()  # no character is divided
    return file.decode().removesuffix("\r\n").replace("\r\n ", "").split("\r\n")


def checked(file: bytes) -> dict[str, str]:
    """Return the members of the event of a file that keeps the rules."""
    lines = lines_of(file)
    assert all(map(LINE.fullmatch, lines))
    assert lines[:4] == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Serene//Sessions//EN",
        "BEGIN:VEVENT",
    ]
    assert lines[-2:] == ["END:VEVENT", "END:VCALENDAR"]
    members = dict(line.split(":", 1) for line in lines[4:-2])
    assert sorted(members) == sorted(ONCE)
    assert len(members) == len(lines) - 6
    for name in ("DTSTAMP", "DTSTART", "DTEND", "CREATED", "LAST-MODIFIED"):
        assert INSTANT.fullmatch(members[name])
    assert TEXT.fullmatch(members["SUMMARY"])
    return members


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_is_in_a_file_that_strict_parsers_read(name):
    summary = f"Session with {name}"
    file = calendar(BookingState(BOOKING), summary)
    checked(file)
    (event,) = icalendar.Calendar.from_ical(file).walk("VEVENT")
    assert (str(event["SUMMARY"]), event.errors) == (summary, [])
    read = vobject.readOne(file.decode())
    assert read.validate(raiseException=True)
    assert read.vevent.summary.value == summary


@pytest.mark.parametrize(("state", "status", "sequence", "changed_at"), STATES.values(), ids=STATES)
def test_a_file_to_import_has_one_event_with_its_present_state(state, status, sequence, changed_at):
    file = calendar(state, "Session")
    instant = f"{changed_at:%Y%m%dT%H%M%SZ}"
    assert checked(file) == {
        "UID": "6f1c1f6e-8f7e-4a3b-9c1d-2e3f4a5b6c7d@serene",
        "DTSTAMP": instant,
        "LAST-MODIFIED": instant,
        "CREATED": "20261126T090000Z",
        "DTSTART": "20261201T041500Z",
        "DTEND": "20261201T050500Z",
        "SUMMARY": "Session",
        "STATUS": status,
        "SEQUENCE": str(sequence),
    }
    assert b"METHOD" not in file
    assert vobject.readOne(file.decode()).validate(raiseException=True)
