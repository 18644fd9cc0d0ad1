"""The one file of a form, read as a stream: it is buffered neither in memory nor on disk.

Source: RFC 7578 (multipart/form-data).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, Field, File, MultipartDecoder, NeedData

from service.files.content_disposition import has_name, parameter
from service.files.names import name_from_form

PART_NAME: Final = "file"
READ_BYTES: Final = 64 * 1024
_MOST_BUFFERED_BYTES: Final = 4 * READ_BYTES
_MOST_PARTS: Final = 1000  # Flask's limit for its own forms


class BadForm(ValueError):
    """The body is not a form with one file; the text names the reason."""


def file_part(read: Callable[[int], bytes], boundary: str) -> tuple[str, Iterator[bytes]]:
    """Return the part named ``file``.

    Args:
        read: Returns the next bytes of the form, up to a number of them.
        boundary: Separates its parts; a parameter of its media type.

    Returns:
        The part's clean file name, and its bytes; iterating over them may raise ``BadForm`` too.

    Raises:
        BadForm: The form has no such part, or is malformed.
    """
    events = _events(read, boundary.encode("latin-1", "replace"))
    for event in events:
        header = _file_header(event)
        if header and parameter(header, "name") == PART_NAME:
            return name_from_form(header), _bytes(events)
    raise BadForm(f"The form should have a part called {PART_NAME}, with a file name.")


def _file_header(event: Event) -> str:
    # Werkzeug's own reading of the name decodes some twice, and lets the last parameter win.
    header = event.headers["Content-Disposition"] if isinstance(event, File | Field) else ""
    return header if has_name(header) else ""


def _bytes(events: Iterator[Event]) -> Iterator[bytes]:
    is_open = True
    for event in events:
        if isinstance(event, Data) and is_open:
            yield bytes(event.data)
            is_open = event.more_data
        elif _file_header(event):
            raise BadForm("The form should have one file.")


class _Decoder(MultipartDecoder):
    """Passes the headers of parts as Latin-1, as WSGI does, so no byte of a name is lost."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        return super()._parse_headers(bytes(data).decode("latin-1").encode())


def _events(read: Callable[[int], bytes], boundary: bytes) -> Iterator[Event]:
    if not boundary:
        raise BadForm("The form's boundary is missing.")
    decoder = _Decoder(boundary, _MOST_BUFFERED_BYTES, max_parts=_MOST_PARTS)
    while True:
        with _bad_form_on_error():
            event = decoder.next_event()
        if isinstance(event, NeedData):
            data = read(READ_BYTES)
            with _bad_form_on_error():
                decoder.receive_data(data or None)
        elif isinstance(event, Epilogue):
            return
        else:
            yield event


@contextmanager
def _bad_form_on_error() -> Iterator[None]:
    try:
        yield
    except (ValueError, RequestEntityTooLarge):  # the latter: an endless head, or too many parts
        raise BadForm("The form cannot be read.") from None
