"""Instructions are counted between two moments, and shared out by stacks."""

import pytest

from bench.apps import counted
from bench.instructions.__main__ import chosen
from bench.instructions.counting import Window, instructions_of
from bench.instructions.parts import part_of
from bench.instructions.shares import read_stacks, shares_of
from bench.instructions.table import Counted, tables
from telemetry import recording
from telemetry.hub import monitor
from telemetry.requests import recorder

RAW = """\
thread (7);handle (/venv/lib/python3.11/site-packages/gevent/baseserver.py:34);\
dumps (/usr/lib/python3.11/json/__init__.py:3) 2
thread (7);handle (/x/bench/telemetry/server/clients.py:1);\
Flask.__call__ (/venv/lib/python3.11/site-packages/flask/app.py:1);\
loads (/usr/lib/python3.11/json/__init__.py:3) 6
log (8);LogWriter._run (/x/bench/telemetry/logs/writer.py:9);wait (/usr/lib/threading.py:1) 40
no thread;x (y.py:1) 1
"""


def test_time_and_one_time_work_are_taken_out():
    # 1,000 a second by the clock, 500 once for a load, 70 for a request.
    idle = [Window(1_300, 1.0, 0), Window(4_300, 4.0, 0)]
    loads = [Window(500 + 70 * 10 + 2_000, 2.0, 10), Window(500 + 70 * 20 + 5_000, 5.0, 20)]
    assert instructions_of(idle, loads) == pytest.approx(70)


def test_share_of_a_part_is_of_the_processor_time_of_its_thread():
    shares = shares_of(read_stacks(RAW), {7: 3.0, 8: 1.0})
    assert shares == pytest.approx(
        {"server loop": 0.1875, "Flask itself": 0.5625, "log thread": 0.25}
    )


@pytest.mark.parametrize(
    ("frames", "part"),
    [
        (["run (gevent/hub.py:1)"], "server loop"),
        (["handle (telemetry/gunicorn/w.py:1)", "recv (gevent/_socketcommon.py:1)"], "receive"),
        (["Exchange.run (telemetry/exchange.py:1)", "inc (prometheus_client/m.py:1)"], "metrics"),
        (["RequestLayer.headers (telemetry/wsgi.py:1)"], "headers"),
        (["_run (telemetry/tracing/exporter.py:1)", "send (gevent/socket.py:1)"], "export"),
        (
            ["_run (telemetry/tracing/exporter.py:1)", "encode (telemetry/tracing/encoding.py:1)"],
            "encode",
        ),
        (["unknown (x.py:1)"], "other"),
    ],
)
def test_innermost_known_frame_names_the_part(frames, part):
    assert part_of(frames) == part


def test_tables_show_what_each_part_takes_and_saves():
    text = tables(
        [
            Counted("bare", "bare", 1_000_000, {"Flask itself": 1.0}),
            Counted("layer, every trace", "layer", 2_000_000, {"Flask itself": 0.5, "span": 0.5}),
            Counted("without spans", "part", 1_500_000),
        ],
        300.0,
    )
    assert "| layer, every trace | 2000 k | 2.00 |  | 600 |  |" in text
    assert "| without spans | 1500 k | 1.50 |  | 450 | 150 µs |" in text
    assert "| span |  | 1000 k, 50.0%, 300.0 µs |" in text


def test_table_shows_what_stands_in_the_way_of_the_goal():
    text = tables(
        [
            Counted("bare", "bare", 1_000_000),
            Counted("bare, our worker", "bare", 500_000, {"Flask itself": 0.8, "parser": 0.2}),
            Counted(
                "layer, every trace",
                "layer",
                700_000,
                {"Flask itself": 0.5, "parser": 0.1429, "span": 0.3571},
            ),
        ],
        300.0,
    )
    assert text.endswith(
        "| part | the layer adds | of bare, our worker |\n"
        "|---|---|---|\n"
        "| span | 250 k | +0.500 |\n"
        "| Flask itself | -50 k | -0.100 |\n"
        "| all | 200 k | +0.400 |\n"
        "| the goal | 150 k | +0.300 |"
    )


def test_conditions_are_chosen_by_name_and_group():
    assert [one.name for one in chosen(["no trace"])] == ["bare", "layer, no trace"]
    with pytest.raises(ValueError, match="no condition matches 'nonsense'"):
        chosen(["nonsense"])


def test_counted_app_has_the_layer_without_what_is_left_out(monkeypatch):
    for module, name in ((recording, "Recorder"), (recorder, "LEAST_BLOCKED_SECONDS")):
        monkeypatch.setattr(module, name, getattr(module, name))  # is put back
    defaults = monitor.HubMonitor.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "sample_every_seconds", monitor.SAMPLE_EVERY_SECONDS)
    monkeypatch.setenv(counted.APP, "layer:create")
    monkeypatch.setenv(counted.WITHOUT, "begin.phases,sink.metrics")
    app = counted.create()
    assert app.test_client().get("/page").headers["X-Request-ID"]
    exposed = app.extensions["telemetry"].registry
    assert exposed.get_sample_value("http_server_active_requests", {"http_request_method": "GET"})
    monkeypatch.setenv(counted.WITHOUT, "end.nonsense")
    with pytest.raises(ValueError, match="no end step nonsense"):
        counted.create()
