"""The bytes of a file as a response: whole or one range, read as fast as the client reads.

A file never changes, so its tag and its date are exact.

Source: RFC 9110, sections 13 (conditional requests) and 14 (ranges); RFC 6266 for the name.
"""

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_range_header

from service.files.model import StoredFile
from service.files.names import as_attachment
from service.files.schemas import ContentHeaders
from service.http.conditions import add_validators
from service.http.middleware.conditions import not_modified, version_is_gone
from service.http.preconditions import EntityTag, Preconditions, Validators, range_holds

Read = Callable[[StoredFile, int, int], Iterator[bytes]]

LONGEST_RANGE_HEADER: Final = 46
"""Room for two positions of 18 digits; a longer header, like any other invalid one, is ignored."""

# Werkzeug ignores it as invalid; by RFC 9110, 14.1.2, it is valid and not satisfiable.
_EMPTY_SUFFIX: Final = re.compile(r"bytes=[ \t]*-0+[ \t]*", re.IGNORECASE)


def content_response(file: StoredFile, headers: ContentHeaders, read: Read) -> Response:
    """Return the response to a download.

    Args:
        file: Not empty.
        headers: Of the request.
        read: Yields the bytes between two positions.

    Raises:
        RequestedRangeNotSatisfiable: The range has no byte of the file.
    """
    current = Validators(EntityTag(file.sha256), file.uploaded_at)
    outcome = Preconditions.of(request.environ).outcome(current, is_read=True)
    if outcome == "failed":
        return version_is_gone()
    if outcome == "not_modified":
        return not_modified(add_validators(Response(), current))
    has_range = request.method == "GET" and range_holds(headers.if_range, current)
    part = requested_range(headers.range, file.size_bytes) if has_range else None
    begin, end = part or (0, file.size_bytes)
    response = Response(
        _with_first_piece(read(file, begin, end)),
        206 if part else 200,
        content_type=_content_type(file),
    )
    response.content_length = end - begin
    if part:
        response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{file.size_bytes}"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = as_attachment(file.name)
    return add_validators(response, current)


def requested_range(header: str, size_bytes: int) -> tuple[int, int] | None:
    """Return the first position of the requested range and the position after its last.

    A range that is invalid or of another unit is ignored, and so are several ranges at once, as
    RFC 9110, 14.2, allows.

    Args:
        header: ``Range``.
        size_bytes: Of the whole file.

    Returns:
        ``None`` for the whole file.

    Raises:
        RequestedRangeNotSatisfiable: The range begins after the end of the file, or is empty.
    """
    if _EMPTY_SUFFIX.fullmatch(header):
        raise _not_satisfiable(size_bytes)
    found = parse_range_header(header) if len(header) <= LONGEST_RANGE_HEADER else None
    if found is None or found.units != "bytes" or len(found.ranges) != 1:
        return None
    first, end = found.ranges[0]
    if first < 0:  # the last bytes; more than there are mean all of them
        return max(0, size_bytes + first), size_bytes
    if first >= size_bytes:
        raise _not_satisfiable(size_bytes)
    return first, size_bytes if end is None else min(end, size_bytes)


def _not_satisfiable(size_bytes: int) -> RequestedRangeNotSatisfiable:
    return RequestedRangeNotSatisfiable(size_bytes, description=f"The file has {size_bytes} bytes.")


def _with_first_piece(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # The first piece is read before the response starts, so that an unavailable database is a 503.
    return pieces if request.method == "HEAD" else chain((next(pieces),), pieces)


def _content_type(file: StoredFile) -> str:
    if file.media_type != "text/plain":
        return file.media_type
    return f"text/plain; charset={file.charset or 'utf-8'}"
