"""What the five places have to report of a request: each as lines of text, and the cause that it
names.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from opentelemetry.trace import SpanKind
from prometheus_client.samples import Sample

from telemetry import names, span_names
from tests.architecture.sources import ROOT
from tests.e2e.causes.stand import Answered, Stand
from tests.support.delivered import Delivered, decoded
from tests.support.polling import wait_until

Place = Literal["record", "span", "log", "metrics", "debug"]
PLACES: tuple[Place, ...] = get_args(Place)
ARRIVES: dict[str, Any] = {"timeout_seconds": 60.0}
"""Everything has arrived within a tenth of a second on an idle machine."""
PHASES = (names.REQUEST_PHASE.name, names.SLOW_REQUESTS.name, names.HUB_BLOCKED.name)


@dataclass(frozen=True)
class PlaceReport:
    """What one place reports.

    Args:
        dominant: The phase that took most, by this place.
        lines: Its text.
    """

    dominant: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def without(self, patterns: Iterable[str]) -> list[str]:
        """Return the patterns that it does not contain."""
        return [pattern for pattern in patterns if not re.search(pattern, str(self))]


Samples = Mapping[tuple[str, tuple[tuple[str, str], ...]], float]


def read_samples(stand: Stand) -> Samples:
    """The counters that name causes, as they are now."""
    return {_key(one): one.value for one in stand.samples() if one.name in PHASES}


def _key(sample: Sample) -> tuple[str, tuple[tuple[str, str], ...]]:
    return sample.name, tuple(sorted(sample.labels.items()))


def read_places(
    stand: Stand, asked: Answered, route: str, before: Samples
) -> dict[Place, PlaceReport]:
    """Read all places, once the request has reached them.

    Args:
        stand: Its worker served the request.
        asked: The request.
        route: Its route, of which it was the only request since ``before``.
        before: The counters before the request.
    """
    wait_until(lambda: _slow_lines_of(stand, asked), what="the warning", **ARRIVES)
    span = wait_until(lambda: _server_span(stand, asked), what="the server span", **ARRIVES)
    return {
        "record": _record(stand, asked),
        "span": _span(span),
        "log": _log(stand, asked),
        "metrics": read_metrics(stand, route, before),
        "debug": _debug(stand, asked),
    }


def _largest(phases: Mapping[str, float]) -> str:
    return max(phases, key=phases.__getitem__)


def _record(stand: Stand, asked: Answered) -> PlaceReport:
    found = stand.server.get(f"/completed/{asked.request_id}").json
    phases = {name: round(seconds, 3) for name, seconds in found["phases"].items()}
    lines = f"dominant_phase: {found['dominant']}", f"phase_seconds: {json.dumps(phases)}"
    return PlaceReport(found["dominant"] if _largest(phases) == found["dominant"] else "", lines)


def _server_span(stand: Stand, asked: Answered) -> Delivered | None:
    for body in tuple(stand.collector.accepted):
        for span in decoded(body):
            if f"{span.context.trace_id:032x}" == asked.trace_id and span.kind is SpanKind.SERVER:
                return span
    return None


def _span(span: Delivered) -> PlaceReport:
    prefix = span_names.PHASE_ATTRIBUTE_PREFIX
    dominant = str(span.attributes.get(span_names.DOMINANT_PHASE_ATTRIBUTE, ""))
    phases = {
        name.removeprefix(prefix): seconds
        for name, seconds in span.attributes.items()
        if name.startswith(prefix)
    }
    lines = [f"{span_names.DOMINANT_PHASE_ATTRIBUTE}: {dominant}"]
    lines += [f"{prefix}{name}: {seconds:.3f}" for name, seconds in phases.items()]
    lines += [f"event {event.name}: {_json(event.attributes)}" for event in span.events]
    agrees = not phases or _largest(phases) == dominant
    return PlaceReport(dominant if agrees else "", tuple(lines))


def _slow_lines_of(stand: Stand, asked: Answered) -> list[dict[str, Any]]:
    return [one for one in _lines_of(stand, asked) if "dominant_phase" in one]


def _lines_of(stand: Stand, asked: Answered) -> list[dict[str, Any]]:
    return [one for one in stand.server.lines if one.get("request_id") == asked.request_id]


HIDDEN = frozenset(
    {
        *("time", "trace_id", "span_id", "parent_id", "request_id", "client_address"),
        *("user_agent", "service", "instance", "environment", "version", "level", "logger"),
    }
)


def _log(stand: Stand, asked: Answered) -> PlaceReport:
    lines, dominant = [], ""
    for found in _lines_of(stand, asked):
        shown = {name: value for name, value in found.items() if name not in HIDDEN}
        lines.append(f"{found['level']} {_json(shown)}")
        dominant = found.get("dominant_phase", dominant)
    return PlaceReport(dominant, tuple(lines))


def read_metrics(stand: Stand, route: str, before: Samples) -> PlaceReport:
    """What the counters count more than before; see ``read_places``."""
    grown = dict(_grown(read_samples(stand), before))
    lines, phases, slow = [], {}, ""
    for (name, labels), value in grown.items():
        of = dict(labels)
        if of.get(names.ROUTE, route) != route:
            continue
        if name == names.REQUEST_PHASE.name:
            phases[of["phase"]] = value
        if name == names.SLOW_REQUESTS.name:
            slow = of["dominant_phase"]
        shown = ",".join(f'{label}="{text}"' for label, text in labels)
        lines.append(f"{name}{{{shown}}} +{value:.3f}")
    return PlaceReport(slow if phases and _largest(phases) == slow else "", tuple(lines))


def _grown(after: Samples, before: Samples) -> Iterator[tuple[Any, float]]:
    for key, value in after.items():
        if value > before.get(key, 0.0):
            yield key, value - before.get(key, 0.0)


def _debug(stand: Stand, asked: Answered) -> PlaceReport:
    found = stand.debug(f"requests/{asked.request_id}")
    return PlaceReport(_dominant_of(found), tuple(json.dumps(found, indent=1).splitlines()))


def _dominant_of(found: Mapping[str, Any]) -> str:
    return str(found.get("dominantPhase", ""))


def _json(values: Mapping[str, Any]) -> str:
    return json.dumps(values, default=str)


_IDS = re.compile(r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b")
_SPAN_IDS = re.compile(r"\b[0-9a-f]{16}\b")
_ADDRESSES = re.compile(r"127\.0\.0\.1:\d+")
_PORTS = re.compile(r'(port": )\d+')
_FOLDERS = re.compile(rf"{re.escape(str(ROOT))}/|/[^\s\":]*/(?:site-packages|python3\.\d+)/")
_NUMBERS = re.compile(r"(?<![\w.:])\d+\.\d+(?![\w.])")


def settled(text: str) -> str:
    """Replace what differs in each run: ids, ports, folders, and times, rounded to 0.1 s."""
    text = _PORTS.sub(r"\1PORT", _FOLDERS.sub("", text))
    text = _ADDRESSES.sub("127.0.0.1:PORT", _SPAN_IDS.sub("SPAN", _IDS.sub("ID", text)))
    return _NUMBERS.sub(lambda found: f"{float(found[0]):.1f}", text)
