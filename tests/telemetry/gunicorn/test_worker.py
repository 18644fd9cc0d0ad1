"""A worker's signals and its arbiter, in real processes."""

import os
from concurrent.futures import ThreadPoolExecutor
from signal import SIGINT, SIGKILL, SIGTERM

import pytest

from tests.support.polling import wait_until
from tests.support.processes import gunicorn, wait_for_workers
from tests.support.scenarios import scenarios

pytestmark = pytest.mark.e2e


def ctrl_c():
    """The terminal signals every process of the group, and the arbiter its workers again."""
    with ThreadPoolExecutor(4) as clients, gunicorn(WEB_CONCURRENCY=2) as server:
        server.wait_until_ready()
        slow = [clients.submit(server.get, "/slow?after=draining&seconds=1") for _ in range(4)]
        ports = [port for _, port in wait_for_workers(server, 2).values()]
        server.wait_until_serving(4, "/slow", ports=ports)
        os.killpg(server.process.pid, SIGINT)
        return [future.result().status for future in slow], server.exit_code()


@scenarios((ctrl_c,))
def test_signal_to_the_whole_group_is_one_request_to_stop(outcome):
    assert outcome == ([200] * 4, 0)


def orphaned():
    """The arbiter is killed under a worker that serves."""
    with ThreadPoolExecutor(1) as clients, gunicorn() as server:
        pid = server.wait_until_ready()["pid"]
        slow = clients.submit(server.get, "/slow?after=draining&seconds=1")
        server.wait_until_serving(1, "/slow")
        server.signal(SIGKILL)
        response = slow.result()
        server.wait_for_log("stopped")
        wait_until(lambda: not is_alive(pid), what="the exit of the worker")
        return (
            response.status,
            server.logged("draining")[0]["message"],
            server.logged("stopped")[0]["exit_code"],
        )


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@scenarios((orphaned,))
def test_worker_without_arbiter_drains(outcome):
    assert outcome == (200, "draining: the arbiter is gone", 0)


def signalled_early():
    """SIGTERM to each new worker as soon as it exists, long before it has loaded the app."""
    with gunicorn() as server:
        first = server.wait_until_ready()["pid"]
        pids = [first]
        for _ in range(3):
            os.kill(pids[-1], SIGTERM)
            successor = wait_until(
                lambda: next((pid for pid in server.workers if pid not in pids), None),
                what="a successor",
            )
            pids.append(successor)
        last = server.wait_until_ready()["pid"]
        server.signal(SIGTERM)
        return pids.index(last), server.exit_code()


@scenarios((signalled_early,))
def test_signal_before_the_worker_is_ready_is_not_lost(outcome):
    assert outcome == (3, 0)


def stuck():
    """A request holds the hub for longer than the worker's time-out."""
    with ThreadPoolExecutor(1) as clients, gunicorn("--timeout", "2") as server:
        pid = server.wait_until_ready()["pid"]
        response = clients.submit(server.get, "/block?seconds=60")
        server.wait_for_worker_exit(pid)
        successor = server.wait_until_ready()
        server.signal(SIGTERM)
        (line,) = server.logged("hub blocked")
        return (
            response.result().status,
            (line["level"], "ends" in line["stack"], bool(line["request_id"])),
            f"Worker (pid:{pid}) exited with code 1." in server.text,
            successor["slot"],
            server.exit_code(),
        )


@scenarios((stuck,))
def test_worker_whose_hub_is_stuck_logs_its_stack_and_exits(outcome):
    assert outcome == ("reset", ("CRITICAL", True, True), True, 0, 0)
