"""Dates of HTTP fields, in the three formats that a recipient must accept.

Anything else is no date, and a condition with it is ignored. ``email.utils`` and ``werkzeug`` read
far more than the RFC allows, so a client's mistake would become a condition of another meaning.

Source: RFC 9110, section 5.6.7.
"""

import re
from datetime import UTC, datetime
from typing import Final

from werkzeug.http import http_date

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME: Final = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_DAY: Final = r"(?P<day>[0-9]{2})"
_YEAR: Final = r"(?P<year>[0-9]{4})"
_FORMATS: Final = (
    re.compile(rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), {_DAY} {_MONTH} {_YEAR} {_TIME} GMT"),
    re.compile(
        rf"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, {_DAY}-{_MONTH}-(?P<year>[0-9]{{2}}) "
        rf"{_TIME} GMT"
    ),
    re.compile(rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} {_YEAR}"),
)
_CENTURY: Final = 100
_FUTURE_YEARS: Final = 50
"""A year of two digits that is further ahead than this is one of the past century."""

_LEAP_SECOND: Final = 60


def parse(text: str, now: datetime) -> datetime | None:
    """Return the instant of a date; ``None`` for any other text.

    Args:
        text: Value of a field.
        now: In UTC; decides the century of a year of two digits.
    """
    found = next((match for form in _FORMATS if (match := form.fullmatch(text.strip(" \t")))), None)
    if found is None:
        return None
    year, second = int(found["year"]), int(found["second"])
    if len(found["year"]) == len("94"):
        year = _whole_year(year, now.year)
    try:
        return datetime(
            year,
            _MONTHS.index(found["month"]) + 1,
            int(found["day"]),
            int(found["hour"]),
            int(found["minute"]),
            second - 1 if second == _LEAP_SECOND else second,
            tzinfo=UTC,
        )
    except ValueError:
        return None


def write(instant: datetime) -> str:
    """Return an instant as the value of a field, to the second."""
    return http_date(instant)


def _whole_year(two_digits: int, current: int) -> int:
    year = current - current % _CENTURY + two_digits
    return year - _CENTURY if year > current + _FUTURE_YEARS else year
