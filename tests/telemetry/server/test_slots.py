"""Slots and management sockets over kills and reloads, and what is said when something cannot
start.
"""

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from signal import SIGHUP, SIGKILL, SIGTERM, SIGTTIN, SIGTTOU

import pytest

from tests.machine import PATIENCE_SECONDS
from tests.telemetry.server.conftest import scenarios
from tests.telemetry.server.processes import ROOT, fleet, free_port, gunicorn, until

pytestmark = pytest.mark.e2e


def killed():
    """One of two workers is killed."""
    with gunicorn(WEB_CONCURRENCY=2) as server:
        server.ready()
        before = fleet(server, 2)
        victim = before[0][0]
        os.kill(victim, SIGKILL)
        after = fleet(server, 2, but=[victim])
        server.signal(SIGTERM)
        return before, after, server.exit_code()


@scenarios((killed,))
def test_the_successor_of_a_killed_worker_takes_its_slot_and_port(outcome):
    before, after, code = outcome

    assert list(before) == list(after) == [0, 1]
    assert before[0][0] != after[0][0]
    assert (before[0][1], before[1]) == (after[0][1], after[1]), (
        "the port of the one, and the other whole, are as before"
    )
    assert code == 0, (
        "who died in the middle of its life has a successor: that is no failure of the end"
    )


def reloaded():
    """A reload while a request is in flight and others keep coming."""
    with ThreadPoolExecutor(2) as clients, gunicorn(WEB_CONCURRENCY=2) as server:
        server.ready()
        before = fleet(server, 2)
        slow = clients.submit(server.get, "/slow?after=draining&seconds=1")
        server.serves(1, "/slow", ports=[port for _, port in before.values()])
        server.signal(SIGHUP)
        statuses = set()
        pids = [pid for pid, _ in before.values()]

        def old_are_gone():
            statuses.add(server.get("/who").status)
            return not set(pids) & set(server.workers)

        until(old_are_gone, "the end of the old workers")
        after = fleet(server, 2)
        server.signal(SIGTERM)
        return before, after, slow.result().status, statuses, server.exit_code()


@scenarios((reloaded,))
def test_a_reload_keeps_slots_and_ports_and_loses_no_request(outcome):
    before, after, slow, statuses, code = outcome

    assert list(before) == list(after) == [0, 1]
    assert [port for _, port in before.values()] == [port for _, port in after.values()]
    assert not {pid for pid, _ in before.values()} & {pid for pid, _ in after.values()}
    assert (slow, statuses, code) == (200, {200}, 0)


def stopped_while_reloading():
    """SIGTERM while the arbiter waits for a request of the old worker."""
    with ThreadPoolExecutor(1) as clients, gunicorn() as server:
        old = server.ready()["pid"]
        slow = clients.submit(server.get, "/slow?seconds=15")
        server.serves(1, "/slow")
        server.signal(SIGHUP)
        new = until(
            lambda: next((pid for pid in server.workers if pid != old), None), "the new worker"
        )
        until(lambda: server.said("draining"), "the drain of the old worker")
        told_at = time.monotonic()
        server.signal(SIGTERM)
        until(lambda: new not in server.workers, "the end of the new worker")
        seconds = time.monotonic() - told_at
        return slow.result().status, slow.result().at - told_at > seconds, server.exit_code()


@scenarios((stopped_while_reloading,))
def test_a_stop_does_not_wait_for_the_end_of_a_reload(outcome):
    assert outcome == (200, True, 0)


def outgrown():
    """A second worker, whose management port somebody else has."""
    base = free_port()
    with (
        socket.socket() as other,
        gunicorn(WEB_CONCURRENCY=1, TELEMETRY_MANAGEMENT_PORT=base) as server,
    ):
        server.ready()
        other.bind(("127.0.0.1", base + 1))
        other.listen()
        server.signal(SIGTTIN)
        ports = fleet(server, 2)
        server.signal(SIGTERM)
        return (
            base,
            {slot: port for slot, (_, port) in ports.items()},
            f"slot 1 listens on port {ports[1][1]} instead" in server.text,
        )


