"""What a language model's error means, from the shapes that endpoints give it.

Servers put an error into ``error`` (an object, a text or a number), ``detail``, ``message`` or a
list, into a response or into a stream. Its words decide what failed; they are never passed on,
because they may quote the conversation.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from service.companion.failures import ModelFailed, ModelLimited, ModelUnavailable, Reason

FAILED: Final = "The companion could not answer."
LIMITED: Final = "The companion has too much to do at the moment."
RETRY_AFTER_SECONDS: Final = 10.0
"""For a 429 of the model that names no time."""
LONGEST_RETRY_AFTER_SECONDS: Final = 86_400.0

TRANSIENT_STATUSES: Final = frozenset({0, 408, 409, 425})
"""Beside every 5xx; 0 is a lost connection or an invalid reply."""

HINTS: Final[Mapping[Reason, str]] = {
    "key": "it refuses the key: check COMPANION_API_KEY and COMPANION_API_KEY_HEADER",
    "quota": "its account has no credit or quota left: check the account of COMPANION_API_KEY",
    "model": "it does not have the model: check COMPANION_MODEL",
    "url": "it does not serve chat completions there: check COMPANION_BASE_URL",
    "context": "the conversation is too long for the model: lower COMPANION_CONTEXT_MESSAGES",
    "version": "it refuses the version of its API: check COMPANION_API_VERSION",
    "request": "it refuses the request: check COMPANION_MODEL and COMPANION_BASE_URL",
}

_WORDS: Final[tuple[tuple[Reason, re.Pattern[str]], ...]] = (
    (
        "quota",
        re.compile(r"insufficient[_ ](quota|balance|credit|funds)|billing|payment[_ ]required"),
    ),
    ("stream_options", re.compile(r"stream_options|include_usage")),
    ("version", re.compile(r"api[-_ ]version")),
    (
        "context",
        re.compile(
            r"context[_ ](length|window|size|limit)|maximum context|too many (input )?tokens"
            r"|(prompt|input|request) (is )?too long|exceeds? the (available )?context"
            r"|context_length|model_context_window|string_above_max_length"
        ),
    ),
    (
        "model",
        re.compile(
            r"model[_ ]not[_ ](found|exist)|invalid[_ ]model|unknown model|no such model"
            r"|deploymentnotfound|(?:model|deployment) .{0,120}"
            r"(does not exist|not found|not available|decommissioned|is not a valid)"
        ),
    ),
)
_LIMITED: Final = re.compile(r"rate[_ -]?limit|too[_ ]many[_ ]requests|resource_exhausted")
_DURATION: Final = re.compile(
    r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?", re.ASCII
)
_NUMBER: Final = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_LARGEST_RELATIVE_SECONDS: Final = 1e9
_LARGEST_UNIX_SECONDS: Final = 1e11


def reason_of(status: int, body: object) -> Reason:
    """Return what is wrong with a request, by the response to it.

    Args:
        status: HTTP status; 0 for an error in a stream without one.
        body: The response's body as JSON, or a text.
    """
    words = " ".join(_words(body)).lower()
    found = next((reason for reason, pattern in _WORDS if pattern.search(words)), None)
    if status in (401, 403):
        return "key"
    if status == 402:
        return "quota"
    if found is not None and (400 <= status < 500 or status == 0):
        return found
    if status in (404, 405) or 300 <= status < 400:
        return "url"
    return "request" if 400 <= status < 500 and status not in (408, 409, 425, 429) else ""


def failure_of_response(status: int, headers: Mapping[str, str], body: object) -> ModelUnavailable:
    """Return the failure that a response with an error status is.

    Args:
        status: HTTP status.
        headers: By name in lower case, or in any case.
        body: As JSON, or a text.
    """
    seconds, reason = retry_after_seconds(headers), reason_of(status, body)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        seconds = seconds or RETRY_AFTER_SECONDS
        return ModelLimited(LIMITED, reason=reason, retry_after_seconds=seconds)
    return ModelFailed(FAILED, status=status, reason=reason, retry_after_seconds=seconds)


def failure_in_stream(error: object) -> ModelUnavailable:
    """Return the failure that an error within a stream is."""
    status = next(_statuses(error), 0)
    words = " ".join(_words(error)).lower()
    reason = reason_of(status, error)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (not status and _LIMITED.search(words)):
        return ModelLimited(LIMITED, reason=reason, retry_after_seconds=RETRY_AFTER_SECONDS)
    return ModelFailed(FAILED, status=status, reason=reason)


def retry_after_seconds(
    headers: Mapping[str, str], *, unix_time: Callable[[], float] = time.time
) -> float:
    """Return the time until a retry makes sense, at least one second; 0 when none is named.

    Args:
        headers: Of the response.
        unix_time: Seconds since the epoch.

    Source: RFC 9110, section 10.2.3, and the headers ``retry-after-ms`` and ``x-ratelimit-reset-*``
    of vendors.
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return _bounded(milliseconds / 1e3)
    found = headers.get("retry-after", "").strip()
    seconds = _relative(found, unix_time)
    if seconds is None and found:
        seconds = _until(found, unix_time)
    if seconds is None:
        resets = [
            _relative(headers[name], unix_time)
            for name in (
                "x-ratelimit-reset-requests",
                "x-ratelimit-reset-tokens",
                "x-ratelimit-reset",
                "ratelimit-reset",
            )
            if name in headers
        ]
        seconds = max((one for one in resets if one is not None), default=None)
    return 0.0 if seconds is None else _bounded(seconds)


def _bounded(seconds: float) -> float:
    return min(max(1.0, seconds), LONGEST_RETRY_AFTER_SECONDS)


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


def _relative(text: str, unix_time: Callable[[], float]) -> float | None:
    number = _number(text)
    if number is not None:
        if number < _LARGEST_RELATIVE_SECONDS:
            return number
        unix_seconds = number if number < _LARGEST_UNIX_SECONDS else number / 1e3
        return max(0.0, unix_seconds - unix_time())
    found = _DURATION.fullmatch(text.strip())
    if not found or not any(found.groups()):
        return None
    hours, minutes, seconds, milliseconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + milliseconds / 1e3


def _until(date: str, unix_time: Callable[[], float]) -> float | None:
    try:
        return max(0.0, parsedate_to_datetime(date).timestamp() - unix_time())
    except (ValueError, OverflowError):
        return None


def _parts(error: object, depth: int = 3) -> Iterator[Mapping[str, Any] | str]:
    if isinstance(error, str):
        yield error
    elif isinstance(error, Mapping):
        yield error
        if depth:
            for name in ("error", "detail", "metadata"):
                yield from _parts(error.get(name), depth - 1)
    elif isinstance(error, list) and depth:
        for one in error[:3]:
            yield from _parts(one, depth - 1)


def _words(error: object) -> Iterator[str]:
    for part in _parts(error):
        if isinstance(part, str):
            yield part[:2000]
            continue
        for name in ("code", "type", "status", "message", "msg", "param"):
            value = part.get(name)
            if isinstance(value, str):
                yield value[:2000]


def _statuses(error: object) -> Iterator[int]:
    for part in _parts(error):
        if isinstance(part, str):
            continue
        for name in ("code", "status", "status_code", "http_status"):
            number = _number(str(part.get(name)))
            if number is not None and 400 <= number < 600:
                yield int(number)
