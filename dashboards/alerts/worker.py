"""Alerts on workers: the hub, memory, restarts, drains and the clock."""

from dashboards.alerts.rule import DURATION, OF, PERCENT, WORKER, Alert, top
from dashboards.rule_promql import (
    OF_SERVICE,
    OF_WORKER,
    STARTED,
    largest,
    rate,
    selector,
    total,
)
from dashboards.time_scale import TimeScale
from service import objectives
from telemetry import names

_RESIDENT = "process_resident_memory_bytes"
_FEWEST_BUSY_SECONDS = 0.05
"""Seconds of requests a second, below which a share of them is noise."""


def alerts(time: TimeScale) -> tuple[Alert, ...]:
    """Return the alerts of this subject."""
    return (*_hub(time), _memory(time), *_life_cycle(time), *_clients(time))


def _hub(time: TimeScale) -> tuple[Alert, ...]:
    def blocked(window: str) -> str:
        return total(rate(names.HUB_BLOCKED.name, time(window)), *OF_WORKER)

    code = top(
        "code",
        f"topk(1, sum by (kind, code) (rate({names.HUB_BLOCKED.name}"
        f"{{service_name=%SERVICE, service_instance_id=%WORKER}}[{time('5m')}])) > 0)",
    )
    summary = f"The hub of {WORKER} of {OF} is held {PERCENT} of the time"
    action = (
        f"Everything else in this worker waits meanwhile. Most of it: {code}; /debug/hub has its "
        "stack and the request."
    )
    return (
        Alert(
            "HubBlocked",
            f"{blocked('1m')} > {objectives.HUB_BLOCKED_PAGE_RATIO:g}",
            time("1m"),
            "page",
            summary,
            action,
            "serene-runtime",
        ),
        Alert(
            "HubBlocked",
            f"{blocked('5m')} > {objectives.HUB_BLOCKED_RATIO.bad:g}",
            time("5m"),
            "ticket",
            summary,
            action,
            "serene-runtime",
        ),
        _hub_wait(time),
    )


def _hub_wait(time: TimeScale) -> Alert:
    window = time("5m")
    every = total(rate(names.REQUEST_PHASE.name, window), *OF_SERVICE)
    waiting = total(rate(selector(names.REQUEST_PHASE, 'phase="hub_wait"'), window), *OF_SERVICE)
    return Alert(
        "HubWaitHigh",
        f"{waiting} / ({every} > {_FEWEST_BUSY_SECONDS}) > {objectives.HUB_WAIT_RATIO.bad:g}",
        time("2m"),
        "ticket",
        f"Requests of {OF} spend {PERCENT} of their time waiting for the hub",
        "The workers have more to compute than a core gives, or one turn holds the hub: more "
        "workers, or less work on the hub.",
        "serene-slow-requests",
    )


def _memory(time: TimeScale) -> Alert:
    window = objectives.MEMORY_WINDOW
    quarter = time.seconds(window) / 4
    part = f"{max(1, round(quarter * 1000))}ms"
    now = f"min_over_time({_RESIDENT}[{part}])"
    before = f"max_over_time({_RESIDENT}[{part}] offset {time(window)})"
    old = f"{STARTED} < time() - {time.seconds(window) + quarter:g}"
    return Alert(
        "MemoryGrowing",
        largest(
            f"({now} - {before} > {objectives.MEMORY_GROWTH_BYTES}"
            f" and ({now} - {before}) / {before} > {objectives.MEMORY_GROWTH_RATIO.bad:g}"
            f" and on({', '.join(OF_WORKER)}) {old})",
            *OF_WORKER,
        ),
        "0s",
        "ticket",
        f"The memory of {WORKER} of {OF} grew by {{{{ $value | humanize1024 }}}}B, and stays",
        f"Its least of the last quarter of {window} is more than its most before. The board shows "
        "whether it goes on; /debug/profile shows what runs.",
        "serene-runtime",
    )


def _life_cycle(time: TimeScale) -> tuple[Alert, ...]:
    window = time(objectives.RESTART_WINDOW)
    clock = names.CLOCK.name
    return (
        Alert(
            "WorkerFlapping",
            f"{largest(f'changes({STARTED}[{window}])', *OF_WORKER)}"
            f" >= {objectives.RESTARTS.bad:g}",
            "0s",
            "ticket",
            f"{WORKER} of {OF} started {{{{ $value }}}} times within {objectives.RESTART_WINDOW}",
            "It is killed or ends by itself: its log's last lines, and the exit code that the "
            "arbiter logs, have the reason.",
            "serene-life-cycle",
        ),
        Alert(
            "DrainOverdue",
            f"{largest(names.DRAIN_SECONDS.name, *OF_WORKER)} > {objectives.DRAIN_SECONDS:g}",
            "0s",
            "ticket",
            f"{WORKER} of {OF} drains for {DURATION}",
            "It should have ended: requests in flight do not end, or its shutdown hangs. "
            "/debug/requests names them.",
            "serene-life-cycle",
        ),
        Alert(
            "ClockSkew",
            f"{largest(f'abs({clock} - timestamp({clock}))', *OF_WORKER)}"
            f" > {objectives.CLOCK_SKEW_SECONDS.bad:g}",
            time("1m"),
            "ticket",
            f"The clock of {WORKER} of {OF} is {DURATION} off",
            "Its tokens are refused by others, and its traces and lines are out of order.",
            "serene-life-cycle",
        ),
    )


def _clients(time: TimeScale) -> tuple[Alert, ...]:
    window = time("1m")
    slow = total(rate(names.SLOW_CLIENTS.name, window), *OF_SERVICE)
    refused = total(rate(names.REFUSED_CONNECTIONS.name, window), *OF_SERVICE, "reason")
    return (
        Alert(
            "SlowClients",
            f"{slow} > {objectives.SLOW_CLIENTS_RATE.bad:g}",
            time("1m"),
            "ticket",
            f"{OF} cuts {{{{ $value | humanize }}}} clients a second for being too slow",
            "A slow-request attack, a broken client, or a network that loses packets; the lines "
            "'client too slow' name the addresses.",
            "serene-service",
        ),
        Alert(
            "RequestsRefused",
            f"{refused} > {objectives.REFUSED_RATE.bad:g}",
            time("1m"),
            "ticket",
            f"{OF} refuses {{{{ $value | humanize }}}} connections a second "
            "({{ $labels.reason }})",
            "The bound of the worker or of an address is reached: too few workers for this "
            "traffic, or one client with too many connections.",
            "serene-service",
        ),
    )
