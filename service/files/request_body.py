"""The uploaded file in the current request: the body itself, or the file of a form."""

from collections.abc import Iterator
from typing import Final

from flask import request
from werkzeug.exceptions import ClientDisconnected

from service.files.multipart import READ_BYTES, file_part
from service.files.names import name_from_header
from service.files.schemas import UploadHeaders

FORM: Final = "multipart/form-data"


def read_upload(headers: UploadHeaders) -> tuple[str, Iterator[bytes]]:
    """Return the clean name and the bytes of the file in the current request.

    Raises:
        BadForm: The body is a malformed form; iterating over the bytes may raise it too.
    """
    if request.mimetype == FORM:
        return file_part(_read, request.mimetype_params.get("boundary", ""))
    return name_from_header(headers.content_disposition), _whole_body()


def _whole_body() -> Iterator[bytes]:
    received = 0
    while piece := _read(READ_BYTES):
        received += len(piece)
        yield piece
    # A server that terminates the stream itself (``wsgi.input_terminated``) terminates it in the
    # same way when the client has disconnected.
    if request.content_length is not None and received < request.content_length:
        raise ClientDisconnected


def _read(size: int) -> bytes:
    try:
        return request.stream.read(size)
    except OSError:
        raise ClientDisconnected from None
