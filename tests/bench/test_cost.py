"""What telemetry costs is measured on real processes, and shown as it was measured."""

import subprocess
import sys

import pytest

from bench import sink
from bench.cost import conditions
from bench.cost.__main__ import main
from bench.cost.measuring import Delivery, Measurement
from bench.cost.results import Results, Series, Spread
from bench.cost.table import tables
from bench.spans import SpanCounts
from tests.architecture.sources import ROOT

IMAGES = ROOT / "docs" / "images"


def measurement(cpu_us, resident_mb=40.0):
    return Measurement(cpu_us, 1000.0, 2.0, 20.0, resident_mb, 4000, 0, 17.0)


@pytest.fixture
def results():
    rounds = {
        "bare": [measurement(200.0), measurement(300.0), measurement(250.0)],
        "bare, our worker": [measurement(100.0), measurement(150.0), measurement(125.0)],
        "layer": [measurement(300.0), measurement(300.0), measurement(500.0, resident_mb=52.0)],
    }
    groups = {"bare": "bare", "bare, our worker": "bare", "layer": "layer"}
    series = Series("full worker", groups, rounds, {"layer": Delivery(2000, 1999)})
    return Results("python -m bench.cost", "2026-11-26", [series])


def test_ratio_is_taken_within_each_round(results):
    row = results.series[0].rows()[2]
    assert row.ratio == Spread(1.5, 1.0, 2.0)
    assert row.ratio_ours == Spread(3.0, 2.0, 4.0)
    assert (row.resident_mb, row.more_mb) == (52.0, 12.0)


def test_table_is_markdown(results):
    *_, bare, _, layer = tables(results).splitlines()
    assert bare == "| bare | 250 (200 to 300) | 1 | 2.00 | 1000 | 2.0 | 20.0 | 40, +0 |  |"
    assert layer == (
        "| layer | 300 (300 to 500) | 1.50 (1.00 to 2.00) | 3.00 | 1000 | 2.0 | 20.0 "
        "| 52, +12 | 99.95% (1999 of 2000) |"
    )


def test_results_survive_their_file(results, tmp_path):
    file = tmp_path / "results.json"
    results.write(file)
    assert Results.read(file) == results


def test_committed_plot_is_what_its_results_give(tmp_path):
    subprocess.run([sys.executable, "docs/cost.py", str(tmp_path)], cwd=ROOT, check=True)
    written = (tmp_path / "cost.svg").read_text()
    assert written == (IMAGES / "cost.svg").read_text(), "run: python docs/cost.py"


def test_conditions_are_chosen_by_name_and_group():
    names = [one.name for one in conditions.chosen(["usual", "every trace"], agents=False)]
    assert names[0] == "bare"
    assert {"usual set, one trace in ten", "layer, every trace"} <= set(names)
    assert not {"without export", "elastic-apm"} & set(names)
    with pytest.raises(ValueError, match="no condition matches 'nonsense'"):
        conditions.chosen(["nonsense"], agents=True)


def test_every_environment_is_pinned():
    for venv in {one.venv for one in (*conditions.CONDITIONS, *conditions.AGENTS)} - {""}:
        lines = (ROOT / "bench" / f"requirements-{venv}.txt").read_text().splitlines()
        assert all("==" in line or line.startswith("#") for line in lines), venv


def test_span_counts_are_read_from_the_metrics():
    counts = SpanCounts.read(
        'telemetry_spans_total{decision="ratio"} 7.0\n'
        'telemetry_spans_total{decision="not_kept"} 90.0\n'
        'telemetry_spans_total{decision="over_budget"} 3.0\n'
        'telemetry_spans_dropped_total{reason="queue_full"} 2.0\n'
        "telemetry_queue_spans 1.0\n"
        "# HELP other a\nother 5\n"
    )
    assert (counts.total, counts.kept, counts.lost, counts.queued) == (100, 7, 2, 1)
    assert (counts + counts - counts) == counts


@pytest.mark.parametrize(
    ("count", "body", "spans"),
    [
        (sink.spans_of_elastic, b'{"metadata":1}\n{"transaction":{}}\n{"span":{}}\n', 2),
        (sink.spans_of_sentry, b'{"event_id":1}\n{"type":"transaction"}\n{}\n', 1),
        (sink.spans_of_otlp, b"", 0),
    ],
)
def test_receiver_counts_what_others_send(count, body, spans):
    assert count(body) == spans


@pytest.mark.e2e
@pytest.mark.slow
def test_one_short_round_of_real_servers(tmp_path, capsys):
    file = tmp_path / "cost.json"
    only = ("--only", "bare", "--only", "layer, one trace in ten")
    main([*only, "--rounds", "1", "--seconds", "1", "--paced", "50", "--json", str(file)])
    results = Results.read(file)
    assert [one.title for one in results.series] == ["full worker", "50 requests a second"]
    for series in results.series:
        rows = {row.name: row for row in series.rows()}
        assert set(rows) == {"bare", "bare, our worker", "layer, one trace in ten"}
        assert all(row.failures == 0 and row.cpu_us.median > 0 for row in rows.values())
        delivery = rows["layer, one trace in ten"].delivery
        assert delivery.kept == delivery.delivered
    assert "| layer, one trace in ten |" in capsys.readouterr().out
