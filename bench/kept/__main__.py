"""Runs and prints: ``python -m bench.kept``; exits with 1 where something is not as it must be."""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from typing import Final

from bench.kept import backends
from bench.kept.account import Account, table
from bench.kept.stand import HEADROOM, Stand, running
from bench.kept.watch import Memory, Watch, most_rescued_per_second
from bench.load.report import LoadReport
from stack.runner import Stack

PERIOD_SECONDS: Final = 10.0
EXEMPLAR_SECONDS: Final = 300.0
SETTLE_SECONDS: Final = 30.0

Periods = dict[str, list[LoadReport]]


def main(arguments: Sequence[str] | None = None) -> Account:
    """Run the load, then find everything; prints the table."""
    options = parse(arguments)
    with running(budget=options.budget, queue=options.queue) as stand:
        most = stand.most_per_second()
        rate = min(options.rate, HEADROOM * most)
        _progress(f"one worker answers {most:.0f} requests a second; sending {rate:.0f}")
        with Watch(stand.server) as watch:
            began = time.time()
            periods = send(stand, rate, options.minutes * 60, outage=options.outage)
            settle(stand)
            watch.see()
        rates = rate, most, options.budget
        account = find(stand, watch, periods, rates, began, outage=options.outage)
    print(table(account))
    return account


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m bench.kept")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=2000.0, help="most requests a second")
    parser.add_argument("--budget", type=float, default=500.0, help="spans beyond the ratio")
    parser.add_argument("--queue", type=int, default=2048, help="spans that may wait for export")
    parser.add_argument(
        "--outage", action="store_true", help="the Collector is gone for the middle third"
    )
    return parser.parse_args(arguments)


def send(stand: Stand, rate: float, seconds: float, *, outage: bool) -> Periods:
    """Load the worker; returns the reports by phase."""
    every = min(PERIOD_SECONDS, seconds / 6)
    third = round(seconds / every / 3)
    periods: Periods = {"before": [], "gone": [], "after": []} if outage else {"before": []}
    phase = "before"
    for number, report in enumerate(stand.load(rate, seconds, every), 1):
        periods[phase].append(report)
        _progress(
            f"{phase}: {report.per_second:.0f} a second, p99 {report.pages.p99 / 1e3:.1f} ms, "
            f"failures {report.failures}"
        )
        if outage and number == third:
            stand.stack.stop("collector")
            phase = "gone"
        elif outage and number == 2 * third:
            stand.stack.start("collector")
            phase = "after"
    return periods


def settle(stand: Stand) -> None:
    """Wait until nothing waits for export, and what is on its way has arrived."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while stand.server.span_counts.queued and time.monotonic() < deadline:
        time.sleep(0.5)
    time.sleep(5.0)


def find(
    stand: Stand,
    watch: Watch,
    periods: Periods,
    rates: tuple[float, float, float],
    began: float,
    *,
    outage: bool,
) -> Account:
    """Search Tempo for every trace that it must have.

    Args:
        stand: What runs.
        watch: What was seen of the worker.
        periods: The load's reports.
        rates: Requests that were sent, requests that can be answered, and the budget of spans.
        began: Unix seconds at which the load began.
        outage: Whether the Collector was gone for a time.
    """
    stack, spans = stand.stack, stand.server.span_counts
    receivers = received_by(stack)
    named = backends.exemplars_of_prometheus(stack.url("prometheus"), EXEMPLAR_SECONDS)
    named |= watch.exemplars
    requests = [one for several in periods.values() for report in several for one in report.traced]
    _progress(f"searching {len(requests)} slow and failed traces, and {len(named)} exemplars'")
    traces = backends.Traces(stack.port("tempo"))
    found = traces.slow_and_failed(began, time.time())
    wanted = {backends.trace_id_of(one.request_id) for one in requests}
    _progress(f"a search finds {len(wanted & found)}; the others are requested by their ids")
    missing = traces.missing(wanted - found)
    rate, most, budget = rates
    return Account(
        rate,
        most,
        periods,
        len(requests),
        len(missing),
        len(named),
        len(traces.missing(named)),
        spans,
        receivers,
        most_rescued_per_second(watch.sights),
        budget,
        Memory.of(watch.sights),
        outage,
    )


def received_by(stack: Stack) -> dict[str, int]:
    """Return how many spans the receivers have counted."""
    collector = f"http://127.0.0.1:{stack.port('collector', 'metrics')}/metrics"
    tempo = f"{stack.url('tempo')}/metrics"
    return {
        "the Collector": backends.total(backends.get(collector), "otelcol_receiver_accepted_spans"),
        "Tempo": backends.total(backends.get(tempo), "tempo_distributor_spans_received_total"),
    }


def _progress(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    # A termination ends the backends too, as an interruption does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(0 if main().holds else 1)
