"""Lines from places where a process is hardly one: signals, threads, forks, and its end."""

import subprocess
import sys

import pytest

from tests.machine import PATIENCE_SECONDS
from tests.telemetry.logs.strict_json import read_lines

HEAD = """
from gevent import monkey; monkey.patch_all()
import logging, os, signal, sys, threading, time, gevent
from gevent.threadpool import ThreadPool
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.logs import Logs
from telemetry.metrics import Metrics
# Else gevent never learns of a child that ends before its parent waits for the first time.
gevent.get_hub().loop.install_sigchld()
logs = Logs(TelemetryConfig(service_name="shop"), Metrics(), Guard(strict=True, on_error=print))
log = logging.getLogger("shop")
"""

SCRIPTS = [
    ("before installation nothing is written", "log.info('a')", []),
    ("before the start", "logs.install(); log.info('a')", ["a"]),
    (
        "at the end without a stop",
        "logs.install(); logs.writer.start(); log.info('a'); log.info('b')",
        ["a", "b"],
    ),
    (
        "after the stop",
        "logs.install(); logs.writer.start(); log.info('a'); logs.writer.stop(); log.info('b')",
        ["a", "b"],
    ),
    (
        "while the interpreter ends",
        "import atexit; atexit.register(log.info, 'b')\n"
        "logs.install(); logs.writer.start(); log.info('a')",
        ["a", "b"],
    ),
    (
        "an exception that ends the process",
        "logs.install(); logs.writer.start()\n"
        "sys.excepthook = lambda *info: log.error('b', exc_info=info)\n"
        "log.info('a'); 1 / 0",
        ["a", "b"],
    ),
    (
        "in a signal handler",
        "signal.signal(signal.SIGALRM, lambda *_: log.info('b'))\n"
        "logs.install(); logs.writer.start(); log.info('a')\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.05); gevent.sleep(0.3); log.info('c')",
        ["a", "b", "c"],
    ),
    (
        "in a signal handler that interrupts a line",
        "class Slow:\n"
        "    def __str__(self):\n"
        "        os.kill(os.getpid(), signal.SIGUSR1)\n"
        "        return 'b'\n"
        "signal.signal(signal.SIGUSR1, lambda *_: log.info('a'))\n"
        "logs.install(); log.info('%s', Slow())",
        ["a", "b"],
    ),
    (
        "in greenlets and native threads",
        "logs.install(); logs.writer.start()\n"
        "gevent.joinall([gevent.spawn(log.info, 'a') for _ in range(3)])\n"
        "pool = ThreadPool(3); pool.map(log.info, ['a'] * 3)\n"
        "thread = threading.Thread(target=log.info, args=('a',)); thread.start(); thread.join()",
        ["a"] * 7,
    ),
    (
        "in native threads before the start",
        "logs.install(); pool = ThreadPool(4); pool.map(log.info, ['a'] * 200)",
        ["a"] * 200,
    ),
    (
        "in a forked child, none twice",
        "logs.install(); logs.writer.start(); log.info('a')\n"
        "child = os.fork()\n"
        "log.info('child' if not child else 'parent')\n"
        "if not child: os._exit(0)\n"
        "os.waitpid(child, 0)",
        ["a", "child", "parent"],
    ),
    (
        "in a forked child that ends as a process does",
        "logs.install(); logs.writer.start(); log.info('a')\n"
        "child = os.fork()\n"
        "if not child: log.info('child'); sys.exit(0)\n"
        "os.waitpid(child, 0); log.info('parent')",
        ["a", "child", "parent"],
    ),
    (
        "in a process of multiprocessing",
        "import multiprocessing\n"
        "logs.install(); logs.writer.start(); log.info('a')\n"
        "child = multiprocessing.get_context('fork').Process(target=log.info, args=('child',))\n"
        "child.start(); child.join(); log.info('parent')",
        ["a", "child", "parent"],
    ),
    (
        "beside a command",
        "import subprocess\n"
        "logs.install(); logs.writer.start(); log.info('a')\n"
        "subprocess.run(['true'], check=True); log.info('b')",
        ["a", "b"],
    ),
]


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("script", "messages"), [case[1:] for case in SCRIPTS], ids=[case[0] for case in SCRIPTS]
)
def test_each_line_is_written_once(script, messages):
    done = subprocess.run(
        [sys.executable, "-c", HEAD + script],
        capture_output=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert sorted(line["message"] for line in read_lines(done.stdout)) == messages, done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize("closed", [">&-", ">/dev/full", "> >(true)"])
def test_process_without_a_usable_output_goes_on(closed):
    script = HEAD + (
        "logs.install(); logs.writer.start()\n"
        "import socket\n"
        "listener = socket.create_server(('127.0.0.1', 0))\n"
        "client = socket.create_connection(listener.getsockname()); served = listener.accept()[0]\n"
        "[log.info('a') for _ in range(10)]; time.sleep(0.2)\n"
        "client.settimeout(0.1)\n"
        "try: print('read', client.recv(10), file=sys.stderr)\n"
        "except TimeoutError: print('quiet', file=sys.stderr)\n"
        "sys.exit(7)"
    )
    done = subprocess.run(
        ["bash", "-c", f'sleep 0.2; exec "$@" {closed}', "-", sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (7, "quiet")


REQUESTS = """
from gevent import monkey; monkey.patch_all()
import logging, os, sys
from flask import Flask
from telemetry import Telemetry
telemetry = Telemetry.from_env({"TELEMETRY_MANAGEMENT_PORT": "0", "OTEL_TRACES_EXPORTER": "none"})
app = Flask("shop")
log = logging.getLogger("shop")

class Raises:
    def __str__(self):
        raise ValueError("no text")

CALLS = [
    lambda: log.info("%d items", "x"),
    lambda: log.info("odd", extra={"fields": "text"}),
    lambda: log.info("odd", extra={"fields": {"by": Raises()}}),
    lambda: log.info("odd %s", Raises()),
    lambda: log.info(Raises()),
    lambda: log.info("odd", extra={"message": "x"}),
    lambda: log.info("odd", extra={"fields": {"by": {("a", 1): 2}, "level": "DEBUG"}}),
    lambda: log.info("odd", extra={"fields": {"by": 10**4999, "to": float("nan")}}),
    lambda: log.info("odd", exc_info=(1, 2, 3)),
    lambda: log.info("odd", extra={"request": object()}),
]

@app.get("/<int:number>")
def view(number):
    CALLS[number]()
    return "answered"

telemetry.init_app(app)
telemetry.start()
client = app.test_client()
for number in range(len(CALLS)):
    response = client.get(f"/{number}", buffered=True)
    print(number, response.status_code, file=sys.stderr)
telemetry.shutdown()
"""


@pytest.mark.e2e
def test_request_whose_logging_calls_have_mistakes_answers_as_without_them():
    done = subprocess.run(
        [sys.executable, "-c", REQUESTS], capture_output=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.stderr.decode().splitlines() == [f"{number} 200" for number in range(10)]
    lines = [line for line in read_lines(done.stdout) if line["logger"] in ("shop", "access")]
    assert [line["logger"] for line in lines] == ["shop", "access"] * 10
    assert all(
        shop["request_id"] == access["request_id"]
        for shop, access in zip(lines[::2], lines[1::2], strict=True)
    )
