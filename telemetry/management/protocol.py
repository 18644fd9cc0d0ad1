"""Requests and responses of the management port: bytes in, bytes out.

As much of HTTP/1.1 as a scraper, a probe and curl need; no sockets, and no clock but for the
``Date`` header.

Source: RFC 9112 (HTTP/1.1), RFC 9110 (semantics).
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final

from telemetry.problem import CONTENT_TYPE, problem_members

END_OF_HEAD: Final = b"\r\n\r\n"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PHRASES: Final[Mapping[int, str]] = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """One request without its body, which nothing here reads.

    Args:
        method: As sent.
        path: Without query.
        headers: By lower-case name; repeated ones joined by ", ".
        client: Address of the peer.
        keep_alive: The connection may serve another request.
        has_body: Bytes follow that will not be read.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    client: str
    keep_alive: bool
    has_body: bool


@dataclass(frozen=True, slots=True)
class Response:
    """One response.

    Args:
        status: Status code.
        content_type: Of the body.
        body: In slices.
        headers: Others, by name.
    """

    status: int
    content_type: str
    body: Sequence[bytes]
    headers: Mapping[str, str] = field(default_factory=dict)

    def head(self, *, keep_alive: bool) -> bytes:
        """Encode status line and headers, with the empty line that ends them."""
        headers = {
            "Date": formatdate(usegmt=True),
            "Content-Type": self.content_type,
            "Content-Length": str(sum(map(len, self.body))),
            "Cache-Control": "no-store",
            "Connection": "keep-alive" if keep_alive else "close",
            **self.headers,
        }
        lines = [
            f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, '')}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join(lines).encode("latin-1", "replace") + END_OF_HEAD


class ProtocolError(Exception):
    """A request that cannot be served; it ends its connection.

    Args:
        status: Status code of the response.
        detail: One sentence for the client's developer.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.response = problem(status, detail)


def problem(status: int, detail: str, **headers: str) -> Response:
    """Build an error response.

    Args:
        status: Status code.
        detail: One sentence for the client's developer.
        headers: Others, by name with underscores.
    """
    return json_response(status, problem_members(status, detail), CONTENT_TYPE, **headers)


def json_response(
    status: int, body: Mapping[str, Any], content_type: str = "application/json", **headers: str
) -> Response:
    """Build a JSON response; values that JSON has no type for are written as text."""
    encoded = json.dumps(body, default=str, separators=(",", ":")).encode() + b"\n"
    return Response(
        status,
        content_type,
        [encoded],
        {name.replace("_", "-"): value for name, value in headers.items()},
    )


def parse_request(head: bytes, client: str) -> Request:
    """Parse one request head.

    Args:
        head: From the request line up to, without, the empty line.
        client: Address of the peer.

    Raises:
        ProtocolError: It is not HTTP/1.x.
    """
    request_line, *lines = head.decode("latin-1").split("\r\n")
    parts = request_line.split(" ")
    if len(parts) != 3 or not _TOKEN.fullmatch(parts[0]):
        raise ProtocolError(400, "The first line is not METHOD TARGET VERSION.")
    method, target, version = parts
    if version not in ("HTTP/1.0", "HTTP/1.1"):
        raise ProtocolError(505, "Only HTTP/1.0 and HTTP/1.1 are supported.")
    headers = _parse_headers(lines)
    if version == "HTTP/1.1" and "host" not in headers:
        raise ProtocolError(400, "An HTTP/1.1 request needs a Host header.")
    has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    options = {option.strip().lower() for option in headers.get("connection", "").split(",")}
    keep_alive = (
        not has_body
        and "close" not in options
        and (version == "HTTP/1.1" or "keep-alive" in options)
    )
    return Request(method, target.partition("?")[0], headers, client, keep_alive, has_body)


def _parse_headers(lines: Sequence[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.fullmatch(name):
            raise ProtocolError(400, "A header line is not NAME: VALUE.")
        key, value = name.lower(), value.strip()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    return headers
