"""Slots and management sockets over kills, reloads and changes of the number of workers."""

import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from signal import SIGHUP, SIGKILL, SIGTERM, SIGTTIN, SIGTTOU

import pytest

from tests.support.polling import wait_until
from tests.support.ports import free_ports
from tests.support.processes import gunicorn, wait_for_workers
from tests.support.scenarios import scenarios

pytestmark = pytest.mark.e2e


def killed():
    """One of two workers is killed."""
    with gunicorn(WEB_CONCURRENCY=2) as server:
        server.wait_until_ready()
        before = wait_for_workers(server, 2)
        victim = before[0][0]
        os.kill(victim, SIGKILL)
        after = wait_for_workers(server, 2, but=[victim])
        server.signal(SIGTERM)
        return before, after, server.exit_code()


@scenarios((killed,))
def test_successor_of_a_killed_worker_takes_its_slot_and_port(outcome):
    before, after, code = outcome

    assert list(before) == list(after) == [0, 1]
    assert before[0][0] != after[0][0]
    assert (before[0][1], before[1]) == (after[0][1], after[1]), (
        "the port of the one, and the other whole, are as before"
    )
    assert code == 0, "a worker that was killed before the end has a successor: no failure"


def reloaded():
    """A reload while a request is in flight and others keep coming."""
    with ThreadPoolExecutor(2) as clients, gunicorn(WEB_CONCURRENCY=2) as server:
        server.wait_until_ready()
        before = wait_for_workers(server, 2)
        slow = clients.submit(server.get, "/slow?after=draining&seconds=1")
        server.wait_until_serving(1, "/slow", ports=[port for _, port in before.values()])
        server.signal(SIGHUP)
        statuses = set()
        pids = [pid for pid, _ in before.values()]

        def old_workers_are_gone():
            statuses.add(server.get("/who").status)
            return not set(pids) & set(server.workers)

        wait_until(old_workers_are_gone, what="the exit of the old workers")
        after = wait_for_workers(server, 2)
        server.signal(SIGTERM)
        return before, after, slow.result().status, statuses, server.exit_code()


@scenarios((reloaded,))
def test_reload_keeps_slots_and_ports_and_loses_no_request(outcome):
    before, after, slow, statuses, code = outcome

    assert list(before) == list(after) == [0, 1]
    assert [port for _, port in before.values()] == [port for _, port in after.values()]
    assert not {pid for pid, _ in before.values()} & {pid for pid, _ in after.values()}
    assert (slow, statuses, code) == (200, {200}, 0)


def stopped_while_reloading():
    """SIGTERM while the arbiter waits for a request of the old worker."""
    with ThreadPoolExecutor(1) as clients, gunicorn() as server:
        old = server.wait_until_ready()["pid"]
        slow = clients.submit(server.get, "/slow?seconds=15")
        server.wait_until_serving(1, "/slow")
        server.signal(SIGHUP)
        new = wait_until(
            lambda: next((pid for pid in server.workers if pid != old), None),
            what="the new worker",
        )
        server.wait_for_log("draining")
        signalled_at = time.monotonic()
        server.signal(SIGTERM)
        server.wait_for_worker_exit(new)
        seconds = time.monotonic() - signalled_at
        return slow.result().status, slow.result().at - signalled_at > seconds, server.exit_code()


@scenarios((stopped_while_reloading,))
def test_stop_does_not_wait_for_the_end_of_a_reload(outcome):
    assert outcome == (200, True, 0)


def outgrown():
    """A second worker, whose management port another process has."""
    base, second = free_ports(2)
    with (
        socket.socket() as other,
        gunicorn(WEB_CONCURRENCY=1, TELEMETRY_MANAGEMENT_PORT=base) as server,
    ):
        server.wait_until_ready()
        other.bind(("127.0.0.1", second))
        other.listen()
        server.signal(SIGTTIN)
        ports = wait_for_workers(server, 2)
        server.signal(SIGTERM)
        return (
            [base, second],
            {slot: port for slot, (_, port) in ports.items()},
            f"slot 1 listens on port {ports[1][1]} instead" in server.text,
        )


@scenarios((outgrown,))
def test_later_worker_without_its_port_still_serves(outcome):
    wanted, ports, logged = outcome

    assert ports[0] == wanted[0]
    assert ports[1] != wanted[1]
    assert logged


def shrunk():
    """One worker fewer is wanted, while both are busy for longer than the arbiter's interval."""
    with ThreadPoolExecutor(8) as clients, gunicorn(WEB_CONCURRENCY=2) as server:
        server.wait_until_ready()
        ports = [port for _, port in wait_for_workers(server, 2).values()]
        slow = [clients.submit(server.get, "/slow?seconds=12") for _ in range(8)]
        server.wait_until_serving(8, "/slow", ports=ports)
        server.signal(SIGTTOU)
        wait_until(lambda: len(server.workers) == 1, what="the exit of one worker")
        statuses = [future.result().status for future in slow]
        server.signal(SIGTERM)
        return statuses, server.logged("request cut"), server.exit_code()


@scenarios((shrunk,))
def test_surplus_worker_is_signalled_once(outcome):
    """It is signalled every second, and a second signal would force it."""
    assert outcome == ([200] * 8, [], 0)
