"""Events on requests: ``hub.held`` on the one that held the hub, ``hub.waited`` on its victims.

Runs on the hub's thread, only after a long run or a long wait. A small ring keeps the long runs of
the last moments; a request that got the hub late finds the run that kept it there.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from opentelemetry.util.types import AttributeValue

from telemetry import names
from telemetry.hub.attribution import (
    Cause,
    CauseSeconds,
    is_own,
    main_cause,
    own_seconds,
    seconds_by_cause,
)
from telemetry.hub.clocks import Clocks, Usage
from telemetry.hub.code_names import Frames, own_lines
from telemetry.hub.samples import Sample, SeenHub, code_of, main_frames
from telemetry.requests.record import RequestRecord
from telemetry.span_names import (
    CULPRIT_REQUEST_ID_ATTRIBUTE,
    CULPRIT_ROUTE_ATTRIBUTE,
    HUB_CODE_ATTRIBUTE,
    HUB_HELD_EVENT,
    HUB_KIND_ATTRIBUTE,
    HUB_SECONDS_ATTRIBUTE,
    HUB_STACK_ATTRIBUTE,
    HUB_WAITED_EVENT,
)

KEPT_RUNS: Final = 128
MOST_FRAMES: Final = 20
MOST_OF_A_WAIT: Final = 0.5
LEAST_SECONDS: Final = 0.001
FEWEST_SAMPLES: Final = 4
"""Samples from which on short runs of others are attributed to what they saw most."""
MANY: Final = "many"
"""Code of a wait in which none ran for more than half of it."""
NO_ROUTE: Final = "(none)"
"""Route of code outside of requests."""


@dataclass(frozen=True, slots=True)
class LongRun:
    """One run of a greenlet without a switch that kept the hub.

    Args:
        began_ns: ``perf_counter_ns``.
        ended_ns: ``perf_counter_ns``.
        cause: Why it took long.
        code: That was responsible.
        route: Of the request that ran; ``NO_ROUTE`` outside of requests, and where another thread
            or the machine was the cause.
        request_id: Of the request that was the cause, or empty.
    """

    began_ns: int
    ended_ns: int
    cause: Cause
    code: str
    route: str = NO_ROUTE
    request_id: str = ""

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_ns - self.began_ns) / 1e9

    def overlap_ns(self, began_ns: int, ended_ns: int) -> int:
        """Return how much of it lies in an interval."""
        return max(0, min(self.ended_ns, ended_ns) - max(self.began_ns, began_ns))


class HubEvents:
    """Adds the events; on the hub's thread alone.

    Args:
        seen: What the sampling thread saw.
        clocks: Of the hub's thread.
        long_seconds: Duration from which on a run or a wait is long.
    """

    def __init__(self, seen: SeenHub, clocks: Clocks, long_seconds: float) -> None:
        self._seen = seen
        self._clocks = clocks
        self._long_ns = int(long_seconds * 1e9)
        self.runs: deque[LongRun] = deque(maxlen=KEPT_RUNS)

    def on_long_run(self, record: RequestRecord | None, began_ns: int, ended_ns: int) -> None:
        """Keep a run that was long, and add the event to its request.

        Args:
            record: The request whose greenlet ran, or ``None``.
            began_ns: ``perf_counter_ns``.
            ended_ns: ``perf_counter_ns``.
        """
        samples = [
            sample
            for sample in self._seen.samples_between(began_ns, ended_ns)
            if sample.record is record
        ]
        causes = self._causes(began_ns, ended_ns)
        other: Cause = "gil" if causes["gil"] >= causes["frozen"] else "frozen"
        others = self._run_of_others(began_ns, ended_ns, other)
        if not is_own(causes, self._long_ns / 1e9):
            # The request is a victim itself.
            run = others
            if record is not None:
                record.add_event(HUB_WAITED_EVENT, _attributes(run, run.seconds))
        else:
            frames = main_frames([(sample.frames, sample.weight_ns) for sample in samples])
            run = LongRun(
                began_ns,
                ended_ns,
                "cpu" if causes["cpu"] >= causes["blocked"] else "blocked",
                _code(samples, frames, own_seconds(causes)),
                record.route if record is not None else NO_ROUTE,
                record.request_id if record is not None else "",
            )
            if record is not None:
                record.add_event(HUB_HELD_EVENT, _held(run, causes, samples, frames))
                if causes[other] > own_seconds(causes):
                    # It would have been shorter without them.
                    record.add_event(HUB_WAITED_EVENT, _attributes(others, causes[other]))
        self.runs.append(run)

    def on_long_wait(self, record: RequestRecord, ready_ns: int, ran_ns: int) -> None:
        """Add the event to a request that got the hub late.

        Args:
            record: The request.
            ready_ns: ``perf_counter_ns`` from which on it could have run.
            ran_ns: ``perf_counter_ns`` at which it ran.
        """
        run = self._main_run(record, ready_ns, ran_ns)
        record.add_event(HUB_WAITED_EVENT, _attributes(run, (ran_ns - ready_ns) / 1e9))

    def complete(self, record: RequestRecord) -> None:
        """Add the event to a request that the kernel kept while the hub was held.

        Args:
            record: Its phases are accounted.
        """
        queued_ns = int(record.phase_seconds.get("queue", 0.0) * 1e9)
        if queued_ns >= self._long_ns:
            self.on_long_wait(record, record.started_ns, record.started_ns + queued_ns)

    def _causes(self, began_ns: int, ended_ns: int) -> CauseSeconds:
        total = self._clocks.read()
        before = self._seen.usage_before(began_ns)
        used = total.since(before) if before is not None else Usage(0.0, 0.0, 0.0)
        gaps = list(self._seen.gaps.copy())
        lateness = self._seen.lateness
        if (
            lateness is not None
            and (pending := lateness.pending(used.runs, ended_ns / 1e9)) is not None
        ):
            gaps.append(pending)
        return seconds_by_cause(began_ns / 1e9, ended_ns / 1e9, used, gaps)

    def _run_of_others(self, began_ns: int, ended_ns: int, cause: Cause) -> LongRun:
        """Return what stands for another thread, or for the machine."""
        code = names.UNKNOWN_CODE
        if cause == "gil":
            code = self._seen.thread_code_between(began_ns, ended_ns)
        return LongRun(began_ns, ended_ns, cause, code)

    def _unseen_run(self, began_ns: int, ended_ns: int, code: str) -> LongRun:
        """Return what stands for a wait that no code explains."""
        cause = main_cause(self._causes(began_ns, ended_ns))
        if cause == "blocked" and not self._seen.samples_between(began_ns, ended_ns):
            # The hub was in no call, or the sampling thread would have seen it there.
            cause = "frozen"
        if cause in ("gil", "frozen"):
            return self._run_of_others(began_ns, ended_ns, cause)
        return LongRun(began_ns, ended_ns, cause, code, "")

    def _main_run(self, record: RequestRecord, began_ns: int, ended_ns: int) -> LongRun:
        """Return the run that took most of a wait, or what stands for many short ones."""
        enough = MOST_OF_A_WAIT * (ended_ns - began_ns)
        runs = [
            (run.overlap_ns(began_ns, ended_ns), run)
            for run in self.runs
            if run.request_id != record.request_id and run.ended_ns > began_ns
        ]
        most, run = max(runs, key=lambda pair: pair[0], default=(0, None))
        if run is not None and most > enough:
            return run
        spent: dict[tuple[str, str], float] = {}
        for overlap, each in runs:
            key = each.route, each.code
            spent[key] = spent.get(key, 0.0) + overlap
        samples = self._samples_of_others(record, began_ns, ended_ns, [run for _, run in runs])
        if len(samples) >= FEWEST_SAMPLES or runs:
            for sample in samples:
                key = _route_of(sample.record), code_of(sample.frames)
                spent[key] = spent.get(key, 0.0) + sample.weight_ns
        route, code = max(spent, key=lambda key: spent[key], default=("", MANY))
        if spent.get((route, code), 0.0) <= enough:
            return self._unseen_run(began_ns, ended_ns, MANY if spent else names.UNKNOWN_CODE)
        return LongRun(began_ns, ended_ns, "cpu", code, route)

    def _samples_of_others(
        self, record: RequestRecord, began_ns: int, ended_ns: int, runs: list[LongRun]
    ) -> list[Sample]:
        return [
            sample
            for sample in self._seen.samples_between(began_ns, ended_ns)
            if sample.record is not record
            and not any(run.began_ns <= sample.at_ns <= run.ended_ns for run in runs)
        ]


def _route_of(record: RequestRecord | None) -> str:
    return record.route if record is not None else NO_ROUTE


def _code(samples: list[Sample], frames: Frames, seconds: float) -> str:
    """Return the code of a run, where samples saw enough of it."""
    weight = sum(sample.weight_ns for sample in samples) / 1e9
    return code_of(frames) if weight >= MOST_OF_A_WAIT * seconds else names.UNKNOWN_CODE


def _attributes(run: LongRun, seconds: float) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {
        HUB_SECONDS_ATTRIBUTE: round(seconds, 6),
        HUB_KIND_ATTRIBUTE: run.cause,
        HUB_CODE_ATTRIBUTE: run.code,
    }
    if run.route:
        found[CULPRIT_ROUTE_ATTRIBUTE] = run.route
    if run.request_id:
        found[CULPRIT_REQUEST_ID_ATTRIBUTE] = run.request_id
    return found


def _held(
    run: LongRun, causes: CauseSeconds, samples: list[Sample], frames: Frames
) -> dict[str, AttributeValue]:
    found: dict[str, AttributeValue] = {
        HUB_SECONDS_ATTRIBUTE: round(run.seconds, 6),
        HUB_KIND_ATTRIBUTE: run.cause,
        HUB_CODE_ATTRIBUTE: run.code,
    }
    found |= {
        f"{HUB_SECONDS_ATTRIBUTE}.{cause}": round(seconds, 6)
        for cause, seconds in causes.items()
        if seconds >= LEAST_SECONDS
    }
    if run.code != names.UNKNOWN_CODE:
        depth = len(frames)
        stacks = [
            sample.frames
            for sample in samples
            if len(sample.frames) >= depth
            and sample.frames[depth - 1].name is frames[depth - 1].name
        ]
        found[HUB_STACK_ATTRIBUTE] = own_lines(stacks[0] if stacks else frames, MOST_FRAMES)
    return found
