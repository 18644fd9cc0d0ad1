"""What a span holds beside its attributes: events, links, and an exception as an event.

Source: OpenTelemetry semantic conventions, "Exceptions on spans".
"""

import traceback
from typing import Final, NamedTuple

from opentelemetry.semconv.attributes.exception_attributes import (
    EXCEPTION_ESCAPED,
    EXCEPTION_MESSAGE,
    EXCEPTION_STACKTRACE,
    EXCEPTION_TYPE,
)
from opentelemetry.trace import SpanContext, Status, StatusCode

from telemetry.tracing.values import Attributes

UNSET: Final = Status(StatusCode.UNSET)
UNPRINTABLE: Final = "<exception str() failed>"


class SpanEvent(NamedTuple):
    """Something that happened at one moment.

    Args:
        name: As given.
        timestamp: Nanoseconds since 1970.
        attributes: Within the limits.
        dropped_attributes: How many were beyond them.
    """

    name: str
    timestamp: int
    attributes: Attributes
    dropped_attributes: int


class SpanLink(NamedTuple):
    """A span that this one has to do with.

    Args:
        context: Of that span.
        attributes: Within the limits.
        dropped_attributes: How many were beyond them.
    """

    context: SpanContext
    attributes: Attributes
    dropped_attributes: int


def exception_attributes(error: BaseException, *, escaped: bool) -> dict[str, str]:
    """Attributes of the event that describes an exception.

    Args:
        error: Raised.
        escaped: It left the span's block.
    """
    kind = type(error)
    built_in = kind.__module__ in ("builtins", "")
    return {
        EXCEPTION_TYPE: kind.__qualname__ if built_in else f"{kind.__module__}.{kind.__qualname__}",
        EXCEPTION_MESSAGE: text_of(error),
        EXCEPTION_STACKTRACE: "".join(traceback.format_exception(error)),
        EXCEPTION_ESCAPED: str(escaped),
    }


def text_of(error: BaseException) -> str:
    """The text of an exception, also of one that has none."""
    try:
        return str(error)
    except Exception:
        return UNPRINTABLE
