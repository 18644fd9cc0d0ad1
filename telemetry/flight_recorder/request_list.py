"""``/debug/requests``: the requests in flight and the bad ones of before, sorted and filtered."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple, get_args
from urllib.parse import urlencode

from telemetry.debug_page import Cell, Field, Form, Link, Page, Query, Table
from telemetry.flight_recorder.notes import Notes
from telemetry.flight_recorder.ring import Ring, Summary
from telemetry.flight_recorder.snapshot import SeenWait
from telemetry.greenlets import is_running
from telemetry.logs.lines import timestamp
from telemetry.names import Phase
from telemetry.requests.phase_account import rounded_seconds
from telemetry.requests.record import RequestRecord

PATH: Final = "/debug/requests"
REASONS: Final = ("", "slow", "failed", "cut")
MOST_ROWS: Final = 500
FILTERS: Final = ("route", "phase", "outcome")


class LiveRequest(NamedTuple):
    """A request in flight, at one instant."""

    request_id: str
    trace_id: str
    method: str
    route: str
    age_seconds: float
    slow_after_seconds: float
    status: int | None
    past_phases: dict[Phase, float]
    phases: dict[Phase, float]
    doing: str
    phase: str
    snapshots: int

    def members(self, *, running: bool) -> dict[str, Any]:
        """Return it as JSON members."""
        return {
            "requestId": self.request_id,
            "traceId": self.trace_id,
            "method": self.method,
            "route": self.route,
            "ageSeconds": round(self.age_seconds, 6),
            "status": self.status,
            "waitSeconds": rounded_seconds(self.past_phases),
            "running": running,
            "phaseSeconds": rounded_seconds(self.phases),
            "doing": self.doing,
            "slow": self.age_seconds >= self.slow_after_seconds > 0,
            "snapshots": self.snapshots,
        }


class RequestList:
    """Makes the page.

    Args:
        in_flight: The requests in flight.
        past: Returns the ring of ended ones.
        open_waits: Returns what a request waits for at an instant of ``perf_counter_ns``, innermost
            last.
    """

    def __init__(
        self,
        in_flight: Callable[[], Iterable[RequestRecord]],
        past: Callable[[], Ring],
        open_waits: Callable[[RequestRecord, int], Sequence[SeenWait]],
    ) -> None:
        self._in_flight = in_flight
        self._past = past
        self._open_waits = open_waits

    def page(self, query: Query) -> Page:
        """Return the page; ``sort``, ``route``, ``phase`` and ``outcome`` are parameters."""
        ring = self._past()
        now_ns = time.perf_counter_ns()
        every = [
            (self._live(each, now_ns), is_running(each.greenlet)) for each in self._in_flight()
        ]
        ended = ring.summaries()
        routes = sorted({each.route for each in ended} | {each.route for each, _ in every})
        live = [each for each in every if _matches(query, each[0].route, each[0].phase, "")]
        live = _sorted(live, query, _LIVE_KEYS, "-age")
        past = [
            each for each in ended if _matches(query, each.route, each.dominant_phase, each.reason)
        ]
        past = _sorted(past, query, _PAST_KEYS, "-began")
        return Page(
            "Requests",
            [_form(query, routes), _live_table(query, live), _past_table(query, past)],
            {
                "inFlight": len(live),
                "requests": [each.members(running=running) for each, running in live],
                "past": [_summary_members(each) for each in past[:MOST_ROWS]],
                "pastBytes": ring.kept_bytes,
                "pastMostBytes": ring.most_bytes,
            },
            summary=f"{len(every)} in flight; {len(ended)} slow, failed or cut ones kept "
            f"({ring.kept_bytes / 1e6:.2f} of {ring.most_bytes / 1e6:.2f} MB).",
        )

    def _live(self, record: RequestRecord, now_ns: int) -> LiveRequest:
        notes = record.notes
        phase, doing = self._doing(record, now_ns)
        return LiveRequest(
            record.request_id,
            record.trace_id,
            record.method_label,
            record.route,
            (now_ns - record.started_ns) / 1e9,
            record.slow_after_seconds,
            record.status,
            record.phase_seconds.copy(),
            record.phase_seconds_until(now_ns),
            doing,
            phase,
            len(notes.snapshots) if isinstance(notes, Notes) else 0,
        )

    def _doing(self, record: RequestRecord, now_ns: int) -> tuple[str, str]:
        """Return the phase that it is in, and what exactly it does."""
        if is_running(record.greenlet):
            return "cpu", "running"
        found = self._open_waits(record, now_ns)
        return (found[-1].phase, str(found[-1])) if found else ("other", "waiting")


_LIVE_KEYS: Final[dict[str, Callable[[tuple[LiveRequest, bool]], Any]]] = {
    "age": lambda each: each[0].age_seconds,
    "route": lambda each: each[0].route,
    "method": lambda each: each[0].method,
    "phase": lambda each: each[0].phase,
    "status": lambda each: each[0].status or 0,
}
_PAST_KEYS: Final[dict[str, Callable[[Summary], Any]]] = {
    "began": lambda each: each.began_unix_seconds,
    "age": lambda each: each.seconds,
    "seconds": lambda each: each.seconds,
    "route": lambda each: each.route,
    "method": lambda each: each.method,
    "phase": lambda each: each.dominant_phase,
    "status": lambda each: each.status or 0,
    "outcome": lambda each: each.outcome,
}


def _matches(query: Query, route: str, phase: str, reason: str) -> bool:
    found = {"route": route, "phase": phase, "outcome": reason}
    return all(query.get(name, "") in ("", found[name]) for name in FILTERS)


def _sorted(
    items: Sequence[Any], query: Query, keys: dict[str, Callable[[Any], Any]], default: str
) -> list[Any]:
    wanted = query.get("sort", "")
    if wanted.removeprefix("-") not in keys:
        wanted = default
    return sorted(items, key=keys[wanted.removeprefix("-")], reverse=wanted.startswith("-"))


def _form(query: Query, routes: Sequence[str]) -> Form:
    chosen = query.get("route", "")
    known = ["", *sorted({*routes, chosen} - {""})]
    return Form(
        "Filter",
        [
            Field("route", "Route", chosen, known),
            Field("phase", "Phase", query.get("phase", ""), ["", *get_args(Phase)]),
            Field("outcome", "Kept because it was", query.get("outcome", ""), REASONS),
            Field("sort", "Sort", query.get("sort", ""), ["", *_orders()]),
        ],
        "Show",
    )


def _orders() -> list[str]:
    return [
        f"{sign}{name}"
        for name in ("began", "age", "route", "phase", "status")
        for sign in ("-", "")
    ]


def _header(text: str, key: str, query: Query) -> Link:
    """Return a column's header that sorts; the other way where it has sorted already."""
    wanted = key if query.get("sort") == f"-{key}" else f"-{key}"
    kept = {name: query[name] for name in (*FILTERS, "format") if query.get(name)}
    return Link(text, f"?{urlencode({**kept, 'sort': wanted})}")


