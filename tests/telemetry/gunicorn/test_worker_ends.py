"""The end of a worker is quiet, whatever ends it: log lines in JSON and nothing else."""

import os
from signal import SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR2

import pytest

from tests.support.polling import wait_until
from tests.support.processes import gunicorn
from tests.support.scenarios import scenarios

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

ENDS = 6
LINGERING = "tests.telemetry.server.apps.lingering:app"


def ended_workers(number, target):
    """Signal one worker after the other, or the arbiter that replaces them."""
    with gunicorn(DRAIN_DELAY_SECONDS=0) as server:
        ended = []
        for _ in range(ENDS):
            pid = server.wait_until_ready()["pid"]
            ended.append(pid)
            os.kill(pid if target == "worker" else server.process.pid, number)
            server.wait_for_worker_exit(pid)
        server.wait_until_ready()
        server.signal(SIGTERM)
        return len(set(ended)), server.exit_code(), other_lines(server)


def other_lines(server):
    """The output that is no line of JSON, and the lines with an exception."""
    return [line for line in server.text.splitlines() if not line.startswith("{")] + [
        line for line in server.lines if "exception" in line
    ]


@scenarios(
    (ended_workers, SIGTERM, "worker"),
    (ended_workers, SIGINT, "worker"),
    (ended_workers, SIGUSR2, "worker"),
    (ended_workers, SIGHUP, "arbiter"),
)
def test_worker_ends_without_a_traceback(outcome):
    assert outcome == (ENDS, 0, [])


def used_up():
    """Workers that end after a few requests each."""
    with gunicorn("--max-requests", "3", DRAIN_DELAY_SECONDS=0) as server:
        pids = set()

        def enough():
            response = server.get("/who")
            if response.status == 200:
                pids.add(response.json["pid"])
            return len(pids) > ENDS // 4

        wait_until(enough, what="the workers")
        server.signal(SIGTERM)
        return server.exit_code(), other_lines(server)


@scenarios((used_up,))
def test_worker_that_is_used_up_ends_without_a_traceback(outcome):
    assert outcome == (0, [])


def ended_arbiters(number):
    """The whole of two workers, again and again."""
    found = []
    for _ in range(ENDS // 2):
        with gunicorn(DRAIN_DELAY_SECONDS=0, WEB_CONCURRENCY=2) as server:
            server.wait_until_ready()
            server.signal(number)
            found.append((server.exit_code(), other_lines(server)))
    return found


@scenarios(*[(ended_arbiters, number) for number in (SIGTERM, SIGINT)])
def test_arbiter_ends_without_a_traceback(outcome):
    assert outcome == [(0, [])] * (ENDS // 2)


def forced():
    """A request of ten minutes, cut at once by SIGQUIT."""
    with gunicorn() as server:
        pid = server.wait_until_ready()["pid"]
        os.kill(pid, SIGQUIT)
        server.wait_for_worker_exit(pid)
        server.wait_until_ready()
        server.signal(SIGTERM)
        return server.exit_code(), other_lines(server)


@scenarios((forced,))
def test_worker_that_is_forced_ends_without_a_traceback(outcome):
    assert outcome == (0, [])


def lingering():
    """A process whose hub still turns when the arbiter's code has closed the worker's files."""
    with gunicorn(app=LINGERING, DRAIN_DELAY_SECONDS=0) as server:
        server.wait_until_ready()
        server.signal(SIGTERM)
        return server.exit_code(), other_lines(server)


@scenarios((lingering,))
def test_hub_that_turns_during_the_exit_leaves_no_traceback(outcome):
    assert outcome == (0, [])
