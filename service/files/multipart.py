"""The one file of a form, read as a stream: it is buffered neither in memory nor on disk.

Source: RFC 7578 (multipart/form-data).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Event, File, MultipartDecoder, NeedData

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
        The part's file name, and its bytes; iterating over them may raise ``BadForm`` too.

    Raises:
        BadForm: The form has no such part, or is malformed.
    """
    events = _events(read, boundary.encode("latin-1", "replace"))
    for event in events:
        if isinstance(event, File) and event.name == PART_NAME:
            return event.filename, _bytes(events)
    raise BadForm(f"The form should have a part called {PART_NAME}, with a file name.")


def _bytes(events: Iterator[Event]) -> Iterator[bytes]:
    is_open = True
    for event in events:
        if isinstance(event, Data) and is_open:
            yield bytes(event.data)
            is_open = event.more_data
        elif isinstance(event, File):
            raise BadForm("The form should have one file.")


def _events(read: Callable[[int], bytes], boundary: bytes) -> Iterator[Event]:
    if not boundary:
        raise BadForm("The form's boundary is missing.")
    decoder = MultipartDecoder(boundary, _MOST_BUFFERED_BYTES, max_parts=_MOST_PARTS)
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
