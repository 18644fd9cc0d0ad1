"""What must be kept is kept under load, by real backends; and what is not met is shown."""

import subprocess
import sys

import pytest

from bench.kept.account import Account, table
from bench.kept.watch import Memory, Sight, most_rescued_per_second
from bench.load.report import Latencies, LoadReport
from bench.spans import SpanCounts
from tests.architecture.sources import ROOT


def report(p99_us=10_000.0, failures=0):
    pages = Latencies(1000, 1_000.0, p99_us, p99_us)
    none = Latencies(0, 0.0, 0.0, 0.0)
    return LoadReport(1000, 10.0, pages, none, none, failures={"no answer": failures})


def account(**changes):
    values = {
        "per_second": 100.0,
        "most_per_second": 200.0,
        "periods": {"before": [report()]},
        "traced": 20,
        "missing": 0,
        "exemplars": 5,
        "unresolved": 0,
        "spans": SpanCounts((("failed", 10), ("not_kept", 900), ("ratio", 90))),
        "receivers": {"the Collector": 100, "Tempo": 100},
        "rescued_per_second": 10.0,
        "budget": 50.0,
        "memory": Memory(60.0, 60.1, 0.05),
    }
    return Account(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "not_met"),
    [
        ({}, []),
        ({"missing": 1}, ["slow and failed traces not in Tempo"]),
        ({"unresolved": 1}, ["exemplars without a trace"]),
        ({"exemplars": 0}, ["exemplars without a trace"]),
        ({"rescued_per_second": 70.0}, ["spans a second kept beyond the ratio, at most"]),
        (
            {"receivers": {"Tempo": 99}},
            ["spans delivered of kept", "kept spans neither delivered, lost nor waiting"],
        ),
        ({"memory": Memory(60.0, 70.0, 3.0)}, ["memory, MB a minute"]),
        ({"periods": {"before": [report(failures=1)]}}, ["requests without their answer"]),
    ],
)
def test_each_thing_that_is_not_met_is_shown(changes, not_met):
    found = account(**changes)
    assert [check.what for check in found.checks if not check.holds] == not_met
    assert found.holds == (not not_met)
    assert table(found).count("**not met**") == len(not_met)


def test_an_outage_may_lose_what_is_counted_and_delay_nothing():
    lost = SpanCounts((("ratio", 100),), (("queue_full", 30),))
    changes = {
        "outage": True,
        "spans": lost,
        "receivers": {"Tempo": 70},
        "missing": 2,
        "periods": {"before": [report()], "gone": [report()], "after": [report()]},
    }
    assert account(**changes).holds
    waiting = {"before": [report()], "gone": [report(p99_us=2e6)], "after": []}
    assert not account(**(changes | {"periods": waiting})).holds
    assert not account(**(changes | {"receivers": {"Tempo": 69}})).holds


def test_what_was_seen_of_a_worker_is_summarised():
    sights = [
        Sight(60.0 * minute, 50_000_000 + 1_000_000 * minute, SpanCounts((("slow", 600 * minute),)))
        for minute in range(10)
    ]
    memory = Memory.of(sights)
    assert memory.slope == pytest.approx(1.0)
    assert (memory.first_mb, memory.last_mb) == (52.5, 58.5)
    assert most_rescued_per_second(sights) == pytest.approx(10.0)


def run(*arguments):
    """Run the benchmark in a process without monkey-patching; returns its table by first cell."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.kept", "--minutes", "0.7", "--rate", "100", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line[:1] == "|"]
    assert len(rows) > 2, done.stderr
    return {cells[0]: cells[1:] for cells in rows[2:]}


def not_met(rows):
    """Return what is not met, but for what depends on the machine or needs more time."""
    return [
        (what, cells)
        for what, cells in rows.items()
        if "**not met**" in cells[-1] and not what.startswith(("memory", "p99"))
    ]


@pytest.mark.e2e
@pytest.mark.slow
def test_every_slow_and_failed_trace_and_every_exemplar_is_in_tempo():
    rows = run()
    assert not_met(rows) == []
    traced = rows["slow and failed traces not in Tempo"][0]
    assert int(traced.removeprefix("0 of ")) > 10


@pytest.mark.e2e
@pytest.mark.slow
def test_spans_lost_in_an_outage_of_the_collector_are_counted_and_named_by_no_exemplar():
    rows = run("--outage", "--queue", "50")
    assert not_met(rows) == []
    assert "queue_full" in rows["kept spans neither delivered, lost nor waiting"][0]
