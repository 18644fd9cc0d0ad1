"""Where an HTTP/1.1 answer ends, and its fields, as far as a load needs them."""

from typing import Final

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"\r\ncontent-length:"
_LENGTH_AS_USUAL: Final = b"\r\nContent-Length: "
_CHUNKED: Final = b"\r\ntransfer-encoding: chunked"
_LAST_CHUNK: Final = b"\r\n0\r\n\r\n"


def size_of_answer(received: bytes) -> int:
    """Return the size of the first answer in ``received``; 0 while it is not whole.

    Args:
        received: Begins with a status line. One request at a time is outstanding, so a body in
            chunks ends where the bytes end.

    Raises:
        ValueError: The answer has a length that is no number, or neither a length nor chunks.
    """
    end = received.find(_HEAD_END)
    if end < 0:
        return 0
    at = received.find(_LENGTH_AS_USUAL, 0, end)
    if at < 0:
        return _unusual_size(received, end)
    at += len(_LENGTH_AS_USUAL)
    size = end + 4 + int(received[at : received.find(b"\r\n", at)])
    return size if len(received) >= size else 0


def _unusual_size(received: bytes, end: int) -> int:
    head = received[: end + 2].lower()
    at = head.find(_LENGTH)
    if at >= 0:
        size = end + 4 + int(head[at + len(_LENGTH) : head.find(b"\r\n", at + 2)])
        return size if len(received) >= size else 0
    if _CHUNKED in head:
        return len(received) if received.endswith(_LAST_CHUNK, end + 2) else 0
    if head[9:12] in (b"204", b"304"):
        return end + 4
    raise ValueError(f"an answer of unknown length: {head[:200]!r}")


def field_of(answer: bytes, name: bytes) -> str:
    """Return the value of a header field as its sender spells it; empty without that field."""
    at = answer.find(b"\r\n" + name + b": ", 0, answer.find(_HEAD_END) + 2)
    if at < 0:
        return ""
    at += len(name) + 4
    return answer[at : answer.find(b"\r\n", at)].decode("latin-1")
