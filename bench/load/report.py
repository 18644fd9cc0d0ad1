"""What a load measured, as it is passed from its process to the benchmark."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of the sorted values lie; 0 without values.

    Source: nearest rank, so that it is a value that was measured.
    """
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True)
class Latencies:
    """Quantiles of some answers, in microseconds."""

    count: int
    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, nanoseconds: Iterable[int]) -> Self:
        """Summarise latencies."""
        ordered = sorted(nanoseconds)
        p50, p99 = (quantile(ordered, share) / 1e3 for share in (0.5, 0.99))
        return cls(len(ordered), p50, p99, ordered[-1] / 1e3 if ordered else 0.0)


@dataclass(frozen=True, slots=True)
class Traced:
    """A slow or failing request, so that its trace can be found.

    Args:
        kind: ``slow`` or ``fail``.
        request_id: From the answer; empty when it had none.
        at: Unix time of the answer.
    """

    kind: str
    request_id: str
    at: float


@dataclass(frozen=True, slots=True)
class LoadReport:
    """One load, or a period of it.

    Args:
        requests: Sent, those without an answer included.
        seconds: From the first request to the end of sending.
        pages, slow, fail: Latencies by kind; a paced load measures from the intended time.
        failures: How often each thing went wrong: another status, no answer, a lost connection.
        late_p99_us: How late the load itself was at sending, when paced.
        cpu_us: Own processor time for an answer.
        traced: Slow and failing requests, as far as they were to be recorded.
        at: Unix time of the beginning.
    """

    requests: int
    seconds: float
    pages: Latencies
    slow: Latencies
    fail: Latencies
    failures: dict[str, int] = field(default_factory=dict)
    late_p99_us: float = 0.0
    cpu_us: float = 0.0
    traced: Sequence[Traced] = ()
    at: float = 0.0

    @property
    def answers(self) -> int:
        """Number of answers of all kinds."""
        return self.pages.count + self.slow.count + self.fail.count

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds if self.seconds else 0.0

    def to_json(self) -> str:
        """Return it as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> Self:
        """Read what ``to_json`` returned."""
        values: dict[str, Any] = json.loads(line)
        for kind in ("pages", "slow", "fail"):
            values[kind] = Latencies(**values[kind])
        values["traced"] = [Traced(**one) for one in values["traced"]]
        return cls(**values)
