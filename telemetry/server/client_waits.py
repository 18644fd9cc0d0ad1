"""What a request waits for at its client, as texts that are made when someone reads them."""

from collections.abc import Callable
from typing import Final

from telemetry.names import Phase
from telemetry.server.client_pace import Part
from telemetry.server.delivery import Delivery

PHASES: Final[dict[Part, Phase]] = {
    "head": "client_read",
    "body": "client_read",
    "response": "client_write",
}

BodyLeft = Callable[[], int | None]
"""Returns the bytes of a body that have not been received; ``None`` where that is not known."""


class BodyWait:
    """The wait for more of a body.

    Args:
        address: The client's.
        left: See ``BodyLeft``.
    """

    __slots__ = ("_address", "_left")

    def __init__(self, address: str, left: BodyLeft | None) -> None:
        self._address = address
        self._left = left

    def __str__(self) -> str:
        left = self._left() if self._left is not None else None
        part = "more of the body" if left is None else f"{left} bytes of the body"
        return f"{part} from {self._address or 'a Unix socket'}"


class ResponseWait:
    """The wait until a client reads.

    Args:
        address: The client's.
        delivery: Of the connection.
        left_bytes: Of what the server sends at this moment.
    """

    __slots__ = ("_address", "_delivery", "_left_bytes")

    def __init__(self, address: str, delivery: Delivery, left_bytes: int) -> None:
        self._address = address
        self._delivery = delivery
        self._left_bytes = left_bytes

    def __str__(self) -> str:
        sent_bytes, client = self._delivery.response_bytes, self._address or "a Unix socket"
        return f"{client} to read: {sent_bytes} bytes sent, {self._left_bytes} wait"
