"""Consistent probability sampling: thresholds, randomness, and the entry ``ot`` of ``tracestate``.

Every participant of a trace compares the same 56 random bits with a threshold of its own, so a
smaller ratio keeps a subset of what a larger one keeps. The threshold that was applied travels in
``ot``, so that a backend can extrapolate.

Source: OpenTelemetry specification, "TraceState Handling" and "TraceState: Probability Sampling";
W3C Trace Context, level 2, section 3.2.2.3.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from telemetry.requests.tracestate import header_of, read_members, with_member

RANDOM_BITS: Final = 56
RANDOM_MASK: Final = (1 << RANDOM_BITS) - 1
_DIGITS: Final = RANDOM_BITS // 4
_PRECISION: Final = 4
"""Digits of a threshold beyond those that a ratio near 0 or 1 begins with."""

REJECTS_ALL: Final = 1 << RANDOM_BITS

ENTRY: Final = "ot"
_MAX_ENTRY_LENGTH: Final = 256
_CACHED: Final = 256
_MAX_CACHED_LENGTH: Final = 256
_SUB_KEY: Final = re.compile(r"([a-z][a-z0-9]*):([A-Za-z0-9._-]*)")
_THRESHOLD: Final = re.compile(rf"[0-9a-f]{{1,{_DIGITS}}}")
_RANDOMNESS: Final = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")


def threshold_of(ratio: float) -> int:
    """Return the rejection threshold of a ratio: what is below it is not kept.

    Args:
        ratio: Share of traces to keep, 0 to 1.

    Returns:
        0, which keeps all, to ``REJECTS_ALL``; rounded to few digits, because it is sent along.
    """
    exact = round((1.0 - ratio) * REJECTS_ALL)
    digits = f"{exact:0{_DIGITS}x}"
    if not 0 < exact < REJECTS_ALL:
        return exact
    leading = max(len(digits) - len(digits.lstrip(digit)) for digit in "0f")
    unit = 1 << 4 * max(0, _DIGITS - leading - _PRECISION)
    return (exact + unit // 2) // unit * unit


def threshold_text(threshold: int) -> str:
    """Return the value of ``th``: hexadecimal digits without the zeros at the end."""
    return f"{threshold:0{_DIGITS}x}".rstrip("0") or "0"


def sub_keys_of(entry: str) -> dict[str, str]:
    """Read the sub-keys of an entry ``ot``; what does not follow the grammar is left out.

    Args:
        entry: Value of the entry.
    """
    found: dict[str, str] = {}
    for part in entry.split(";"):
        match = _SUB_KEY.fullmatch(part)
        if match is not None:
            found.setdefault(match[1], match[2])
    return found


def threshold_in(sub_keys: Mapping[str, str]) -> int | None:
    """Return the threshold that earlier participants applied; ``None`` without a valid one."""
    text = sub_keys.get("th", "")
    return int(text.ljust(_DIGITS, "0"), 16) if _THRESHOLD.fullmatch(text) else None


def randomness_in(sub_keys: Mapping[str, str]) -> int | None:
    """Return the explicit 56 random bits of a trace; ``None`` where those of its id count.

    Args:
        sub_keys: Of the entry ``ot``.
    """
    text = sub_keys.get("rv", "")
    return int(text, 16) if _RANDOMNESS.fullmatch(text) else None


class Sent(NamedTuple):
    """What a caller's ``tracestate`` holds.

    Args:
        members: Its entries; shared, never to be changed.
        header: The same as text, as it is passed on.
        threshold: See ``threshold_in``.
        randomness: See ``randomness_in``.
    """

    members: dict[str, str]
    header: str
    threshold: int | None
    randomness: int | None


def read_sent(header: str) -> Sent:
    """Read a ``tracestate``; short ones, which often return, are remembered."""
    return _remembered(header) if len(header) <= _MAX_CACHED_LENGTH else _read_sent(header)


def _read_sent(header: str) -> Sent:
    members = read_members(header)
    sub_keys = sub_keys_of(members.get(ENTRY, ""))
    return Sent(members, header_of(members), threshold_in(sub_keys), randomness_in(sub_keys))


_remembered = lru_cache(_CACHED)(_read_sent)


def with_threshold(members: dict[str, str], threshold: int | None) -> dict[str, str]:
    """Set or erase the threshold; other sub-keys stay, and so does an entry that needs no change.

    Args:
        members: Of a ``tracestate``.
        threshold: Below ``REJECTS_ALL``; ``None`` erases it, for an unknown probability.

    Returns:
        The members; the entry is in front where it was changed. A threshold that does not fit into
        the entry is left out.
    """
    before = members.get(ENTRY, "")
    sub_keys = sub_keys_of(before)
    if threshold is None and "th" not in sub_keys:
        return members
    others = [f"{key}:{text}" for key, text in sub_keys.items() if key != "th"]
    own = [] if threshold is None else [f"th:{threshold_text(threshold)}"]
    after = ";".join(own + others)
    if len(after) > _MAX_ENTRY_LENGTH:
        after = ";".join(others)
    if after == before:
        return members
    if after:
        return with_member(members, ENTRY, after)
    return {key: text for key, text in members.items() if key != ENTRY}
