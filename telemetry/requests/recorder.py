"""Begins a request once, completes it exactly once, then hands it to the sinks.

Completion is a named sequence: the facts of the end are written to the record, the completion steps
run in their declared order, and the record is frozen. Only then do sinks receive it, each behind
its own guard: a sink never measures, one that fails does not affect the next, and the order of
sinks has no meaning.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from telemetry.config.hub import LEAST_BLOCKED_SECONDS
from telemetry.guard import Guard, Place
from telemetry.names import Phase
from telemetry.requests.completed import CompletedRequest, freeze
from telemetry.requests.record import Outcome, RequestRecord

ROUNDING_SECONDS: Final = 1e-8

Sink = Callable[[CompletedRequest], None]
RecordSink = Callable[[RequestRecord], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One named step of beginning or completing a record.

    Args:
        name: Fixed; part of the ``where`` of its errors.
        run: May add facts to the record.
        notable_only: Whether only notable requests need it, which most are not: those that did not
            complete, failed, were slow, took ``LEAST_BLOCKED_SECONDS``, have notes or observed
            something.
    """

    name: str
    run: Callable[[RequestRecord], None]
    notable_only: bool = False


def is_notable(record: RequestRecord) -> bool:
    """Return whether a request is one that people ask about, or may be.

    Args:
        record: Its duration, status and outcome are final.
    """
    duration = record.duration_seconds
    return (
        duration >= LEAST_BLOCKED_SECONDS
        or record.outcome != "completed"
        or record.status is None
        or record.status >= 500
        or record.notes is not None
        or record.observed is not None
        or duration >= record.slow_after_seconds
    )


def account_phases(record: RequestRecord) -> None:
    """Make the phases add up to the duration, and name the dominant phase of a slow request.

    What no phase accounts for is ``other``. Phases that are more than the duration, because they
    were added from outside or clocks differ, are scaled down to it.

    Args:
        record: Its duration is known and its observed phases are complete.
    """
    duration = record.duration_seconds
    if record.named_later:
        record.began_ns = 0
        _name_later(record, record.named_later)
    elif record.began_ns and record.outcome == "completed" and duration < record.slow_after_seconds:
        return
    phases = record.phase_seconds
    rest = duration - sum(phases.values())
    if rest > ROUNDING_SECONDS:
        phases["other"] = phases.get("other", 0.0) + rest
    elif rest < -ROUNDING_SECONDS:
        share = max(0.0, duration) / (duration - rest)
        record.phase_seconds = phases = {name: took * share for name, took in phases.items()}
    if duration >= record.slow_after_seconds > 0:
        dominant: Phase = max(phases, key=phases.__getitem__, default="other")
        record.dominant_phase = dominant


def _name_later(record: RequestRecord, named: Mapping[Phase, float]) -> None:
    """Take what was named later from the waits that only the hub had named."""
    phases = record.phase_seconds
    unnamed = {name: took / 1e9 for name, took in (record.unnamed_ns or {}).items()}
    for phase, seconds in named.items():
        phases[phase] = phases.get(phase, 0.0) + seconds
        left = seconds
        for name, available in unnamed.items():
            if name == phase:
                continue
            taken = min(left, available)
            unnamed[name] -= taken
            phases[name] -= taken
            left -= taken
    record.phase_seconds = {name: took for name, took in phases.items() if took > ROUNDING_SECONDS}


ACCOUNT_PHASES: Final = Step("phases", account_phases)
"""The completion step that every recorder needs."""


