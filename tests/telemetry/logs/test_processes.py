"""Lines from places where a process is hardly one: signals, threads, forks, and its end."""

import subprocess
import sys

import pytest

from tests.telemetry.logs.strict_json import read_lines

HEAD = """
from gevent import monkey; monkey.patch_all()
import logging, os, signal, sys, threading, time, gevent
from gevent.threadpool import ThreadPool
from telemetry.config import TelemetryConfig
from telemetry.guard import Guard
from telemetry.logs import Logs
from telemetry.metrics import Metrics
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
        [sys.executable, "-c", HEAD + script], capture_output=True, timeout=60, check=False
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
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[0]) == (7, "quiet")