def _live_table(query: Query, live: Sequence[tuple[LiveRequest, bool]]) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            Link(each.request_id, f"{PATH}/{each.request_id}"),
            each.method,
            each.route,
            each.age_seconds,
            each.doing,
            each.status,
            each.snapshots,
        )
        for each, _ in live[:MOST_ROWS]
    ]
    columns = (
        "Request",
        _header("Method", "method", query),
        _header("Route", "route", query),
        _header("Age, s", "age", query),
        _header("Now", "phase", query),
        _header("Status", "status", query),
        "Snapshots",
    )
    return Table("In flight", columns, rows)


def _past_table(query: Query, past: Sequence[Summary]) -> Table:
    rows: list[Sequence[Cell]] = [
        (
            Link(each.request_id, f"{PATH}/{each.request_id}"),
            f"{timestamp(each.began_unix_seconds)[:-4].replace('T', ' ')}",
            each.method,
            each.route,
            each.status,
            _why(each),
            each.seconds,
            each.dominant_phase,
            each.snapshots,
            each.log_lines,
        )
        for each in past[:MOST_ROWS]
    ]
    columns = (
        "Request",
        _header("Began, UTC", "began", query),
        _header("Method", "method", query),
        _header("Route", "route", query),
        _header("Status", "status", query),
        _header("Kept", "outcome", query),
        _header("Took, s", "seconds", query),
        _header("Mostly", "phase", query),
        "Snapshots",
        "Log lines",
    )
    return Table("Ended: slow, failed or cut", columns, rows)


def _why(each: Summary) -> str:
    return each.reason if each.outcome in ("completed", each.reason) else each.outcome


def _summary_members(each: Summary) -> dict[str, Any]:
    return {
        "requestId": each.request_id,
        "traceId": each.trace_id,
        "method": each.method,
        "route": each.route,
        "status": each.status,
        "outcome": each.outcome,
        "reason": each.reason,
        "beganUnixSeconds": each.began_unix_seconds,
        "durationSeconds": round(each.seconds, 6),
        "dominantPhase": each.dominant_phase,
        "phaseSeconds": rounded_seconds(each.phases),
        "snapshots": each.snapshots,
        "logLines": each.log_lines,
    }
