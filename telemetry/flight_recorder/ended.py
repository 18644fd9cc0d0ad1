"""An ended request on its way into the ring: chosen on the hub, described in a native thread."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from telemetry.flight_recorder.notes import Notes, QuietLine
from telemetry.flight_recorder.ring import Summary
from telemetry.logs.lines import timestamp
from telemetry.redaction import Redactor
from telemetry.requests.completed import CompletedRequest
from telemetry.requests.phase_account import rounded_seconds
from telemetry.requests.record import CUT_BY_CLIENT, RequestEvent, RequestRecord
from telemetry.span_names import SNAPSHOT_EVENT

SERVER_ERROR: Final = 500


def reason_to_keep(record: RequestRecord) -> str:
    """Return why a completed request is kept; empty for a good one.

    A request that a drain refused is good: it did nothing.
    """
    outcome, status = record.outcome, record.status
    if outcome == "completed":
        if status is not None and status >= SERVER_ERROR:
            return "failed"
        return "slow" if record.dominant_phase else ""
    if outcome == "rejected":
        return ""
    return "cut" if outcome in CUT_BY_CLIENT else "failed"


@dataclass(frozen=True, slots=True)
class EndedRequest:
    """What is known of it at its end.

    Args:
        request: Its facts.
        reason: Why it is kept.
        notes: Its lines and snapshots; ``None`` without any.
        events: Its events.
        private: Client values to remove from texts.
    """

    request: CompletedRequest
    reason: str
    notes: Notes | None
    events: tuple[RequestEvent, ...]
    private: tuple[str | bytes, ...]

    def summary(self) -> Summary:
        """Return what a list shows of it."""
        request, notes = self.request, self.notes
        return Summary(
            request.request_id,
            request.trace_id,
            request.method_label,
            request.route,
            request.status,
            request.outcome,
            self.reason,
            request.started_unix_ns / 1e9,
            request.duration_seconds,
            request.dominant_phase or _largest(request.phase_seconds),
            {str(name): each for name, each in request.phase_seconds.items()},
            len(notes.snapshots) if notes else 0,
            len(notes.lines) if notes else 0,
        )

    def members(self, redactor: Redactor) -> dict[str, Any]:
        """Return everything as JSON members, redacted."""
        request, notes = self.request, self.notes
        return {
            "requestId": request.request_id,
            "traceId": request.trace_id,
            "spanId": request.span_id,
            "parentSpanId": request.parent_span_id,
            "correlationIds": list(request.correlation_ids),
            "traceKept": request.sampled,
            "reason": self.reason,
            "method": request.method_label,
            "route": request.route,
            "path": request.path,
            "query": request.query,
            "host": request.host,
            "scheme": request.scheme,
            "clientAddress": request.client_address,
            "userAgent": request.user_agent,
            "status": request.status,
            "outcome": request.outcome,
            "errorType": request.error_type,
            "refusal": request.refusal,
            "responseBytes": request.response_bytes,
            "beganUnixSeconds": request.started_unix_ns / 1e9,
            "durationSeconds": round(request.duration_seconds, 6),
            "slowAfterSeconds": request.slow_after_seconds,
            "dominantPhase": request.dominant_phase or _largest(request.phase_seconds),
            "phaseSeconds": rounded_seconds(request.phase_seconds),
            "snapshots": [each.members() for each in notes.snapshots] if notes else [],
            "events": [event_members(e) for e in self.events if e.name != SNAPSHOT_EVENT],
            "logLines": list(line_members(notes, redactor, self.private)) if notes else [],
            "logLinesLeftOut": notes.left_out if notes else 0,
        }


def event_members(event: RequestEvent) -> dict[str, Any]:
    """Return an event as JSON members."""
    return {
        "name": event.name,
        "unixSeconds": round(event.unix_ns / 1e9, 6),
        "attributes": dict(event.attributes),
    }


def line_members(
    notes: Notes, redactor: Redactor, private: tuple[str | bytes, ...]
) -> Iterator[dict[str, Any]]:
    """Yield the log lines of a request as JSON members; quiet ones are redacted here."""
    for line, _ in notes.lines.copy():  # one step, for the hub may add one
        if isinstance(line, QuietLine):
            yield {
                "time": timestamp(line.unix_seconds),
                "level": line.level,
                "logger": line.logger,
                "message": redactor.without(line.text(), private),
                **redactor.value(line.members),
            }
        else:
            yield dict(line)


def _largest(phases: Mapping[Any, float]) -> str:
    return str(max(phases, key=phases.__getitem__)) if phases else ""
