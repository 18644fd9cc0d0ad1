"""HTTP for the scenes: one request, its whole response, and what a member of the API needs."""

import http.client
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from stack.errors import StackError

API: Final = "/api/v1"
_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class ClientResponse:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body."""
        return json.loads(self.body)


@dataclass(slots=True)
class Client:
    """Sends requests, on one kept connection for each address.

    Args:
        address: Of a server, with its port where that is not 80.
        source: Own address; the kernel chooses without it.
        headers: Sent with every request.
    """

    address: str
    source: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    seconds: float = _SECONDS
    _connection: http.client.HTTPConnection | None = None

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> ClientResponse:
        """Send one request and read its response; nothing is repeated.

        Args:
            method: Of HTTP.
            path: Without host.
            body: Sent as JSON; bytes as they are.
            headers: On top of this client's.

        Raises:
            OSError: The connection failed.
            http.client.HTTPException: The response did not come whole.
        """
        connection = self._connected()
        sent = self.headers | dict(headers or {})
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        try:
            connection.request(method, path, data, sent)
            response = connection.getresponse()
            return ClientResponse(response.status, dict(response.getheaders()), response.read())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def streaming(self, path: str, body: object) -> Iterator[tuple[int, http.client.HTTPResponse]]:
        """Send a POST on a connection of its own, and yield its status and its open response."""
        connection = self._new()
        try:
            headers = self.headers | {"Content-Type": "application/json"}
            connection.request("POST", path, json.dumps(body).encode(), headers)
            response = connection.getresponse()
            yield response.status, response
        finally:
            connection.close()

    def upload(self, path: str, pieces: Iterator[bytes], length: int) -> ClientResponse:
        """POST a body piece by piece, on a connection of its own."""
        connection = self._new()
        try:
            headers = self.headers | {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(length),
            }
            connection.request("POST", path, pieces, headers)
            response = connection.getresponse()
            return ClientResponse(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            self._connection = self._new()
        return self._connection

    def _new(self) -> http.client.HTTPConnection:
        source = (self.source, 0) if self.source else None
        return http.client.HTTPConnection(self.address, timeout=self.seconds, source_address=source)


def get_json(url: str) -> Any:
    """Return the JSON of a URL. Raises: StackError when it answers anything but 200."""
    parts = urlsplit(url)
    client = Client(parts.netloc)
    try:
        answer = client.send("GET", f"{parts.path}?{parts.query}")
    finally:
        client.close()
    if answer.status != http.client.OK:
        raise StackError(f"{url[:120]} answered {answer.status}: {answer.body[:200]!r}")
    return answer.json


def member_headers(address: str) -> dict[str, str]:
    """Register a member through a server and log in; return the headers of its requests."""
    account = {"email": f"member-{uuid.uuid4().hex}@serene-demo.com", "password": uuid.uuid4().hex}
    client = Client(address)
    try:
        registered = client.send("POST", f"{API}/auth/register", account | {"name": "A Member"})
        answer = client.send("POST", f"{API}/auth/login", account)
    finally:
        client.close()
    if answer.status != http.client.OK:
        raise StackError(f"a login answered {answer.status} after {registered.status}")
    return {"Authorization": f"Bearer {answer.json['access_token']}"}
