"""``/debug/requests/<id>``: everything that is known of one request, in flight or kept."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from telemetry.config import TelemetryConfig
from telemetry.debug_page import REST, Cell, Drawing, Lines, Link, Page, Query, Section, Table
from telemetry.flight_recorder.camera import Camera
from telemetry.flight_recorder.ended import EndedRequest
from telemetry.flight_recorder.notes import Notes
from telemetry.flight_recorder.request_list import PATH
from telemetry.flight_recorder.ring import Ring
from telemetry.flight_recorder.waterfall import seconds_text, waterfall
from telemetry.logs.lines import timestamp
from telemetry.redaction import Redactor
from telemetry.requests.completed import freeze
from telemetry.requests.record import RequestRecord

OWN_MEMBERS: Final = frozenset({"time", "level", "logger", "message"})
NOT_SHOWN: Final = OWN_MEMBERS | {
    *("request_id", "trace_id", "span_id", "service", "instance", "environment"),
}
LINK_MARGIN_MS: Final = 60_000
"""Clocks differ, and a log's lines come later than the request began."""


class RequestPage:
    """Makes the page.

    Args:
        in_flight: The requests in flight.
        past: Returns the ring of ended ones.
        camera: Takes a snapshot of one in flight; ``None`` before the start.
        config: Templates of the links to other tools.
        redactor: Removes secrets from texts.
    """

    def __init__(
        self,
        in_flight: Callable[[], Iterable[RequestRecord]],
        past: Callable[[], Ring],
        camera: Callable[[], Camera | None],
        config: TelemetryConfig,
        redactor: Redactor,
    ) -> None:
        self._in_flight = in_flight
        self._past = past
        self._camera = camera
        self._config = config
        self._redactor = redactor

    def page(self, query: Query) -> Page:
        """Return the page of the request whose id, or trace id, ends the path."""
        searched = query.get(REST, "")
        members = self._live(searched) or self._past().find(searched)
        if members is None:
            return Page(
                "No such request",
                [],
                {"detail": "It is not in flight here, and not among the kept ones."},
                summary="It is not in flight in this worker, and not among the slow, failed or cut "
                "ones that it keeps; another worker may have it.",
                links=[Link("All requests", PATH)],
                status=404,
            )
        links = self._links(members)
        data = {**members, "links": {link.text: link.url for link in links}}
        return Page(
            f"{members['method']} {members['route']}",
            list(_sections(members)),
            data,
            summary=_summary(members),
            links=[*links, Link("All requests", PATH)],
        )

    def _live(self, searched: str) -> dict[str, Any] | None:
        camera = self._camera()
        for record in self._in_flight():
            if searched in (record.request_id, record.trace_id) and camera is not None:
                return self._described(record, camera)
        return None

    def _described(self, record: RequestRecord, camera: Camera) -> dict[str, Any]:
        now = camera.take(record)
        request = freeze(record)._replace(
            duration_seconds=now.age_seconds, phase_seconds=dict(now.phases)
        )
        notes, found = Notes(), record.notes
        if isinstance(found, Notes):
            notes.lines, notes.left_out = found.lines.copy(), found.left_out
            notes.snapshots = found.snapshots.copy()
        notes.snapshots.append(now)
        ended = EndedRequest(request, "in flight", notes, record.events, record.redacted_values)
        return {**ended.members(self._redactor), "outcome": None, "inFlight": True}

    def _links(self, members: Mapping[str, Any]) -> list[Link]:
        began_ms = int(members["beganUnixSeconds"] * 1000)
        ended_ms = began_ms + int(members["durationSeconds"] * 1000)
        places = {
            "request_id": members["requestId"],
            "trace_id": members["traceId"],
            "begin_ms": began_ms - LINK_MARGIN_MS,
            "end_ms": ended_ms + LINK_MARGIN_MS,
        }
        templates = {"Trace": self._config.trace_link, "Logs": self._config.logs_link}
        return [Link(text, each.format(**places)) for text, each in templates.items() if each]