class Recorder:
    """The requests in flight, and the way from a request's end to the sinks.

    Args:
        guard: Stands around each step and each sink.
        begin: Run in this order with each record that begins.
        completion: Run in this order with each record that ends. Steps that measure come before
            ``ACCOUNT_PHASES``; steps that need the whole record come after it.
        resume: Run in this order with a record whose greenlet goes on with it, after one that was
            made within it.
        clock_ns: Monotonic nanoseconds, the clock of ``RequestRecord.started_ns``.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        begin: Iterable[Step] = (),
        completion: Iterable[Step] = (ACCOUNT_PHASES,),
        resume: Iterable[Step] = (),
        clock_ns: Callable[[], int] = time.perf_counter_ns,
    ) -> None:
        self._guard = guard
        self._begin = [(guard.at(f"begin.{step.name}"), step.run) for step in begin]
        ends = [(step, (guard.at(f"end.{step.name}"), step.run)) for step in completion]
        self._notable_completion = [end for _, end in ends]
        self._completion = [end for step, end in ends if not step.notable_only]
        self._resume = [(guard.at(f"resume.{step.name}"), step.run) for step in resume]
        self._record_sinks: list[tuple[Place, RecordSink]] = []
        self._notable_sinks: list[tuple[Place, RecordSink]] = []
        self._sinks: list[tuple[Place, Sink]] = []
        self._clock_ns = clock_ns
        self._in_flight: dict[int, RequestRecord] = {}
        self._nested: dict[int, RequestRecord] = {}

    def add_sink(self, name: str, sink: Sink) -> None:
        """Hand each completed request to a sink.

        Args:
            name: Fixed; ``sink.<name>`` is the ``where`` of its errors.
            sink: Called with each completed request.
        """
        self._sinks.append((self._guard.at(f"sink.{name}"), sink))

    def add_record_sink(self, name: str, sink: RecordSink, *, notable_only: bool = False) -> None:
        """Hand each record to a sink of the layer, once its facts are final.

        It saves the frozen copy: the sink reads the record, and keeps nothing of it.

        Args:
            name: See ``add_sink``.
            sink: Called with each completed record, before the sinks of completed requests.
            notable_only: See ``Step``.
        """
        guarded = self._guard.at(f"sink.{name}"), sink
        self._notable_sinks.append(guarded)
        if not notable_only:
            self._record_sinks.append(guarded)

    @property
    def in_flight(self) -> tuple[RequestRecord, ...]:
        """The requests that have begun and are not completed, oldest first; from any thread.

        Without those that another one makes: they are a part of its work.
        """
        return tuple(self._in_flight.values())

    def begin(self, record: RequestRecord) -> None:
        """Take a request into those in flight."""
        (self._in_flight if record.outer is None else self._nested)[id(record)] = record
        _run_each(self._begin, record)

    def resume(self, record: RequestRecord) -> None:
        """Go on with a request in flight, after one that it made."""
        _run_each(self._resume, record)

    def complete(
        self, record: RequestRecord, outcome: Outcome, error: BaseException | None = None
    ) -> None:
        """Complete a request and hand it to the sinks; a second call does nothing.

        Args:
            record: A record that was begun here.
            outcome: How the request ended.
            error: The exception that ended it, if one was raised.
        """
        if record.outer is None:
            found = self._in_flight.pop(id(record), None)
        else:
            found = self._nested.pop(id(record), None)
        if found is None:
            return
        if self._nested:
            self._complete_nested_in(record)
        now_ns = record.ended_ns = self._clock_ns()
        record.duration_seconds = (now_ns - record.started_ns) / 1e9
        if record.open_waits and record.time_line is None:
            record.end_waits(now_ns)
        record.outcome = outcome
        if error is not None and not record.error_type:
            record.error_type = type(error).__name__
        notable = is_notable(record)
        _run_each(self._notable_completion if notable else self._completion, record)
        record.greenlet = record.outer = record.time_line = None
        if record.open_waits:
            record.open_waits = []
        record.redacted_values = ()
        _run_each(self._notable_sinks if notable else self._record_sinks, record)
        # A wait refers to its record: only the collector could free them.
        record.longest_wait = None
        if self._sinks:
            completed = freeze(record)
            for place, sink in self._sinks:
                place.call(sink, completed)

    def _complete_nested_in(self, record: RequestRecord) -> None:
        """Complete what a request made and did not close, unless another greenlet still does."""
        for nested in tuple(self._nested.values()):
            if nested.outer is record and (
                nested.greenlet is record.greenlet or getattr(nested.greenlet, "dead", True)
            ):
                ended: Outcome = "failed" if nested.error_type else "completed"
                self.complete(nested, nested.outcome or ended)


def _run_each(guarded: Iterable[tuple[Place, RecordSink]], record: RequestRecord) -> None:
    """Run what the recorder has of one kind, in its order; one that fails does not affect the next.

    The guard is a ``try`` block here, which costs nothing until something is raised.
    """
    for place, run in guarded:
        try:
            run(record)
        except Exception as error:
            place.caught(error)
