"""A language model's reply, read from what an OpenAI-compatible endpoint streams.

Every member is optional but the text and its end. A reply is complete with text and one of: a
``finish_reason``, ``[DONE]``, or the end of a JSON document that came in place of a stream. What
follows a ``finish_reason`` may be missing, late or broken, and changes nothing. An end of the
connection without any of them is an incomplete reply.

Source: OpenAI's API reference, "Streaming" of chat completions; docs/decisions/companion.md for
what endpoints leave out and add.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

import gevent

from service.companion.event_source import ServerEvent, read_events, without_bom
from service.companion.failures import ModelDeclined, ModelFailed
from service.companion.model_errors import failure_in_stream

LINGER_SECONDS: Final = 2.0
"""Longest wait for what may follow the end, such as the numbers of tokens."""
LARGEST_DOCUMENT_BYTES: Final = 1024**2
DONE: Final = "[done]"

FAILED_REASONS: Final = frozenset(
    {
        "error",
        "abort",
        "aborted",
        "cancelled",
        "canceled",
        "timeout",
        "network_error",
        "insufficient_system_resource",
    }
)
"""Values of ``finish_reason`` of a reply that the endpoint gave up."""

_INVALID: Final = "The companion's answer was invalid."
_UNFINISHED: Final = "The companion did not finish its answer."
_DECLINED: Final = "The companion has no answer to this message."

Usage = Callable[[str, int], None]
"""Called with ``input`` or ``output`` and a number of tokens; the last call counts."""
Chunk = Mapping[str, Any]


class ReplyReader:
    """Reads one reply.

    Args:
        on_usage: Gets the numbers of tokens that the endpoint reports.
    """

    def __init__(self, on_usage: Usage) -> None:
        self._on_usage = on_usage
        self._has_text = False
        self._has_ended = False
        self._has_reason = False
        self._half = ""

    @property
    def is_complete(self) -> bool:
        """Whether the text and its end have been read."""
        return self._has_text and self._has_ended

    def pieces(self, body: Iterable[bytes]) -> Iterator[str]:
        """Yield the text of a reply as it comes.

        Args:
            body: The response's body, decoded by its ``Content-Encoding``.

        Raises:
            ModelUnavailable: The reply is invalid, incomplete, or has no text.
        """
        chunks = self._chunks(body)
        while (piece := self._next(chunks)) is not None:
            if piece:
                self._has_text = True
                yield piece
        if self._half:
            yield "\N{REPLACEMENT CHARACTER}"
        if not self._has_text and self._has_reason:
            raise ModelDeclined(_DECLINED)
        if not self.is_complete:
            raise ModelFailed(_UNFINISHED)

    def _next(self, chunks: Iterator[Chunk]) -> str | None:
        if not self.is_complete:
            try:
                return self._piece(chunks)
            except (ValueError, TypeError, AttributeError, RecursionError):
                raise ModelFailed(_INVALID) from None
        try:
            with gevent.Timeout(LINGER_SECONDS):
                return self._piece(chunks)
        except (Exception, gevent.Timeout):
            return None  # the reply is whole

    def _piece(self, chunks: Iterator[Chunk]) -> str | None:
        chunk = next(chunks, None)
        return None if chunk is None else self._whole_characters(self._text(chunk))

    def _chunks(self, body: Iterable[bytes]) -> Iterator[Chunk]:
        first, parts = _first_byte(without_bom(body))
        if first in (b"{", b"[", b"<"):
            yield from self._document(parts)
            return
        for event in read_events(parts):
            for value in _values(event):
                if value is None:
                    self._has_ended = True
                    return
                yield _checked(value, event.name)

    def _document(self, parts: Iterator[bytes]) -> Iterator[Chunk]:
        data = b""
        for part in parts:
            data += part
            if len(data) > LARGEST_DOCUMENT_BYTES:
                raise ValueError("the document is too large")
        if data.lstrip().startswith(b"<"):
            raise ModelFailed(_INVALID, reason="url")
        found = json.loads(data)
        for one in found if isinstance(found, list) else (found,):
            yield _checked(one, "")
        self._has_ended = True

    def _text(self, chunk: Chunk) -> str:
        self._read_usage(chunk)
        choice = next(iter(_list(chunk.get("choices"))), None)
        if not choice:
            return ""
        text = _content(choice.get("delta"))
        if not text and not self._has_text:
            text = _content(choice.get("message"))
        reason = choice.get("finish_reason")
        reason = reason.get("type") if isinstance(reason, Mapping) else reason
        if choice.get("error") or reason in FAILED_REASONS:
            raise failure_in_stream(choice.get("error") or reason)
        if reason and reason != "null":
            self._has_ended = self._has_reason = True
        return text

    def _read_usage(self, chunk: Chunk) -> None:
        vendor = chunk.get("x_groq")
        usage = chunk.get("usage") or (vendor.get("usage") if isinstance(vendor, Mapping) else None)
        if not isinstance(usage, Mapping):
            return
        for kind, names in _TOKENS.items():
            for name in names:
                count = usage.get(name)
                if (whole := _count(count)) is not None:
                    self._on_usage(kind, whole)
                    break

    def _whole_characters(self, piece: str) -> str:
        # JSON escapes a character beyond the first 65,536 as two halves, which may come in two
        # pieces; a half alone cannot be encoded.
        text, self._half = self._half + piece.replace("\0", ""), ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


_TOKENS: Final[Mapping[str, tuple[str, ...]]] = {
    "input": ("prompt_tokens", "input_tokens"),
    "output": ("completion_tokens", "output_tokens"),
}


def _count(value: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return value if is_count else None


def _first_byte(body: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head = b""
    for part in body:
        head += part
        if head.strip():
            break
    return head.lstrip()[:1], chain((head,), body)


def _values(event: ServerEvent) -> Iterator[Any]:
    """Yield the JSON values of an event, and ``None`` for the end of the stream."""
    for text in _texts(event.data):
        if text.strip().lower() == DONE:
            yield None
        elif text.lstrip().startswith(("{", "[")):
            yield json.loads(text)
        elif event.name == "error":
            yield {"error": text or "error"}
        # Any other text is a sign of life.


def _texts(lines: tuple[str, ...]) -> tuple[str, ...]:
    whole = "\n".join(lines)
    if len(lines) == 1:
        return (whole,)
    try:
        json.loads(whole)
    except ValueError:
        return lines  # events without the empty line between them
    return (whole,)


def _checked(value: Any, event_name: str) -> Chunk:
    if not value:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError("a chunk should be an object")
    error = value.get("error")
    is_error = error or event_name == "error" or "error" in (value.get("object"), value.get("type"))
    if is_error or (value.get("detail") and "choices" not in value):
        raise failure_in_stream(value)
    return value


def _list(value: Any) -> list[Any]:
    if not value:
        return []
    if not isinstance(value, list):
        raise TypeError("choices should be a list")
    return value


def _content(message: Any) -> str:
    if not message:
        return ""
    content = message.get("content") or message.get("refusal") or ""
    if isinstance(content, list):
        content = "".join(map(_part, content))
    if not isinstance(content, str):
        raise TypeError("a piece of a reply should be text")
    return content


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    is_text = isinstance(part, Mapping) and part.get("type", "text") in ("text", "output_text")
    text = part.get("text") if is_text else None
    text = text.get("value") if isinstance(text, Mapping) else text
    return text if isinstance(text, str) else ""
