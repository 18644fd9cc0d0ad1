"""Requests and responses of the management port: bytes in, bytes out.

As much of HTTP/1.1 as a scraper, a probe and curl need, by the rules of ``http1``; no sockets, and
no clock but for the ``Date`` header.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

from telemetry.http1.request import END, parse_head
from telemetry.http1.request import Limits as HeadLimits
from telemetry.problem import CONTENT_TYPE, problem_members

_PHRASES: Final[Mapping[int, str]] = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """One request without its body, which nothing here reads.

    Args:
        method: As sent.
        path: Decoded, without query; ``*`` for the server itself.
        host: Host and port that the client named; empty for a client that named none.
        headers: By lower-case name; repeated ones joined by ", ".
        client: Address of the peer.
        keep_alive: The connection may serve another request.
        has_body: Bytes follow that will not be read.
        query: Still percent-encoded, without the question mark.
    """

    method: str
    path: str
    host: str
    headers: Mapping[str, str]
    client: str
    keep_alive: bool
    has_body: bool
    query: str = ""


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
        content = {
            "Content-Type": self.content_type,
            "Content-Length": str(sum(map(len, self.body))),
        }
        headers = {
            "Date": formatdate(usegmt=True),
            **(content if self.status != HTTPStatus.NO_CONTENT else {}),
            "Cache-Control": "no-store",
            "Connection": "keep-alive" if keep_alive else "close",
            **self.headers,
        }
        lines = [
            f"HTTP/1.1 {self.status} {_PHRASES.get(self.status, '')}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join(lines).encode("latin-1", "replace") + END


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


def parse_request(head: bytes, client: str, limits: HeadLimits) -> Request:
    """Parse one request head.

    Args:
        head: From the request line up to, without, the empty line.
        client: Address of the peer.
        limits: How large the head may be.

    Raises:
        BrokenRule: The request is refused.
    """
    message = parse_head(head, limits)
    has_body = bool(message.body_length)
    return Request(
        method=message.line.method,
        path=unquote(message.line.path, "latin-1"),
        host=message.host,
        headers={name: ", ".join(values) for name, values in message.fields.items()},
        client=client,
        keep_alive=message.keep_alive and not has_body,
        has_body=has_body,
        query=message.line.query,
    )
