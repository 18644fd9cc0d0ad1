"""What was measured, as a committed file of JSON, and its summary."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from bench.cost.conditions import BARE, BARE_OURS
from bench.cost.measuring import Delivery, Measurement, Rounds


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and extremes of the rounds."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Summarise some values."""
        return cls(statistics.median(values), min(values), max(values))

    def format(self, digits: int) -> str:
        """Return ``median (min to max)``."""
        return f"{self.median:.{digits}f} ({self.least:.{digits}f} to {self.most:.{digits}f})"


@dataclass(frozen=True, slots=True)
class Row:
    """One condition in one table.

    Args:
        name: Of the condition.
        group: See ``Condition``.
        cpu_us: Processor time for an answer.
        ratio: To bare on gunicorn's own worker, round by round.
        ratio_ours: To bare on our worker; ``None`` where that was not measured.
        per_second, p50_ms, p99_ms: Medians.
        resident_mb: Memory of a worker after the last round.
        more_mb: The same above bare's.
        failures: Of all rounds.
        delivery: Its spans; ``None`` where none are sent or counted.
    """

    name: str
    group: str
    cpu_us: Spread
    ratio: Spread
    ratio_ours: Spread | None
    per_second: float
    p50_ms: float
    p99_ms: float
    resident_mb: float
    more_mb: float
    failures: int
    delivery: Delivery | None


@dataclass(frozen=True, slots=True)
class Series:
    """One set of interleaved rounds.

    Args:
        title: Of its table.
        groups: Group of each condition.
        rounds: What was measured.
        deliveries: Spans, by condition.
    """

    title: str
    groups: Mapping[str, str]
    rounds: Rounds
    deliveries: Mapping[str, Delivery] = field(default_factory=dict)

    def rows(self) -> list[Row]:
        """Summarise every condition."""
        return [self._row(name) for name in self.groups]

    def _row(self, name: str) -> Row:
        found = self.rounds[name]
        cpu = [one.cpu_us for one in found]
        resident = found[-1].resident_mb
        return Row(
            name,
            self.groups[name],
            Spread.of(cpu),
            self._ratio(cpu, BARE),
            self._ratio(cpu, BARE_OURS) if BARE_OURS in self.rounds else None,
            statistics.median(one.per_second for one in found),
            statistics.median(one.p50_ms for one in found),
            statistics.median(one.p99_ms for one in found),
            resident,
            resident - self.rounds[BARE][-1].resident_mb,
            sum(one.failures for one in found),
            self.deliveries.get(name),
        )

    def _ratio(self, cpu: Sequence[float], base: str) -> Spread:
        bare = [one.cpu_us for one in self.rounds[base]]
        return Spread.of([own / other for own, other in zip(cpu, bare, strict=True)])


@dataclass(frozen=True, slots=True)
class Results:
    """A whole run.

    Args:
        command: That repeats it.
        taken: Date.
        series: Its tables.
    """

    command: str
    taken: str
    series: Sequence[Series]

    def write(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(_rounded(asdict(self))) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what ``write`` wrote."""
        values: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return cls(values["command"], values["taken"], [_series(one) for one in values["series"]])


def _series(values: dict[str, Any]) -> Series:
    rounds = {
        name: [Measurement(**one) for one in found] for name, found in values["rounds"].items()
    }
    deliveries = {name: Delivery(**one) for name, one in values["deliveries"].items()}
    return Series(values["title"], values["groups"], rounds, deliveries)


def _rounded(value: Any) -> Any:
    """Round to what is known: a thousandth of a microsecond is noise."""
    match value:
        case dict():
            return {key: _rounded(one) for key, one in value.items()}
        case list() | tuple():
            return [_rounded(one) for one in value]
        case float():
            return round(value, 3)
    return value
