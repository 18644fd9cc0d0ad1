"""The bytes of a file as a response: whole or in part, chunk by chunk as the client takes them.

Source: RFC 9110, sections 13 (conditional requests) and 14 (ranges); RFC 6266 for the name.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from flask import Response, request

from service.files.names import as_attachment
from service.files.ranges import Unsatisfiable, part_of
from service.files.repository import StoredFile
from service.files.schemas import ContentHeaders
from service.http.problems import problem

Read = Callable[[StoredFile, int, int], Iterator[bytes]]


def content_of(file: StoredFile, headers: ContentHeaders, read: Read) -> Response:
    """The answer to a download.

    Args:
        file: Not empty.
        headers: What was asked for.
        read: Gives the bytes from one place to another.
    """
    etag = f'"{file.sha256}"'
    if request.if_none_match.contains_weak(file.sha256):
        return _about(Response(status=304), etag)
    try:
        part = part_of(file.size_bytes, headers.range) if request.method == "GET" else None
    except Unsatisfiable:
        part = None
        if headers.if_range in ("", etag):
            return _unsatisfiable(file)
    if headers.if_range not in ("", etag):
        part = None
    begin, end = part or (0, file.size_bytes)
    response = Response(
        _started(read(file, begin, end)), 206 if part else 200, content_type=_content_type(file)
    )
    response.content_length = end - begin
    if part:
        response.headers["Content-Range"] = f"bytes {begin}-{end - 1}/{file.size_bytes}"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Content-Disposition"] = as_attachment(file.name)
    return _about(response, etag)


def _started(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # The first piece is read while a database that is away can still be told by the status.
    return pieces if request.method == "HEAD" else chain((next(pieces),), pieces)


def _about(response: Response, etag: str) -> Response:
    response.headers["ETag"] = etag
    return response


def _content_type(file: StoredFile) -> str:
    return "text/plain; charset=utf-8" if file.media_type == "text/plain" else file.media_type


def _unsatisfiable(file: StoredFile) -> Response:
    response = problem(416, f"The file has {file.size_bytes} bytes.")
    response.headers["Content-Range"] = f"bytes */{file.size_bytes}"
    return response
