"""Who held the hub in one turn: its seconds, split by what its samples saw; pure decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from telemetry.hub.attribution import Cause, CauseSeconds, is_own, own_seconds
from telemetry.hub.code_names import Frames, culprit_of
from telemetry.hub.samples import Sample, code_of, main_frames
from telemetry.names import UNKNOWN_CODE
from telemetry.requests.record import RequestRecord

MOST_SHARES: Final = 64
"""Different codes of one turn; the time of those beyond is nobody's."""
MOST_UNSEEN: Final = 2.0
"""What samples stand for may be this much less than the turn took; more has no name."""


@dataclass(slots=True)
class Share:
    """Code that was seen in a turn.

    Args:
        record: The request whose greenlet ran, or ``None`` outside of requests.
        code: Its label.
        frames: Its stack at the last sample.
        weights: Time that its samples stand for by cause, nanoseconds.
    """

    record: RequestRecord | None
    code: str
    frames: Frames
    weights: dict[Cause, int]


@dataclass(frozen=True, slots=True)
class Culprit:
    """A part of a block.

    Args:
        cause: Of the part.
        code: That held the hub, or that kept the interpreter from it.
        record: The request whose greenlet ran it, or ``None``.
        seconds: How long.
    """

    cause: Cause
    code: str
    record: RequestRecord | None
    seconds: float


@dataclass(frozen=True, slots=True)
class Holder:
    """The request, or the code outside of requests, that held the hub for most of a block.

    Args:
        record: The request, or ``None``.
        code: Its label.
        frames: Its stack when it was last seen.
        share: Of the time that has a name.
    """

    record: RequestRecord | None
    code: str
    frames: Frames
    share: float


class Shares:
    """What was seen in one turn, added up."""

    def __init__(self) -> None:
        self._shares: dict[tuple[int, str], Share] = {}
        self._thread_codes: dict[str, int] = {}
        self.samples = 0

    def add(self, sample: Sample) -> None:
        """Add a sample."""
        self.samples += 1
        if sample.thread_code:
            self.add_thread(sample.thread_code, sample.weight_ns)
        code = code_of(sample.frames)
        key = id(sample.record), code
        share = self._shares.get(key)
        if share is None:
            if len(self._shares) >= MOST_SHARES:
                return
            share = self._shares[key] = Share(sample.record, code, sample.frames, {})
        share.frames = sample.frames
        parts = sample.parts if sample.parts is not None else {sample.cause: sample.weight_ns}
        for cause, weight in parts.items():
            share.weights[cause] = share.weights.get(cause, 0) + weight

    def add_thread(self, code: str, weight_ns: int) -> None:
        """Add the time for which another thread kept the interpreter."""
        self._thread_codes[code] = self._thread_codes.get(code, 0) + weight_ns

    def culprits(self, seconds: CauseSeconds) -> tuple[Culprit, ...]:
        """Split a block's seconds.

        What another thread or the machine took is not the fault of the code that would have run.

        Args:
            seconds: By cause.
        """
        found: list[Culprit] = []
        seen = sum(sum(share.weights.values()) for share in self._shares.values()) / 1e9
        own = own_seconds(seconds)
        known = min(1.0, MOST_UNSEEN * seen / own) if own > 0 else 0.0
        for cause, part in seconds.items():
            if part <= 0:
                continue
            if cause == "gil":
                found += _split(cause, part, self._threads())
            elif cause == "frozen":
                found.append(Culprit(cause, UNKNOWN_CODE, None, part))
            else:
                found += _split(cause, part * known, self._weights(cause))
                if known < 1.0:
                    found.append(Culprit(cause, UNKNOWN_CODE, None, part * (1 - known)))
        return tuple(found)

    def holder(self, seconds: CauseSeconds, threshold_seconds: float) -> Holder | None:
        """Return who held the hub for most of a block; ``None`` when no code was seen to.

        Args:
            seconds: By cause.
            threshold_seconds: From which on a time is a block.
        """
        if is_own(seconds, threshold_seconds):
            return self._own_holder() if self._shares else None
        if seconds["gil"] < seconds["frozen"]:
            return None
        codes = self._thread_codes
        code = max(codes, key=lambda each: codes[each], default="")
        return Holder(None, code, (), 1.0) if code else None

    def _own_holder(self) -> Holder:
        by_record: dict[int, list[Share]] = {}
        for share in self._shares.values():
            by_record.setdefault(id(share.record), []).append(share)
        total = _weight(self._shares.values())
        shares = max(by_record.values(), key=_weight)
        heaviest = max(shares, key=lambda each: _weight([each]))
        frames = main_frames([(share.frames, _weight([share])) for share in shares])
        return Holder(
            heaviest.record,
            culprit_of(frames) if frames else heaviest.code,
            heaviest.frames,
            _weight(shares) / total if total else 1.0,
        )

    def _threads(self) -> list[tuple[str, RequestRecord | None, int]]:
        return [(code, None, weight) for code, weight in self._thread_codes.items()]

    def _weights(self, cause: Cause) -> list[tuple[str, RequestRecord | None, int]]:
        shares = list(self._shares.values())
        of_cause = [
            (share.code, share.record, weight)
            for share in shares
            if (weight := share.weights.get(cause, 0))
        ]
        return of_cause or [
            (share.code, share.record, sum(share.weights.values())) for share in shares
        ]


def _weight(shares: Iterable[Share]) -> int:
    return sum(sum(share.weights.values()) for share in shares)


def _split(
    cause: Cause, seconds: float, weighted: Sequence[tuple[str, RequestRecord | None, int]]
) -> list[Culprit]:
    total = sum(weight for _, _, weight in weighted)
    if not total:
        return [Culprit(cause, UNKNOWN_CODE, None, seconds)] if seconds > 0 else []
    return [
        Culprit(cause, code, record, seconds * weight / total)
        for code, record, weight in weighted
        if weight
    ]