@scenarios((outgrown,))
def test_a_later_worker_without_its_port_serves_all_the_same(outcome):
    base, ports, said = outcome

    assert ports[0] == base
    assert ports[1] != base + 1
    assert said


def shrunk():
    """One worker fewer is wanted, while both are busy for longer than the arbiter waits between two
    looks.
    """
    with ThreadPoolExecutor(8) as clients, gunicorn(WEB_CONCURRENCY=2) as server:
        server.ready()
        ports = [port for _, port in fleet(server, 2).values()]
        slow = [clients.submit(server.get, "/slow?seconds=12") for _ in range(8)]
        server.serves(8, "/slow", ports=ports)
        server.signal(SIGTTOU)
        until(lambda: len(server.workers) == 1, "the end of one worker")
        statuses = [future.result().status for future in slow]
        server.signal(SIGTERM)
        return statuses, server.said("request cut"), server.exit_code()


@scenarios((shrunk,))
def test_a_worker_too_many_is_told_once(outcome):
    """gunicorn tells it every second, and a second signal forces."""
    assert outcome == ([200] * 8, [], 0)


def run_gunicorn(*options, **environ):
    """gunicorn run to its end: exit code and output without gunicorn's own informational lines."""
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        "service/gunicorn_conf.py",
        *options,
        "tests.telemetry.server.apps.slow:app",
    ]
    settings = {
        "SERENE_PORT": free_port(),
        "TELEMETRY_MANAGEMENT_PORT": 0,
        "WEB_CONCURRENCY": 1,
        **environ,
    }
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **{name: str(value) for name, value in settings.items()}},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )
    return ended.returncode, [
        line
        for line in (ended.stdout + ended.stderr).splitlines()
        if line and '"level":"INFO"' not in line
    ]


def on_a_taken_port(setting):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        return port, *run_gunicorn(**{setting: port})


@scenarios((on_a_taken_port, "TELEMETRY_MANAGEMENT_PORT"))
def test_a_taken_management_port_is_one_line(outcome):
    port, code, lines = outcome

    text = f"management of slot 0 cannot listen on 127.0.0.1:{port}: Address already in use; set TELEMETRY_MANAGEMENT_PORT to a free one"
    assert (code, lines) == (1, [text])


@scenarios((on_a_taken_port, "SERENE_PORT"))
def test_a_taken_port_is_one_line(outcome):
    port, code, lines = outcome

    assert (code, lines) == (
        1,
        [
            f"the service cannot listen on 127.0.0.1:{port}: Address already in use; set bind to a free one"
        ],
    )


def with_a_bad_setting(name, value):
    return run_gunicorn(**{name: value})


@scenarios(
    (with_a_bad_setting, "SERENE_PORT", "many"), (with_a_bad_setting, "DRAIN_TIMEOUT_SECONDS", "-1")
)
def test_a_bad_setting_is_one_line(outcome):
    code, (line,) = outcome

    assert code == 1
    assert line.startswith(("SERENE_PORT='many': ", "DRAIN_TIMEOUT_SECONDS='-1': "))


@scenarios((run_gunicorn, "--preload"))
def test_an_app_that_would_be_imported_unpatched_is_refused(outcome):
    text = "preload_app is not possible: the app must be imported after the worker has been monkey-patched"
    assert outcome == (1, [text])


@scenarios((run_gunicorn, "--check-config"))
def test_the_configuration_can_be_checked(outcome):
    assert outcome == (0, [])


IMPORTS = """
import sys
import telemetry.gunicorn.hooks, telemetry.gunicorn.worker
print(sorted({name.split(".")[0] for name in sys.modules} & {"flask", "pymongo", "opentelemetry", "requests", "urllib3"}))
"""


def test_the_arbiter_imports_nothing_that_must_be_patched_first():
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

    assert (ended.stdout, ended.stderr) == ("[]\n", "")