def _summary(members: Mapping[str, Any]) -> str:
    seconds = seconds_text(members["durationSeconds"])
    phase = members["dominantPhase"]
    mostly = f", most of it in {phase}" if phase else ""
    if members.get("inFlight"):
        return f"In flight for {seconds}{mostly}. Now: {members['snapshots'][-1]['state']}."
    status = members["status"] or "none"
    return f"{members['outcome']}, status {status}, took {seconds}{mostly}."


def _sections(members: Mapping[str, Any]) -> Iterator[Section]:
    yield Drawing(
        "Phases",
        waterfall(members),
        "Between two snapshots the phases stand one after the other; their lengths are true.",
    )
    total = members["durationSeconds"] or 1.0
    phases = sorted(members["phaseSeconds"].items(), key=lambda each: -each[1])
    yield Table(
        "Seconds by phase",
        ("Phase", "Seconds", "Share"),
        [(name, each, f"{each / total:.1%}") for name, each in phases if each > 0.0],
    )
    columns = ("At, s", "Phase", "Seconds", "What it waited for", "Held by", "Stacks")
    yield Table("Snapshots", columns, [*_snapshots(members)])
    yield _log_lines(members)
    yield Table("Events", ("Event", "At, s", "Attributes"), [*_events(members)])
    yield from _stacks(members)
    yield Table("Facts", ("Fact", "Value"), [*_known(members)])


def _snapshots(members: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    before: Any = None
    for snapshot in members["snapshots"]:
        stacks = "as before" if snapshot["stacks"] == before else "below"
        before = snapshot["stacks"]
        nothing = {"phase": snapshot["state"], "seconds": None, "subject": ""}
        for each in snapshot["openWaits"] or [nothing]:
            held_by = tuple(each.get("heldBy", ())) or None
            yield (
                *(f"{snapshot['ageSeconds']:.3f}", each["phase"], each["seconds"]),
                *(each["subject"] or None, held_by, stacks),
            )


def _stacks(members: Mapping[str, Any]) -> Iterator[Section]:
    before: Any = None
    for snapshot in members["snapshots"]:
        if snapshot["stacks"] != before:
            for each in snapshot["stacks"]:
                title = f"At {snapshot['ageSeconds']:.3f} s: {each['greenlet']} greenlet"
                yield Lines(f"{title}, {each['state']}", each["frames"] or ["(no frames)"])
        before = snapshot["stacks"]


def _events(members: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    for each in members["events"]:
        lines = tuple(
            line
            for name, value in each["attributes"].items()
            for line in f"{name}: {value}".splitlines()
        )
        yield each["name"], each["unixSeconds"] - members["beganUnixSeconds"], lines


def _log_lines(members: Mapping[str, Any]) -> Table:
    left_out = members["logLinesLeftOut"]
    rows: list[tuple[Cell, ...]] = []
    for line in members["logLines"]:
        others = {name: value for name, value in line.items() if name not in NOT_SHOWN}
        rows.append(
            (
                line["time"][11:-1],
                line["level"],
                line["logger"],
                line["message"],
                tuple(_flat(others)) or None,
            )
        )
    note = f"{left_out} more were left out." if left_out else ""
    return Table("Log lines", ("Time", "Level", "Logger", "Message", "Members"), rows, note)


def _flat(members: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in members.items():
        first, *others = str(value).splitlines() or [""]
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif others:
            yield from (f"{prefix}{name}:", first, *others)
        else:
            yield f"{prefix}{name}: {first}"


def _known(members: Mapping[str, Any]) -> Iterator[tuple[Cell, ...]]:
    shown = {
        "Request id": "requestId",
        "Trace id": "traceId",
        "Trace kept": "traceKept",
        "Called by proxies": "correlationIds",
        "Kept because": "reason",
        "Status": "status",
        "Outcome": "outcome",
        "Error": "errorType",
        "Refusal": "refusal",
        "Path": "path",
        "Query": "query",
        "Host": "host",
        "Client": "clientAddress",
        "User agent": "userAgent",
        "Bytes of response body": "responseBytes",
        "Slow after, s": "slowAfterSeconds",
    }
    yield "Began", timestamp(members["beganUnixSeconds"])
    yield "Took, s", f"{members['durationSeconds']:.6f}"
    for label, name in shown.items():
        value = members[name]
        if isinstance(value, list):
            value = ", ".join(value)
        yield label, None if value in (None, "") else str(value)
